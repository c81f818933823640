//! The spool: what went in, what came out, what waits.
#![allow(clippy::disallowed_macros)] // telemetry::meter is where the raw macros may stand

use metrics::{counter, gauge};

/// What is looked at when metrics are read, not when it happens.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpoolSampled {
    /// Events waiting.
    pub events: usize,
    /// Bytes held.
    pub bytes: u64,
    /// Age of the oldest event in seconds of store time.
    pub oldest_s: u64,
    /// Everything is spooled without asking the store.
    pub store_away: bool,
}

/// Sets the sampled gauges.
pub fn spool_sampled(now: SpoolSampled) {
    gauge!("hotline_spool_events").set(now.events as f64);
    gauge!("hotline_spool_bytes").set(now.bytes as f64);
    gauge!("hotline_spool_oldest_seconds").set(now.oldest_s as f64);
    gauge!("hotline_spool_store_away").set(f64::from(u8::from(now.store_away)));
}

/// Events were kept.
pub fn spooled(events: usize) {
    counter!("hotline_spool_events_total").increment(events as u64);
}

/// Events were delivered and removed.
pub fn spool_drained(events: usize) {
    counter!("hotline_spool_drained_total").increment(events as u64);
}

/// Neither the store nor the spool took a request's events of one conversation.
pub fn spool_refused() {
    counter!("hotline_spool_refused_total").increment(1);
}

/// A delivery from the spool was refused or took too long.
pub fn spool_drain_failed() {
    counter!("hotline_spool_drain_failures_total").increment(1);
}
