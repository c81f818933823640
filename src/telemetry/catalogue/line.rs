//! Calls to LINE, and what holds them back.

use super::Kind::{Counter, Gauge, Histogram};
use super::Metric;
use super::table::{CHANNEL, REPLY, metric};

/// In the order of `docs/metrics.md`.
pub(super) const METRICS: &[Metric] = &[
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
                    "webhook",
                    "loading"
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
                "webhook",
                "loading"
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
        "hotline_line_answers_held",
        Gauge,
        [],
        "Conversations with an answer held back until the channel's way out has room."
    ),
    metric!(
        "hotline_line_answers_resting",
        Gauge,
        [],
        "Conversations in line for another try of what LINE did not take."
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
];
