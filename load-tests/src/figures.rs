//! What was measured: distributions and a line a second.
//!
//! Latencies count from the intended time (no coordinated omission) and leave warm-up out. A
//! message that got no answer is not in the distribution of answers: the ledger counts it.

use crate::drive::{Sent, Start};
use crate::scenario::{Percentile, Scenario};
use crate::schedule::Arrival;
use hdrhistogram::Histogram;

/// Longest latency told apart, microseconds: ten minutes.
const LONGEST: u64 = 600_000_000;

/// A distribution of microseconds, three digits exact.
#[derive(Clone, Debug)]
pub struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Latency {
        Latency(Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds are in range"))
    }
}

impl Latency {
    /// Adds one; longer than ten minutes counts as ten minutes.
    pub fn add(&mut self, us: u64) {
        self.0.saturating_record(us.max(1));
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The value at a percentile; `None` when nothing was measured.
    pub fn at(&self, percentile: Percentile) -> Option<u64> {
        (!self.0.is_empty()).then(|| match percentile {
            Percentile::Max => self.0.max(),
            other => self.0.value_at_quantile(other.quantile()),
        })
    }
}

/// One second of the run.
#[derive(Clone, Debug, Default)]
pub struct Second {
    /// Messages whose time it was.
    pub offered: u64,
    /// Of these, answered 2xx at the webhook.
    pub accepted: u64,
    /// Of these, answered 503.
    pub refused: u64,
    /// Answers LINE accepted within this second, to whatever message.
    pub answered: u64,
    /// Answer latency of the messages whose time it was.
    pub answer: Latency,
    /// Ack latency of the messages whose time it was.
    pub ack: Latency,
}

/// Everything measured.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Intended time → webhook answered 2xx.
    pub ack: Latency,
    /// Intended time → LINE accepted our answer.
    pub answer: Latency,
    /// Intended time → taken up by the generator, of all messages that had not to wait for another.
    pub lag: Latency,
    /// Messages that were never sent.
    pub unsent: u64,
    /// The run, second by second.
    pub seconds: Vec<Second>,
}

/// Measures a run.
pub fn measure(
    scenario: &Scenario,
    plan: &[Arrival],
    sent: &[Sent],
    answers: &[Option<u64>],
    start: Start,
) -> Figures {
    let mut figures = Figures::default();
    let seconds = |us: u64| usize::try_from(us / 1_000_000).unwrap_or(usize::MAX);
    let last = answers.iter().flatten().max().copied().unwrap_or(0);
    let until = last
        .saturating_sub(start.epoch_us)
        .max(plan.last().map_or(0, |arrival| arrival.at));
    figures
        .seconds
        .resize(seconds(until) + 1, Second::default());
    for ((arrival, sent), answer) in plan.iter().zip(sent).zip(answers) {
        if sent.event.is_empty() {
            figures.unsent += 1;
            continue;
        }
        let measured = scenario.phases[usize::from(arrival.phase)].measured;
        if let Some(lag) = sent.lag {
            figures.lag.add(lag);
        }
        let accepted = (200..300).contains(&sent.status);
        let at = &mut figures.seconds[seconds(arrival.at)];
        at.offered += 1;
        at.accepted += u64::from(accepted);
        at.refused += u64::from(sent.status == 503);
        if accepted {
            at.ack.add(sent.ack);
            if measured {
                figures.ack.add(sent.ack);
            }
        }
        let Some(answered_at) = answer else {
            continue;
        };
        let after = answered_at.saturating_sub(start.epoch_us);
        let latency = after.saturating_sub(arrival.at);
        at.answer.add(latency);
        if measured {
            figures.answer.add(latency);
        }
        figures.seconds[seconds(after)].answered += 1;
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{SHIPPED, read};
    use std::time::Instant;

    #[test]
    fn percentiles_are_those_of_the_values() {
        let mut latency = Latency::default();
        assert_eq!(latency.at(Percentile::P99), None);
        for value in 1..=1_000 {
            latency.add(value * 1_000);
        }
        let near = |percentile, wanted: u64| {
            let got = latency.at(percentile).expect("measured");
            assert!(got.abs_diff(wanted) <= wanted / 500, "{got} {wanted}");
        };
        near(Percentile::P50, 500_000);
        near(Percentile::P95, 950_000);
        near(Percentile::P99, 990_000);
        near(Percentile::Max, 1_000_000);
        latency.add(u64::MAX);
        assert!(latency.at(Percentile::Max).expect("measured") >= LONGEST);
    }

    #[test]
    fn latency_counts_from_the_intended_time_and_leaves_warm_up_out() {
        let (name, text) = SHIPPED[0];
        let scenario = read(name, name, text).expect("shipped");
        let arrival = |at, phase| Arrival {
            at,
            customer: 0,
            text: 0,
            phase,
        };
        let plan = [arrival(0, 0), arrival(2_000_000, 1)];
        let sent = |ack| Sent {
            event: "e".into(),
            lag: Some(100),
            ack,
            status: 200,
            nth: 0,
        };
        let start = Start {
            at: Instant::now(),
            epoch_us: 1_000_000,
        };
        let answers = [Some(1_500_000), Some(6_500_000)];
        let figures = measure(&scenario, &plan, &[sent(1), sent(70_000)], &answers, start);
        assert_eq!(figures.answer.count(), 1);
        let answer = figures.answer.at(Percentile::P50).expect("measured");
        // Meant for second 2, answered at 5.5.
        assert!(answer.abs_diff(3_500_000) < 7_000, "{answer}");
        assert_eq!(figures.lag.count(), 2);
        assert_eq!(figures.seconds.len(), 6);
        assert_eq!(figures.seconds[5].answered, 1);
        assert_eq!(figures.seconds[2].offered, 1);
    }

    #[test]
    fn unsent_messages_are_counted() {
        let (name, text) = SHIPPED[0];
        let scenario = read(name, name, text).expect("shipped");
        let plan = [Arrival {
            at: 0,
            customer: 0,
            text: 0,
            phase: 0,
        }];
        let start = Start {
            at: Instant::now(),
            epoch_us: 0,
        };
        let figures = measure(&scenario, &plan, &[Sent::default()], &[None], start);
        assert_eq!((figures.unsent, figures.ack.count()), (1, 0));
    }
}
