//! Calls of guided dialogues to other systems, try by try.

use super::Kind::{Counter, Gauge, Histogram};
use super::Metric;
use super::table::{REPLY, metric};

/// In the order of `docs/metrics.md`.
pub(super) const METRICS: &[Metric] = &[
    metric!(
        "hotline_connector_tries_total",
        Counter,
        [
            ("service", &[]),
            (
                "result",
                &[
                    "answered",
                    "unfit",
                    "forbidden",
                    "breaker_open",
                    "full",
                    "connect",
                    "timeout",
                    "broken",
                    "sick",
                    "throttled",
                    "too_long",
                    "no_outcome"
                ]
            )
        ],
        "Tries of calls to other systems, by how they ended; unfit, forbidden, breaker_open and full were not sent."
    ),
    metric!(
        "hotline_connector_seconds",
        Histogram(REPLY),
        [("service", &[])],
        "How long a try took that was sent."
    ),
    metric!(
        "hotline_connector_breaker_open",
        Gauge,
        [("service", &[])],
        "1 while a service is left alone because its tries failed."
    ),
];
