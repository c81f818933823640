//! Scenarios are data: who writes how often, what LINE is like, what must hold.
//!
//! Law of this room: a [`Scenario`] that exists is within its bounds. Faults are collected, not
//! stopped at, and each names file and key.

mod read;
mod threshold;

pub use read::read;
pub use threshold::{Measure, Percentile, Threshold};

use std::time::Duration;

/// Most messages of one run: the schedule and the journal are kept in memory.
pub const MAX_MESSAGES: f64 = 5_000_000.0;

/// The scenarios that ship with the tool: name and text.
pub const SHIPPED: [(&str, &str); 2] = [
    ("smoke", include_str!("../../scenarios/smoke.toml")),
    (
        "campaign-burst",
        include_str!("../../scenarios/campaign-burst.toml"),
    ),
];

/// A run as planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// File stem or shipped name.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Seed of every chance.
    pub seed: u64,
    /// Multiplies rates and customers when the command line does not say otherwise.
    pub scale: f64,
    /// How arrivals are spread within the curve.
    pub arrivals: Arrivals,
    /// Customers who may write, before scaling.
    pub customers: usize,
    /// Who writes next.
    pub pick: Pick,
    /// How long after the last message the last answers may take.
    pub settle: Duration,
    /// The curve, in order.
    pub phases: Vec<Phase>,
    /// What LINE is like.
    pub line: Line,
    /// What the customers write.
    pub texts: Vec<Text>,
    /// Beyond these the run measures the generator instead of the server.
    pub limits: Limits,
    /// What must hold.
    pub thresholds: Vec<Threshold>,
}

/// How arrivals are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// By chance, as people who know nothing of each other.
    Poisson,
    /// Evenly.
    Uniform,
}

/// Who writes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Everyone once, in chance order, then everyone again.
    Each,
    /// Anyone.
    Uniform,
    /// Few write much, many write little (exponent 1).
    Zipf,
}

/// A stretch of the curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// For the report.
    pub name: String,
    /// How long.
    pub length: Duration,
    /// Messages a second at its begin, before scaling.
    pub from: f64,
    /// Messages a second at its end, before scaling.
    pub to: f64,
    /// The way between.
    pub shape: Shape,
    /// False: warm-up. Its messages count in the ledger, not in the latencies.
    pub measured: bool,
}

/// The way from one rate to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A straight line.
    Linear,
    /// A constant factor per second.
    Exponential,
}

/// What LINE is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Every call of LINE's API takes at least this long.
    pub latency: Duration,
    /// Multiplies LINE's rate limits; 1 is LINE (2,000 replies a second).
    pub rate_scale: f64,
}

/// A text and how often it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Relative.
    pub weight: u32,
    /// The words.
    pub text: String,
}

/// When the generator is no longer to be believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Ninety-nine of a hundred messages leave at most this much after their time.
    pub lag_p99: Duration,
    /// Share of the generator's cores it may use, simulator included.
    pub cpu_share: f64,
}

impl Scenario {
    /// The same scenario for another scale: rates and customers, not lengths and thresholds.
    pub fn scaled(mut self, scale: f64) -> Scenario {
        self.scale = scale;
        self.customers = ((self.customers as f64 * scale).round() as usize).max(1);
        for phase in &mut self.phases {
            phase.from *= scale;
            phase.to *= scale;
        }
        self
    }

    /// Messages the curve holds.
    pub fn messages(&self) -> f64 {
        self.phases.iter().map(Phase::messages).sum()
    }

    /// Length of the curve.
    pub fn length(&self) -> Duration {
        self.phases.iter().map(|phase| phase.length).sum()
    }

    /// The highest rate of the curve, messages a second.
    pub fn peak(&self) -> f64 {
        self.phases
            .iter()
            .fold(0.0, |peak, phase| peak.max(phase.from).max(phase.to))
    }
}

impl Phase {
    /// The area under the curve: how many messages.
    pub fn messages(&self) -> f64 {
        self.until(self.length.as_secs_f64())
    }

    /// Messages of the first `seconds`.
    fn until(&self, seconds: f64) -> f64 {
        let length = self.length.as_secs_f64();
        match self.decay() {
            None => {
                let slope = (self.to - self.from) / length;
                self.from * seconds + slope * seconds * seconds / 2.0
            }
            Some(decay) => self.from * ((decay * seconds).exp() - 1.0) / decay,
        }
    }

    /// The second at which `messages` have been sent: the inverse of the area.
    pub fn second_of(&self, messages: f64) -> f64 {
        let length = self.length.as_secs_f64();
        let second = match self.decay() {
            None => {
                let slope = (self.to - self.from) / length;
                // The stable root: no difference of nearly equal numbers when the slope is small.
                let root = (self.from * self.from + 2.0 * slope * messages).max(0.0);
                let below = self.from + root.sqrt();
                if below > 0.0 {
                    2.0 * messages / below
                } else {
                    0.0
                }
            }
            Some(decay) => (1.0 + messages * decay / self.from).max(0.0).ln() / decay,
        };
        second.clamp(0.0, length)
    }

    /// Growth a second of the exponential shape; `None` when the way is a straight line.
    fn decay(&self) -> Option<f64> {
        let ratio = self.to / self.from;
        let exponential = self.shape == Shape::Exponential && (ratio - 1.0).abs() > 1e-9;
        exponential.then(|| ratio.ln() / self.length.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(from: f64, to: f64, shape: Shape) -> Phase {
        Phase {
            name: String::new(),
            length: Duration::from_secs(60),
            from,
            to,
            shape,
            measured: true,
        }
    }

    #[test]
    fn shipped_scenarios_are_without_fault() {
        for (name, text) in SHIPPED {
            let scenario = read(name, name, text).expect("shipped");
            assert!(!scenario.thresholds.is_empty());
            assert!(scenario.messages() > 1_000.0, "{name}");
        }
    }

    #[test]
    fn the_campaign_is_a_hundred_thousand_messages_in_a_minute() {
        let (_, text) = SHIPPED[1];
        let scenario = read("campaign-burst", "campaign-burst", text).expect("shipped");
        let campaign = &scenario.phases[1];
        assert!((campaign.messages() - 100_000.0).abs() < 100.0);
        assert_eq!(campaign.length, Duration::from_secs(60));
    }

    #[test]
    fn the_area_and_its_inverse_agree() {
        for phase in [
            phase(0.0, 100.0, Shape::Linear),
            phase(100.0, 0.0, Shape::Linear),
            phase(50.0, 50.0, Shape::Linear),
            phase(50.0, 50.0, Shape::Exponential),
            phase(5_262.0, 262.0, Shape::Exponential),
        ] {
            for second in [0.0, 1.0, 17.5, 59.9, 60.0] {
                let back = phase.second_of(phase.until(second));
                assert!((back - second).abs() < 1e-4, "{phase:?} {second} {back}");
            }
        }
    }
}
