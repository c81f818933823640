//! `hotline serve`: the production server.

use super::{DONE, FAULT, OUTSIDE, environment, print_faults};
use crate::app::{self, Running, Start, StartError};
use crate::config::settings::LogFormat;
use crate::telemetry::{catalogue, logging};
use std::path::Path;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) fn run(config: &Path) -> u8 {
    let prepared = match app::prepare(config, &environment) {
        Ok(prepared) => prepared,
        Err(faults) => {
            print_faults(&faults);
            return FAULT;
        }
    };
    let log = &prepared.settings.logging;
    let level = format!("{},actix_server=warn", log.level.as_str());
    logging::start(&level, format(log.format), false);
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
        let Ok(signals) = Signals::listen() else {
            tracing::error!("signals cannot be received");
            return OUTSIDE;
        };
        match app::start(Start { prepared, metrics }).await {
            Ok(running) => until_told(running, signals).await,
            Err(error) => {
                tracing::error!(error = %error, "hotline did not start");
                match error {
                    StartError::Channel(_) | StartError::Archive(_) | StartError::Assistant(_) => {
                        FAULT
                    }
                    StartError::Listen { .. } | StartError::Store(_) | StartError::Redis(_) => {
                        OUTSIDE
                    }
                }
            }
        }
    })
}

/// The signals a server listens to. Taken before the start, so that none finds nobody at home.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// SIGTERM or SIGINT.
    async fn leave(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves until SIGTERM or SIGINT; reloads on SIGHUP; a second SIGTERM ends at once.
pub(super) async fn until_told(running: Running, mut signals: Signals) -> u8 {
    loop {
        tokio::select! {
            _ = signals.terminate.recv() => break,
            _ = signals.interrupt.recv() => break,
            _ = signals.hangup.recv() => running.reload_off_loop().await,
        }
    }
    tokio::select! {
        () = running.drain() => {}
        () = signals.leave() => {
            tracing::warn!("told twice to leave: what is in flight is owed at the next start");
        }
    }
    DONE
}

fn format(configured: LogFormat) -> logging::Format {
    match configured {
        LogFormat::Auto => logging::Format::Auto,
        LogFormat::Json => logging::Format::Json,
        LogFormat::Text => logging::Format::Text,
    }
}
