//! What becomes of texts: routes, intents, the assistant, handoffs, flows.

use super::Kind::{Counter, Histogram};
use super::Metric;
use super::table::{CHANNEL, RATIO, metric};

/// In the order of `docs/metrics.md`.
pub(super) const METRICS: &[Metric] = &[
    metric!(
        "hotline_routed_total",
        Counter,
        [
            CHANNEL,
            (
                "handler",
                &[
                    "nobody", "auto", "flow", "ai", "human", "ticket", "fallback"
                ]
            )
        ],
        "Texts by who took them; what the assistant makes of its share is told by hotline_assisted_total."
    ),
    metric!(
        "hotline_intents_total",
        Counter,
        [CHANNEL, ("intent", &[])],
        "Texts by what the customer wants; unknown when that is not sure."
    ),
    metric!(
        "hotline_intent_confidence_ratio",
        Histogram(RATIO),
        [],
        "How sure the intent stage was."
    ),
    metric!(
        "hotline_assisted_total",
        Counter,
        [
            CHANNEL,
            (
                "outcome",
                &[
                    "answered",
                    "unsure",
                    "expired",
                    "dropped",
                    "timeout",
                    "server",
                    "throttled",
                    "malformed",
                    "breaker_open",
                    "budget",
                    "full",
                    "died"
                ]
            )
        ],
        "Questions to the assistant that came to their end, by how; all but answered, expired and dropped go to a person."
    ),
    metric!(
        "hotline_handoffs_total",
        Counter,
        [
            CHANNEL,
            (
                "reason",
                &["complaint", "complex_query", "ai_failed", "user_request"]
            ),
            ("to", &["line", "ticket"])
        ],
        "Conversations given to people, by reason; to the waiting line or, when nobody is there, as a ticket."
    ),
    metric!(
        "hotline_handoffs_ended_total",
        Counter,
        [
            CHANNEL,
            ("why", &["customer", "resolved", "time", "unreachable"])
        ],
        "Conversations that came back to the automation, by how."
    ),
    metric!(
        "hotline_flows_begun_total",
        Counter,
        [CHANNEL, ("flow", &[])],
        "Guided dialogues begun."
    ),
    metric!(
        "hotline_flows_ended_total",
        Counter,
        [
            CHANNEL,
            ("flow", &[]),
            (
                "how",
                &[
                    "complete",
                    "cancelled",
                    "switched",
                    "handoff",
                    "timeout",
                    "gone",
                    "unreachable"
                ]
            )
        ],
        "Guided dialogues that came to their end, by how."
    ),
    metric!(
        "hotline_flow_calls_total",
        Counter,
        [CHANNEL, ("connector", &[]), ("outcome", &[])],
        "Answers of other systems to flows, by outcome; failed is a time-out, a refusal or an open breaker."
    ),
];
