//! The schedule: when who writes what, fixed before the first message leaves.
//!
//! Open model: nobody waits for anybody's answer, so a slow server changes nothing here and
//! latencies count from these times. The number of messages is the area under the curve, exactly;
//! Poisson arrivals are as many points thrown under the curve, which is a Poisson process given
//! its count.

use crate::random::Random;
use crate::scenario::{Arrivals, Pick, Scenario, Text};

/// One message to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Microseconds after the start.
    pub at: u64,
    /// Who, from 0.
    pub customer: u32,
    /// Which of the scenario's texts.
    pub text: u16,
    /// Which phase.
    pub phase: u16,
}

/// Plans a run; the same scenario and seed give the same plan.
pub fn plan(scenario: &Scenario, seed: u64) -> Vec<Arrival> {
    let mut random = Random::new(seed);
    let times = times(scenario, &mut random);
    let mut people = People::new(scenario, Random::new(seed ^ 0x70656f706c65));
    let mut words = Words::new(&scenario.texts, Random::new(seed ^ 0x776f726473));
    times
        .into_iter()
        .map(|(at, phase)| Arrival {
            at,
            customer: people.next(),
            text: words.next(),
            phase,
        })
        .collect()
}

fn times(scenario: &Scenario, random: &mut Random) -> Vec<(u64, u16)> {
    let mut all = Vec::with_capacity(scenario.messages() as usize + 1);
    let mut before = 0.0;
    let mut owed = 0.0;
    for (place, phase) in scenario.phases.iter().enumerate() {
        let area = phase.messages();
        // What a phase rounds away the next one sends.
        owed += area;
        let count = owed.round();
        owed -= count;
        let mut points: Vec<f64> = (0..count as u64)
            .map(|nth| match scenario.arrivals {
                Arrivals::Uniform => (nth as f64 + 0.5) / count,
                Arrivals::Poisson => random.unit(),
            })
            .collect();
        points.sort_unstable_by(f64::total_cmp);
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        all.extend(points.into_iter().map(|point| {
            let second = before + phase.second_of(point * area);
            ((second * 1e6) as u64, place)
        }));
        before += phase.length.as_secs_f64();
    }
    all
}

/// Who writes next.
struct People {
    pick: Pick,
    random: Random,
    order: Vec<u32>,
    next: usize,
    /// Cumulated weights, for Zipf.
    weights: Vec<f64>,
}

impl People {
    fn new(scenario: &Scenario, mut random: Random) -> People {
        let customers = u32::try_from(scenario.customers).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..customers).collect();
        random.shuffle(&mut order);
        let mut sum = 0.0;
        let weights = match scenario.pick {
            Pick::Zipf => (1..=customers)
                .map(|rank| {
                    sum += 1.0 / f64::from(rank);
                    sum
                })
                .collect(),
            Pick::Each | Pick::Uniform => Vec::new(),
        };
        People {
            pick: scenario.pick,
            random,
            order,
            next: 0,
            weights,
        }
    }

    fn next(&mut self) -> u32 {
        let place = match self.pick {
            Pick::Each => {
                let place = self.next;
                self.next = (self.next + 1) % self.order.len();
                place
            }
            Pick::Uniform => self.random.below(self.order.len()),
            Pick::Zipf => {
                let sum = self.weights.last().copied().unwrap_or(1.0);
                let point = self.random.unit() * sum;
                let place = self.weights.partition_point(|upto| *upto <= point);
                place.min(self.order.len() - 1)
            }
        };
        self.order[place]
    }
}

/// What is written next.
struct Words {
    random: Random,
    /// Cumulated weights.
    upto: Vec<u64>,
}

impl Words {
    fn new(texts: &[Text], random: Random) -> Words {
        let mut sum = 0;
        let upto = texts.iter().map(|text| {
            sum += u64::from(text.weight);
            sum
        });
        Words {
            upto: upto.collect(),
            random,
        }
    }

    fn next(&mut self) -> u16 {
        let sum = self.upto.last().copied().unwrap_or(1);
        let point = (self.random.unit() * sum as f64) as u64;
        let place = self.upto.partition_point(|upto| *upto <= point);
        u16::try_from(place.min(self.upto.len() - 1)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{SHIPPED, read};

    fn shipped(place: usize) -> Scenario {
        let (name, text) = SHIPPED[place];
        read(name, name, text).expect("shipped")
    }

    #[test]
    fn a_seed_is_one_plan_and_another_seed_another() {
        let scenario = shipped(0);
        assert_eq!(plan(&scenario, 3), plan(&scenario, 3));
        assert_ne!(plan(&scenario, 3), plan(&scenario, 4));
    }

    #[test]
    fn times_rise_and_the_count_is_the_area() {
        for place in [0, 1] {
            let scenario = shipped(place).scaled(0.3);
            let plan = plan(&scenario, 9);
            assert!((plan.len() as f64 - scenario.messages()).abs() <= 1.0);
            assert!(plan.is_sorted_by_key(|arrival| arrival.at));
            let last = plan.last().expect("some").at;
            assert!(last <= scenario.length().as_micros() as u64);
        }
    }

    #[test]
    fn half_of_a_campaign_comes_in_its_first_quarter() {
        let mut scenario = shipped(1);
        scenario.phases.remove(0);
        let plan = plan(&scenario, 1);
        // 1 - e^(-15/20) = 0.528 of the whole, which ends at e^-3.
        let early = plan.iter().filter(|one| one.at < 15_000_000).count();
        let share = early as f64 / plan.len() as f64;
        assert!((share - 0.528 / 0.950).abs() < 0.01, "{share}");
    }

    #[test]
    fn each_means_everyone_once_before_anyone_twice() {
        let mut scenario = shipped(1).scaled(0.01);
        scenario.pick = Pick::Each;
        let mut seen = vec![0_u32; scenario.customers];
        for arrival in plan(&scenario, 2).iter().take(scenario.customers) {
            seen[arrival.customer as usize] += 1;
        }
        assert!(seen.iter().all(|times| *times == 1));
    }

    #[test]
    fn zipf_gives_the_first_customer_twice_the_second() {
        let mut scenario = shipped(0);
        scenario.customers = 50;
        scenario.pick = Pick::Zipf;
        let mut counts = [0_u32; 50];
        for arrival in plan(&scenario, 2) {
            counts[arrival.customer as usize] += 1;
        }
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let ratio = f64::from(counts[0]) / f64::from(counts[1]);
        assert!((1.6..2.4).contains(&ratio), "{ratio}");
        assert!(counts[49] > 0);
    }

    #[test]
    fn uniform_arrivals_are_evenly_apart() {
        let mut scenario = shipped(0);
        scenario.arrivals = Arrivals::Uniform;
        scenario.phases.drain(..1);
        scenario.phases.truncate(1);
        let plan = plan(&scenario, 1);
        for pair in plan.windows(2) {
            assert!((4_999..=5_001).contains(&(pair[1].at - pair[0].at)));
        }
    }

    #[test]
    fn weights_are_kept_and_zero_is_never() {
        let text = |weight| Text {
            weight,
            text: "x".into(),
        };
        let texts = [text(3), text(0), text(1)];
        let mut words = Words::new(&texts, Random::new(1));
        let mut counts = [0; 3];
        for _ in 0..4_000 {
            counts[words.next() as usize] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((2_850..3_150).contains(&counts[0]), "{counts:?}");
    }
}
