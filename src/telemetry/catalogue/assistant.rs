//! The assistant stage: calls to its server, what its answers are worth, what it costs.

use super::Kind::{Counter, Gauge, Histogram};
use super::Metric;
use super::table::{CHANNEL, RATIO, REPLY, metric};

/// In the order of `docs/metrics.md`.
pub(super) const METRICS: &[Metric] = &[
    metric!(
        "hotline_assistant_seconds",
        Histogram(REPLY),
        [],
        "From a question to its end, waiting for a place included."
    ),
    metric!(
        "hotline_assistant_confidence_ratio",
        Histogram(RATIO),
        [("by", &["knowledge", "model"])],
        "How sure drafted answers are; 0 is a gate."
    ),
    metric!(
        "hotline_assistant_confidence_part_ratio",
        Histogram(RATIO),
        [("part", &["self_report", "grounding", "logprob"])],
        "What the confidence of a model's answers was made of, where it could be had."
    ),
    metric!(
        "hotline_assistant_gates_total",
        Counter,
        [(
            "gate",
            &[
                "unfinished",
                "unanswerable",
                "needs_human",
                "unknown_source",
                "invented_number",
                "invented_link",
                "unknown_placeholder",
                "no_evidence"
            ]
        )],
        "Answers of a model that count for nothing, by why."
    ),
    metric!(
        "hotline_assistant_calls_total",
        Counter,
        [(
            "code",
            &[
                "ok",
                "throttled",
                "unauthorized",
                "refused",
                "server",
                "lost",
                "not_connected",
                "timeout"
            ]
        )],
        "Requests to the assistant's server by answer."
    ),
    metric!(
        "hotline_assistant_tokens_total",
        Counter,
        [CHANNEL, ("kind", &["prompt", "answer"])],
        "Tokens used, as the server tells, else reckoned."
    ),
    metric!(
        "hotline_assistant_budget_left_tokens",
        Gauge,
        [CHANNEL],
        "Tokens left today (UTC+8) as this node knows; only with a budget and after the first question of the day."
    ),
    metric!(
        "hotline_assistant_breaker_open",
        Gauge,
        [],
        "1 while the assistant's server is not asked because it kept failing."
    ),
    metric!(
        "hotline_assistant_in_flight",
        Gauge,
        [],
        "Questions being worked on."
    ),
    metric!(
        "hotline_assistant_waiting",
        Gauge,
        [],
        "Questions that wait for a place."
    ),
];
