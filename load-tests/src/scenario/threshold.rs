//! Thresholds: a measure, a relation, a bound. `lost = "== 0"`, `ack_p99 = "< 200ms"`.
//!
//! Refuses measures it does not know and bounds in the wrong unit.

use crate::units;
use std::fmt;

/// What can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Accepted by the server and never answered.
    Lost,
    /// Answered more than once.
    Doubled,
    /// Answers of one customer that came in another order than the messages.
    OutOfOrder,
    /// Sends of which the server cannot know whether LINE took them.
    Unconfirmed,
    /// Messages LINE bills.
    Billed,
    /// Messages answered with 503.
    Refused,
    /// Share of messages answered with 503.
    RefusedShare,
    /// Messages that got no answer or another status.
    Failed,
    /// Intended time → webhook answered, at this percentile.
    Ack(Percentile),
    /// Intended time → LINE accepted our answer, at this percentile.
    Answer(Percentile),
}

/// Which part of the distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Percentile {
    /// Half.
    P50,
    /// Ninety-five of a hundred.
    P95,
    /// Ninety-nine of a hundred.
    P99,
    /// 999 of a thousand.
    P999,
    /// All.
    Max,
}

impl Percentile {
    /// All of them with their names, the lowest first.
    pub const ALL: [(&'static str, Percentile); 5] = [
        ("p50", Percentile::P50),
        ("p95", Percentile::P95),
        ("p99", Percentile::P99),
        ("p999", Percentile::P999),
        ("max", Percentile::Max),
    ];

    /// As a part of one.
    pub fn quantile(self) -> f64 {
        match self {
            Percentile::P50 => 0.5,
            Percentile::P95 => 0.95,
            Percentile::P99 => 0.99,
            Percentile::P999 => 0.999,
            Percentile::Max => 1.0,
        }
    }
}

/// What a measure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A whole number.
    Count,
    /// 0 to 1.
    Share,
    /// Microseconds.
    Time,
}

/// How measure and bound must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `==`
    Equal,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// One thing that must hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Of what.
    pub measure: Measure,
    /// How.
    pub relation: Relation,
    /// Against what; times in microseconds.
    pub bound: f64,
}

const COUNTS: [(&str, Measure); 8] = [
    ("lost", Measure::Lost),
    ("doubled", Measure::Doubled),
    ("out_of_order", Measure::OutOfOrder),
    ("unconfirmed", Measure::Unconfirmed),
    ("billed", Measure::Billed),
    ("refused", Measure::Refused),
    ("refused_share", Measure::RefusedShare),
    ("failed", Measure::Failed),
];

impl Measure {
    /// Finds a measure by its key.
    pub fn named(key: &str) -> Option<Measure> {
        if let Some((_, measure)) = COUNTS.iter().find(|(name, _)| *name == key) {
            return Some(*measure);
        }
        let (of, percentile) = key.split_once('_')?;
        let (_, percentile) = Percentile::ALL
            .iter()
            .find(|(name, _)| *name == percentile)?;
        match of {
            "ack" => Some(Measure::Ack(*percentile)),
            "answer" => Some(Measure::Answer(*percentile)),
            _ => None,
        }
    }

    /// What it is counted in.
    pub fn unit(self) -> Unit {
        match self {
            Measure::RefusedShare => Unit::Share,
            Measure::Ack(_) | Measure::Answer(_) => Unit::Time,
            _ => Unit::Count,
        }
    }

    /// Whether a breach is a breach on any machine, however busy the generator was.
    pub fn is_truth(self) -> bool {
        matches!(
            self,
            Measure::Lost | Measure::Doubled | Measure::OutOfOrder | Measure::Billed
        )
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percentile = |wanted: Percentile| {
            let mut all = Percentile::ALL.iter();
            all.find(|(_, one)| *one == wanted)
                .map_or("", |(name, _)| name)
        };
        match self {
            Measure::Ack(p) => write!(f, "ack_{}", percentile(*p)),
            Measure::Answer(p) => write!(f, "answer_{}", percentile(*p)),
            other => {
                let found = COUNTS.iter().find(|(_, measure)| measure == other);
                f.write_str(found.map_or("", |(name, _)| name))
            }
        }
    }
}

