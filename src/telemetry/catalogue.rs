//! Every metric: name, kind, help, labels with their allowed values, buckets.
//!
//! From this table come the descriptions, the zeros at start (a ratio must not be empty until the
//! first error), `docs/metrics.md`, and the test that what is rendered is what is declared.

mod assistant;
mod connectors;
mod conversations;
mod house;
mod line;
mod table;
mod talk;

pub use table::{CATALOGUE, FAST, REPLY, SIZE};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts per bucket; the upper edges.
    Histogram(&'static [f64]),
}

/// A label and the values it may take; no values: the operator's channel ids (at most 64).
pub type Label = (&'static str, &'static [&'static str]);

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Full Prometheus name, with unit and `_total`.
    pub name: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// One sentence.
    pub help: &'static str,
    /// Its labels.
    pub labels: &'static [Label],
}

/// Installs the recorder: buckets, descriptions and zeros from the table. Once per process.
///
/// # Errors
/// When another recorder was installed before.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in CATALOGUE {
        if let Kind::Histogram(edges) = metric.kind {
            builder =
                builder.set_buckets_for_metric(Matcher::Full(metric.name.to_string()), edges)?;
        }
    }
    let handle = builder.install_recorder()?;
    super::meter::describe();
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_follow_the_rules() {
        let mut seen = HashSet::new();
        for metric in CATALOGUE {
            assert!(
                seen.insert(metric.name),
                "{} is declared twice",
                metric.name
            );
            assert!(metric.name.starts_with("hotline_"));
            assert_eq!(
                metric.kind == Kind::Counter,
                metric.name.ends_with("_total")
            );
            assert!(metric.help.ends_with('.'));
            // The exporter adds `_count` and the like only when the name does not end so already.
            for suffix in ["bucket", "sum", "count"] {
                assert!(
                    !metric.name.ends_with(suffix),
                    "{} loses a suffix",
                    metric.name
                );
            }
            assert!(metric.labels.len() <= 3);
        }
    }

    #[test]
    fn buckets_ascend() {
        for metric in CATALOGUE {
            if let Kind::Histogram(edges) = metric.kind {
                assert!(
                    edges.windows(2).all(|pair| pair[0] < pair[1]),
                    "{}",
                    metric.name
                );
            }
        }
    }
}
