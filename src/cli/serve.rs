//! `hotline serve`: the production server.

use super::{DONE, FAULT, OUTSIDE, environment, print_faults};
use crate::app::{self, Running, Start, StartError};
use crate::config::settings::LogFormat;
use crate::telemetry::{catalogue, logging};
use std::path::Path;
use tokio::signal::unix::{SignalKind, signal};

pub(super) fn run(config: &Path) -> u8 {
    let prepared = match app::prepare(config, &environment) {
        Ok(prepared) => prepared,
        Err(faults) => {
            print_faults(&faults);
            return FAULT;
        }
    };
    let log = &prepared.settings.logging;
    logging::start(log.level.as_str(), format(log.format), false);
    for warning in &prepared.warnings {
        tracing::warn!(warning = %warning, "config");
    }
    let metrics = match catalogue::install() {
        Ok(handle) => Some(handle),
        Err(error) => {
            tracing::error!(error = %error, "metrics cannot be recorded");
            return OUTSIDE;
        }
    };
    actix_rt::System::new().block_on(async move {
        match app::start(Start { prepared, metrics }).await {
            Ok(running) => until_told(running).await,
            Err(error) => {
                tracing::error!(error = %error, "hotline did not start");
                match error {
                    StartError::NotYet(_) | StartError::Channel(_) => FAULT,
                    StartError::Listen { .. } | StartError::Store(_) => OUTSIDE,
                }
            }
        }
    })
}

/// Serves until SIGTERM or SIGINT; reloads on SIGHUP; a second SIGTERM ends at once.
pub(super) async fn until_told(running: Running) -> u8 {
    let signals = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    );
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = signals else {
        tracing::error!("signals cannot be received");
        return OUTSIDE;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => running.reload_off_loop().await,
        }
    }
    tokio::select! {
        () = running.drain() => DONE,
        _ = terminate.recv() => ended_early(),
        _ = interrupt.recv() => ended_early(),
    }
}

fn ended_early() -> u8 {
    tracing::warn!("told twice to leave: what is in flight is owed at the next start");
    DONE
}

fn format(configured: LogFormat) -> logging::Format {
    match configured {
        LogFormat::Auto => logging::Format::Auto,
        LogFormat::Json => logging::Format::Json,
        LogFormat::Text => logging::Format::Text,
    }
}