impl Threshold {
    /// Reads `key = "relation bound"`.
    ///
    /// # Errors
    /// A sentence without the key: unknown measure, no relation, a bound in another unit.
    pub fn parse(key: &str, text: &str) -> Result<Threshold, String> {
        let measure = Measure::named(key).ok_or_else(|| {
            let counts: Vec<&str> = COUNTS.iter().map(|(name, _)| *name).collect();
            format!(
                "is not a measure; known are {}, and ack_ or answer_ with p50, p95, p99, p999 or max",
                counts.join(", ")
            )
        })?;
        let text = text.trim();
        let relations = [
            ("==", Relation::Equal),
            ("<=", Relation::AtMost),
            (">=", Relation::AtLeast),
            ("<", Relation::Below),
            (">", Relation::Above),
        ];
        let (relation, bound) = relations
            .iter()
            .find_map(|(sign, relation)| Some((*relation, text.strip_prefix(sign)?.trim())))
            .ok_or_else(|| format!("{text:?} does not begin with ==, <, <=, > or >="))?;
        let bound = match measure.unit() {
            Unit::Count => bound
                .parse::<u32>()
                .map(f64::from)
                .map_err(|_| format!("{bound:?} is not a whole number"))?,
            Unit::Share => units::share(bound)?,
            Unit::Time => units::duration(bound)?.as_secs_f64() * 1e6,
        };
        Ok(Threshold {
            measure,
            relation,
            bound,
        })
    }

    /// Whether a value keeps it. What is not a number keeps nothing.
    pub fn holds(&self, value: f64) -> bool {
        match self.relation {
            Relation::Equal => value == self.bound,
            Relation::Below => value < self.bound,
            Relation::AtMost => value <= self.bound,
            Relation::Above => value > self.bound,
            Relation::AtLeast => value >= self.bound,
        }
    }

    /// A value of this measure for people.
    pub fn spoken(&self, value: f64) -> String {
        match self.measure.unit() {
            _ if value.is_nan() => "nothing measured".to_owned(),
            Unit::Count => units::grouped(value as u64),
            Unit::Share => format!("{:.2} %", value * 100.0),
            Unit::Time => units::spoken(value as u64),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.relation {
            Relation::Equal => "=",
            Relation::Below => "<",
            Relation::AtMost => "≤",
            Relation::Above => ">",
            Relation::AtLeast => "≥",
        };
        write!(f, "{} {sign} {}", self.measure, self.spoken(self.bound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_measure_relation_and_bound() {
        let threshold = Threshold::parse("ack_p99", "< 200ms").expect("fine");
        assert_eq!(threshold.measure, Measure::Ack(Percentile::P99));
        assert!(threshold.holds(199_999.0));
        assert!(!threshold.holds(200_000.0));
        assert!(!threshold.holds(f64::NAN), "nothing measured keeps nothing");
        assert_eq!(threshold.to_string(), "ack_p99 < 200 ms");
        let share = Threshold::parse("refused_share", "<=1%").expect("fine");
        assert!(share.holds(0.01) && !share.holds(0.011));
    }

    #[test]
    fn every_measure_prints_the_key_it_is_read_by() {
        for (key, _) in COUNTS {
            assert_eq!(Measure::named(key).expect("known").to_string(), key);
        }
        for (name, _) in Percentile::ALL {
            let key = format!("answer_{name}");
            assert_eq!(Measure::named(&key).expect("known").to_string(), key);
        }
    }

    #[test]
    fn wrong_units_and_unknown_measures_are_refused() {
        for (key, text) in [
            ("speed", "< 1"),
            ("ack_p98", "< 1s"),
            ("ack_p99", "< 200"),
            ("lost", "0"),
            ("lost", "== none"),
            ("refused_share", "< 2"),
        ] {
            assert!(Threshold::parse(key, text).is_err(), "{key} {text}");
        }
    }
}
