//! The node itself: store, archive, housekeeping, config, readiness.

use super::Kind::{Counter, Gauge, Histogram};
use super::Metric;
use super::table::{FAST, SIZE, metric};

/// In the order of `docs/metrics.md`.
pub(super) const METRICS: &[Metric] = &[
    metric!(
        "hotline_store_commit_seconds",
        Histogram(FAST),
        [],
        "From sending a batch of commits to its answer: durable on the own disk, or as the shared store promises."
    ),
    metric!(
        "hotline_store_fsync_seconds",
        Histogram(FAST),
        [],
        "The part of a commit the disk took; nothing with a shared store."
    ),
    metric!(
        "hotline_store_batch_records",
        Histogram(SIZE),
        [],
        "Commits made durable together, or sent to the shared store in one go."
    ),
    metric!(
        "hotline_store_conflicts_total",
        Counter,
        [],
        "Commits the shared store refused because another had come first."
    ),
    metric!(
        "hotline_store_resends_total",
        Counter,
        [],
        "Commits sent to the shared store again: no answer, a failover, a server that said not now."
    ),
    metric!(
        "hotline_store_checkpoint_seconds",
        Histogram(FAST),
        [],
        "Checkpoints of the embedded store."
    ),
    metric!(
        "hotline_node_presence_lapsed_total",
        Counter,
        [],
        "Times this node gave no sign to the shared store for 4 s; others may have taken over its calls."
    ),
    metric!(
        "hotline_store_waiting",
        Gauge,
        [],
        "Commits waiting for the disk."
    ),
    metric!(
        "hotline_store_disk_free_bytes",
        Gauge,
        [],
        "Free bytes on the store's disk."
    ),
    metric!(
        "hotline_store_bytes",
        Gauge,
        [],
        "Bytes of the store's files, the archive not counted."
    ),
    metric!(
        "hotline_spool_events",
        Gauge,
        [],
        "Events on this node's disk that wait for the store."
    ),
    metric!(
        "hotline_spool_bytes",
        Gauge,
        [],
        "Bytes they are counted with; store.spool_max is the bound."
    ),
    metric!(
        "hotline_spool_oldest_seconds",
        Gauge,
        [],
        "Age of the oldest of them; 0 when none waits."
    ),
    metric!(
        "hotline_spool_store_away",
        Gauge,
        [],
        "1 while events are spooled without asking the store first."
    ),
    metric!(
        "hotline_spool_events_total",
        Counter,
        [],
        "Events that were spooled."
    ),
    metric!(
        "hotline_spool_drained_total",
        Counter,
        [],
        "Spooled events that the store has by now."
    ),
    metric!(
        "hotline_spool_refused_total",
        Counter,
        [],
        "Deliveries that neither the store nor the spool took: answered 503."
    ),
    metric!(
        "hotline_spool_drain_failures_total",
        Counter,
        [],
        "Tries to deliver from the spool that failed, to be repeated within seconds."
    ),
    metric!(
        "hotline_archive_bytes",
        Gauge,
        [],
        "Bytes of the archive's objects, marks among them, counted at the start and after each housekeeping."
    ),
    metric!(
        "hotline_archive_objects",
        Gauge,
        [],
        "Objects in the archive, counted with its bytes."
    ),
    metric!(
        "hotline_archive_records_total",
        Counter,
        [],
        "Records moved from the store to the archive."
    ),
    metric!(
        "hotline_archive_removed_total",
        Counter,
        [],
        "Objects removed from the archive because of privacy.keep_archive."
    ),
    metric!(
        "hotline_housekeeping_runs_total",
        Counter,
        [("result", &["done", "failed"])],
        "Rounds of the housekeeper."
    ),
    metric!(
        "hotline_housekeeping_last_done_timestamp_seconds",
        Gauge,
        [],
        "When a round of the housekeeper last ended well, Unix time; 0 before the first of this process."
    ),
    metric!(
        "hotline_config_reloads_total",
        Counter,
        [("result", &["applied", "refused"])],
        "Reloads of automation and knowledge."
    ),
    metric!(
        "hotline_build_info",
        Gauge,
        [("version", &[env!("CARGO_PKG_VERSION")])],
        "Always 1."
    ),
    metric!("hotline_ready", Gauge, [], "1 while the node takes work."),
    metric!(
        "hotline_draining",
        Gauge,
        [],
        "1 while the node finishes what is in flight before it leaves."
    ),
];
