//! What came in and what became of it: webhooks, events, answers, actors, stages.

use super::Kind::{Counter, Gauge, Histogram};
use super::Metric;
use super::table::{CHANNEL, FAST, REPLY, SIZE, metric};

/// In the order of `docs/metrics.md`.
pub(super) const METRICS: &[Metric] = &[
    metric!(
        "hotline_webhook_requests_total",
        Counter,
        [
            CHANNEL,
            (
                "outcome",
                &[
                    "accepted",
                    "spooled",
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
        "Events older than the watermark, or spooled for more than 20 minutes: recorded, not answered."
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
        "Automatic pushes asked for and not granted: by the hourly budget, the quota, or a store in trouble."
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
        [
            ("stage", &["intent", "assistant"]),
            ("reason", &["panic", "stalled"])
        ],
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
];
