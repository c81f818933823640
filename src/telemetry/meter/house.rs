//! The node itself: store, archive, housekeeping, config, readiness.
#![allow(clippy::disallowed_macros)] // telemetry::meter is where the raw macros may stand

use super::handles::{STORE_BATCH, STORE_COMMIT, STORE_CONFLICTS, STORE_SYNC};
use metrics::{counter, gauge, histogram};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is looked at when metrics are read, not when it happens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sampled {
    /// Sends begun and not ended.
    pub sends: usize,
    /// Answers held back for the way out.
    pub answers_held: usize,
    /// Answers that stand in line for another try.
    pub answers_resting: usize,
    /// Commits waiting for the disk.
    pub store_waiting: usize,
    /// Free bytes on the store's disk.
    pub disk_free: u64,
    /// Bytes of the store's files.
    pub store_bytes: u64,
    /// The node takes work.
    pub ready: bool,
    /// The node is leaving.
    pub draining: bool,
}

/// Sets the sampled gauges.
pub fn sampled(now: Sampled) {
    gauge!("hotline_line_api_in_flight").set(now.sends as f64);
    gauge!("hotline_line_answers_held").set(now.answers_held as f64);
    gauge!("hotline_line_answers_resting").set(now.answers_resting as f64);
    gauge!("hotline_store_waiting").set(now.store_waiting as f64);
    gauge!("hotline_store_disk_free_bytes").set(now.disk_free as f64);
    gauge!("hotline_store_bytes").set(now.store_bytes as f64);
    gauge!("hotline_ready").set(f64::from(u8::from(now.ready)));
    gauge!("hotline_draining").set(f64::from(u8::from(now.draining)));
}

/// This node's presence had lapsed when it gave its next sign.
pub fn presence_lapsed() {
    counter!("hotline_node_presence_lapsed_total").increment(1);
}

/// The housekeeper moved records to the archive.
pub fn archived(records: usize) {
    counter!("hotline_archive_records_total").increment(records as u64);
}

/// The housekeeper removed objects that were old enough from the archive.
pub fn archive_removed(objects: usize) {
    counter!("hotline_archive_removed_total").increment(objects as u64);
}

/// What the archive holds.
pub fn archive(objects: u64, bytes: u64) {
    gauge!("hotline_archive_objects").set(objects as f64);
    gauge!("hotline_archive_bytes").set(bytes as f64);
}

/// A round of the housekeeper ended.
pub fn housekeeping(is_done: bool) {
    let result = if is_done { "done" } else { "failed" };
    counter!("hotline_housekeeping_runs_total", "result" => result).increment(1);
    if is_done {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = now.unwrap_or_default().as_secs_f64();
        gauge!("hotline_housekeeping_last_done_timestamp_seconds").set(seconds);
    }
}

/// A batch of commits became durable.
pub fn store_batch(commits: usize, seconds: f64, sync_seconds: f64) {
    STORE_SYNC.record(sync_seconds);
    STORE_BATCH.record(commits as f64);
    STORE_COMMIT.record(seconds);
}

/// A pipeline of commits was answered by a shared store.
pub fn store_pipeline(commits: usize, seconds: f64) {
    STORE_BATCH.record(commits as f64);
    STORE_COMMIT.record(seconds);
}

/// A shared store told a commit that somebody else had committed.
pub fn store_conflict() {
    STORE_CONFLICTS.increment(1);
}

/// A commit to a shared store is sent again.
pub fn store_resent() {
    counter!("hotline_store_resends_total").increment(1);
}

/// The embedded store wrote a checkpoint.
pub fn store_checkpoint(seconds: f64) {
    histogram!("hotline_store_checkpoint_seconds").record(seconds);
}

/// A reload was applied or refused.
pub fn reloaded(applied: bool) {
    let result = if applied { "applied" } else { "refused" };
    counter!("hotline_config_reloads_total", "result" => result).increment(1);
}
