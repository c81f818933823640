//! The judgement: thresholds against measures, and whether the generator is to be believed.
//!
//! Law: a broken promise (lost, doubled, out of order, billed) is a failure however busy the
//! generator was; everything else is judged only by a valid run.

use crate::figures::Figures;
use crate::scenario::{Limits, Measure, Percentile, Threshold};
use crate::units;
use hotline::simulator::ledger::Verdict as Ledger;

/// Counts taken from the journal beside the ledger's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Webhooks sent.
    pub sent: u64,
    /// Answered 503.
    pub refused: u64,
    /// Another status than 2xx and 503, or none.
    pub failed: u64,
}

/// What the generator itself used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Health {
    /// CPU seconds of this process, simulator included, while it was driving.
    pub cpu_seconds: f64,
    /// Seconds it was driving.
    pub wall_seconds: f64,
    /// Cores it may use.
    pub cores: usize,
}

impl Health {
    /// CPU used of what may be used.
    pub fn share(&self) -> f64 {
        let may = self.wall_seconds * self.cores as f64;
        if may > 0.0 {
            self.cpu_seconds / may
        } else {
            0.0
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every threshold holds.
    Pass,
    /// A threshold does not hold.
    Fail,
    /// The generator, not the server, was measured.
    Invalid,
}

impl End {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            End::Pass => 0,
            End::Fail => 1,
            End::Invalid => 2,
        }
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            End::Pass => "PASS",
            End::Fail => "FAIL",
            End::Invalid => "INVALID",
        }
    }
}

/// A threshold and what it met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// What must hold.
    pub threshold: Threshold,
    /// What was measured; not a number when nothing was.
    pub value: f64,
    /// Whether it holds.
    pub holds: bool,
}

/// Judges every threshold.
pub fn judge(
    thresholds: &[Threshold],
    figures: &Figures,
    ledger: &Ledger,
    counts: Counts,
) -> Vec<Judged> {
    let value = |measure: Measure| match measure {
        Measure::Lost => ledger.lost as f64,
        Measure::Doubled => ledger.doubled as f64,
        Measure::OutOfOrder => ledger.out_of_order as f64,
        Measure::Unconfirmed => ledger.unconfirmed as f64,
        Measure::Billed => ledger.billed as f64,
        Measure::Refused => counts.refused as f64,
        Measure::RefusedShare => counts.refused as f64 / counts.sent as f64,
        Measure::Failed => counts.failed as f64,
        Measure::Ack(percentile) => figures.ack.at(percentile).map_or(f64::NAN, |us| us as f64),
        Measure::Answer(percentile) => figures
            .answer
            .at(percentile)
            .map_or(f64::NAN, |us| us as f64),
    };
    thresholds
        .iter()
        .map(|threshold| {
            let value = value(threshold.measure);
            Judged {
                threshold: *threshold,
                value,
                holds: threshold.holds(value),
            }
        })
        .collect()
}

/// Why the run is not valid; empty when it is.
pub fn doubts(limits: Limits, figures: &Figures, health: Health) -> Vec<String> {
    let mut doubts = Vec::new();
    let lag = figures.lag.at(Percentile::P99).unwrap_or(0);
    let limit = u64::try_from(limits.lag_p99.as_micros()).unwrap_or(u64::MAX);
    if lag > limit {
        doubts.push(format!(
            "messages left late: schedule lag p99 is {}, allowed are {}",
            units::spoken(lag),
            units::spoken(limit)
        ));
    }
    if health.share() > limits.cpu_share {
        doubts.push(format!(
            "the generator used {:.0} % of its {} core(s), allowed are {:.0} %",
            health.share() * 100.0,
            health.cores,
            limits.cpu_share * 100.0
        ));
    }
    if figures.unsent > 0 {
        doubts.push(format!("{} messages were never sent", figures.unsent));
    }
    doubts
}

/// How the run ended.
pub fn end(judged: &[Judged], doubts: &[String]) -> End {
    let broken = |one: &&Judged| !one.holds;
    if judged
        .iter()
        .filter(broken)
        .any(|one| one.threshold.measure.is_truth())
    {
        End::Fail
    } else if !doubts.is_empty() {
        End::Invalid
    } else if judged.iter().any(|one| !one.holds) {
        End::Fail
    } else {
        End::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn judged(key: &str, holds: bool) -> Judged {
        let bound = if key.starts_with("ack") {
            "< 1s"
        } else {
            "== 0"
        };
        Judged {
            threshold: Threshold::parse(key, bound).expect("fine"),
            value: 0.0,
            holds,
        }
    }

    #[test]
    fn a_broken_promise_fails_even_an_invalid_run() {
        let doubt = ["busy".to_owned()];
        assert_eq!(end(&[judged("lost", false)], &doubt), End::Fail);
        assert_eq!(end(&[judged("ack_p99", false)], &doubt), End::Invalid);
        assert_eq!(end(&[judged("ack_p99", false)], &[]), End::Fail);
        assert_eq!(end(&[judged("lost", true)], &doubt), End::Invalid);
        assert_eq!(end(&[judged("lost", true)], &[]), End::Pass);
    }

    #[test]
    fn lag_and_cpu_make_a_run_invalid() {
        let limits = Limits {
            lag_p99: Duration::from_millis(5),
            cpu_share: 0.8,
        };
        let mut figures = Figures::default();
        let health = |cpu_seconds| Health {
            cpu_seconds,
            wall_seconds: 10.0,
            cores: 1,
        };
        assert!(doubts(limits, &figures, health(7.9)).is_empty());
        assert_eq!(doubts(limits, &figures, health(8.1)).len(), 1);
        for _ in 0..98 {
            figures.lag.add(100);
        }
        figures.lag.add(4_900);
        assert!(doubts(limits, &figures, health(1.0)).is_empty());
        figures.lag.add(9_000);
        figures.lag.add(9_000);
        assert_eq!(doubts(limits, &figures, health(1.0)).len(), 1);
        figures.unsent = 1;
        assert_eq!(doubts(limits, &figures, health(1.0)).len(), 2);
    }

    #[test]
    fn what_was_not_measured_holds_nothing() {
        let thresholds = [Threshold::parse("answer_p99", "< 1s").expect("fine")];
        let none = judge(
            &thresholds,
            &Figures::default(),
            &Ledger::default(),
            Counts::default(),
        );
        assert!(!none[0].holds);
    }
}
