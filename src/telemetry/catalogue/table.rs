//! The table itself.

use super::Kind::{Counter, Gauge, Histogram};
use super::{Label, Metric};

/// Seconds, for what should be quick. LINE waits 2 s for a webhook.
pub const FAST: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0,
];
/// Seconds, for answers. A reply token lives 60 s.
pub const REPLY: &[f64] = &[
    0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 60.0, 120.0, 300.0,
];
/// Counts.
pub const SIZE: &[f64] = &[
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0,
];

const CHANNEL: Label = ("channel", &[]);

macro_rules! metric {
    ($name:literal, $kind:expr, [$($label:expr),*], $help:literal) => {
        Metric { name: $name, kind: $kind, help: $help, labels: &[$($label),*] }
    };
}

/// The catalogue.
pub const CATALOGUE: &[Metric] = &[
    metric!(
        "hotline_webhook_requests_total",
        Counter,
        [
            CHANNEL,
            (
                "outcome",
                &[
                    "accepted",
                    "rejected_signature",
                    "rejected_payload",
                    "rejected_overload",
                    "error"
                ]
            )
        ],
        "Webhook requests by how they were answered."
    ),
    metric!(
        "hotline_webhook_duration_seconds",
        Histogram(FAST),
        [],
        "From the last byte of a webhook to its answer; includes the commit."
    ),
    metric!(
        "hotline_webhook_in_flight",
        Gauge,
        [],
        "Webhook requests being worked on."
    ),
    metric!(
        "hotline_webhook_events_per_request",
        Histogram(SIZE),
        [],
        "Events in one webhook request."
    ),
    metric!(
        "hotline_events_total",
        Counter,
        [
            CHANNEL,
            (
                "type",
                &[
                    "message", "postback", "follow", "unfollow", "unsend", "join", "leave",
                    "other", "broken"
                ]
            )
        ],
        "Webhook events taken in, by LINE's type."
    ),
    metric!(
        "hotline_events_unaddressed_total",
        Counter,
        [CHANNEL],
        "Group events that were not addressed to the account: neither stored nor answered."
    ),
    metric!(
        "hotline_events_duplicate_total",
        Counter,
        [],
        "Events that had been applied before."
    ),
    metric!(
        "hotline_events_late_total",
        Counter,
        [],
        "Events older than the watermark: recorded, not answered."
    ),
    metric!(
        "hotline_events_quarantined_total",
        Counter,
        [],
        "Events kept raw because deciding on them failed twice."
    ),
    metric!(
        "hotline_auto_reply_total",
        Counter,
        [CHANNEL, ("result", &["hit", "miss"])],
        "Automatic answers decided: by a rule, or by the fallback."
    ),
    metric!(
        "hotline_deliveries_total",
        Counter,
        [
            CHANNEL,
            (
                "outcome",
                &[
                    "accepted",
                    "presumed",
                    "unconfirmed",
                    "failed",
                    "expired",
                    "withdrawn"
                ]
            )
        ],
        "Answers that came to their end, by how."
    ),
    metric!(
        "hotline_line_messages_total",
        Counter,
        [CHANNEL, ("method", &["reply", "push"])],
        "Calls that LINE accepted, free or billed."
    ),
    metric!(
        "hotline_answers_waiting_total",
        Counter,
        [CHANNEL],
        "Answers that began to wait for the customer's next free token."
    ),
    metric!(
        "hotline_first_response_seconds",
        Histogram(REPLY),
        [("handler", &["auto"])],
        "From the decision to LINE's acceptance of the answer."
    ),
    metric!(
        "hotline_pushes_refused_total",
        Counter,
        [CHANNEL],
        "Automatic pushes the hourly budget or the quota refused."
    ),
    metric!(
        "hotline_commit_conflicts_total",
        Counter,
        [],
        "Commits decided again because another writer was first."
    ),
    metric!(
        "hotline_takeovers_total",
        Counter,
        [],
        "Calls of a process that is gone, taken over."
    ),
    metric!(
        "hotline_recovered_conversations_total",
        Counter,
        [],
        "Conversations woken by the recovery after a start."
    ),
    metric!(
        "hotline_wakes_refused_total",
        Counter,
        [],
        "Wakes of conversations that were refused, to be tried again within seconds."
    ),
    metric!(
        "hotline_attempts_stale_total",
        Counter,
        [],
        "Outcomes of attempts that were no longer under way."
    ),
    metric!(
        "hotline_actors",
        Gauge,
        [("kind", &["conversation"])],
        "Actors alive."
    ),
    metric!(
        "hotline_actor_starts_total",
        Counter,
        [("kind", &["conversation"])],
        "Actors started."
    ),
    metric!(
        "hotline_actor_deaths_total",
        Counter,
        [("kind", &["conversation"])],
        "Actors that died of a panic and were healed from the store."
    ),
    metric!(
        "hotline_actor_passivations_total",
        Counter,
        [("kind", &["conversation"])],
        "Idle actors that left memory."
    ),
    metric!(
        "hotline_actor_parked_total",
        Counter,
        [],
        "Conversations left alone for a while because they cannot be read or woken."
    ),
    metric!(
        "hotline_mailbox_rejected_total",
        Counter,
        [("kind", &["conversation", "intent"])],
        "Messages a full mailbox refused."
    ),
    metric!(
        "hotline_stage_restarts_total",
        Counter,
        [("stage", &["intent"]), ("reason", &["panic", "stalled"])],
        "Stage workers their supervisor replaced."
    ),
    metric!(
        "hotline_stage_unanswered_total",
        Counter,
        [
            ("stage", &["intent"]),
            ("reason", &["panic", "timeout", "full"])
        ],
        "Questions a stage answered with 'unknown' because the worker did not."
    ),
    metric!(
        "hotline_line_api_requests_total",
        Counter,
        [
            CHANNEL,
            (
                "endpoint",
                &[
                    "reply",
                    "push",
                    "profile",
                    "quota",
                    "consumption",
                    "bot_info",
                    "token",
                    "rich_menu",
                    "webhook"
                ]
            ),
            (
                "code",
                &[
                    "ok",
                    "throttled",
                    "unauthorized",
                    "refused",
                    "server",
                    "lost",
                    "not_connected"
                ]
            )
        ],
        "Calls to LINE by endpoint and answer."
    ),
    metric!(
        "hotline_line_api_seconds",
        Histogram(REPLY),
        [(
            "endpoint",
            &[
                "reply",
                "push",
                "profile",
                "quota",
                "consumption",
                "bot_info",
                "token",
                "rich_menu",
                "webhook"
            ]
        )],
        "Time LINE took to answer."
    ),
    metric!(
        "hotline_line_api_in_flight",
        Gauge,
        [],
        "Sends begun and not ended."
    ),
    metric!(
        "hotline_line_breaker_open",
        Gauge,
        [CHANNEL],
        "1 while calls to LINE are held back because they kept failing."
    ),
    metric!(
        "hotline_line_quota_remaining_messages",
        Gauge,
        [CHANNEL],
        "Pushes left this month; -1 when unlimited or unknown."
    ),
    metric!(
        "hotline_store_commit_seconds",
        Histogram(FAST),
        [],
        "From submitting a commit's batch to its durability."
    ),
    metric!(
        "hotline_store_fsync_seconds",
        Histogram(FAST),
        [],
        "The part of a commit the disk took."
    ),
    metric!(
        "hotline_line_held_back_total",
        Counter,
        [
            CHANNEL,
            (
                "reason",
                &["breaker", "rate", "late", "busy", "token", "channel"]
            )
        ],
        "Sends that were not begun, by why."
    ),
    metric!(
        "hotline_store_batch_records",
        Histogram(SIZE),
        [],
        "Commits made durable together."
    ),
    metric!(
        "hotline_store_checkpoint_seconds",
        Histogram(FAST),
        [],
        "Checkpoints of the embedded store."
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
