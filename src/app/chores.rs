//! What a server does beside its work, and what it is told to do: quotas, samples, reload, backup.

use super::moving;
use crate::automation::Current;
use crate::config::Fault;
use crate::line::quota::Remaining;
use crate::line::sender::LineMessenger;
use crate::ports::store::Store;
use crate::server::internal::{Backup, Reload};
use crate::telemetry::meter;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::time::Duration;

/// How often LINE is asked what is left of the month's messages.
const QUOTA_EVERY: Duration = Duration::from_secs(600);

/// Folds recorded samples into their buckets. The recorder keeps every sample until this is done or
/// somebody reads `/metrics`: without it a server that nobody scrapes would grow for ever.
pub(super) fn keep_up(metrics: PrometheusHandle) {
    actix_rt::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tick.tick().await;
            metrics.run_upkeep();
        }
    });
}

/// Asks LINE now and then what is left of the month's messages, and tells the metrics.
pub(super) fn watch_quotas(messenger: LineMessenger) {
    let watching = messenger.clone();
    actix_rt::spawn(async move { watching.watch_quotas(QUOTA_EVERY).await });
    actix_rt::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        loop {
            tick.tick().await;
            for status in messenger.status() {
                let left = match status.remaining {
                    Remaining::Messages { left, .. } => Some(left),
                    Remaining::Unlimited | Remaining::Unknown => None,
                };
                meter::quota(&status.channel, left);
            }
        }
    });
}

/// Runs on a thread that may block.
pub(super) fn backup(store: Arc<dyn Store>) -> Backup {
    Arc::new(move |place| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let moved = runtime.block_on(moving::back_up(&*store, &place))?;
        tracing::info!(file = %place.display(), saved = %moved, "backup written");
        Ok(format!("saved: {moved}"))
    })
}

/// Reads automation and knowledge again, all or nothing.
pub(super) fn reload(automation: Arc<Current>) -> Reload {
    Arc::new(move || {
        let lines = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
        let env = |name: &str| std::env::var(name).ok();
        match automation.reload(&env) {
            Ok(warnings) => {
                meter::reloaded(true);
                tracing::info!(warnings = warnings.len(), "automation reloaded");
                Ok(lines(warnings))
            }
            Err(faults) => {
                meter::reloaded(false);
                let faults: Vec<Fault> = faults.into_iter().filter(Fault::is_fault).collect();
                for fault in &faults {
                    tracing::error!(fault = %fault, "reload refused, the old automation stays");
                }
                Err(lines(faults))
            }
        }
    })
}
