//! How many answers of a channel may be held back: as many as LINE takes while their reply tokens live.
//!
//! A campaign brings more in a second than LINE takes (2,000 replies a second and channel), and what
//! waits some seconds is still answered free. What would wait longer than [`PATIENCE`] is better
//! refused: LINE delivers it again later. So the bound follows the pace at which LINE accepts; when
//! LINE is slow or gone it is the least.

use crate::domain::time::{Millis, Span};

/// How long an answer taken in may wait for its turn: less than half of a token's life, so that a
/// LINE that becomes slower meanwhile still leaves time.
const PATIENCE: Span = Span::secs(20);
/// Seconds that are remembered: a pause of LINE shorter than this shuts nobody out.
const REMEMBERED: usize = 5;

/// The calls that LINE accepted, by second.
#[derive(Default)]
pub(super) struct Pace {
    second: u64,
    /// This second's and those before it, by their number.
    counts: [usize; REMEMBERED],
}

impl Pace {
    /// LINE accepted a call.
    pub(super) fn accepted(&mut self, now: Millis) {
        self.turn(now);
        self.counts[self.place(self.second)] += 1;
    }

    /// What LINE takes in [`PATIENCE`] at the best pace of the last seconds.
    pub(super) fn most_held(&mut self, now: Millis) -> usize {
        self.turn(now);
        let best = self.counts.iter().max().copied().unwrap_or_default();
        best * (PATIENCE.0 / 1_000) as usize
    }

    fn turn(&mut self, now: Millis) {
        let second = now.0 / 1_000;
        let passed = second.saturating_sub(self.second).min(REMEMBERED as u64);
        for past in 1..=passed {
            let place = self.place(self.second + past);
            self.counts[place] = 0;
        }
        self.second = self.second.max(second);
        if passed == REMEMBERED as u64 {
            self.counts = [0; REMEMBERED];
        }
    }

    fn place(&self, second: u64) -> usize {
        (second % REMEMBERED as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pace: &mut Pace, second: u64, count: usize) {
        (0..count).for_each(|_| pace.accepted(Millis(second * 1_000 + 500)));
    }

    #[test]
    fn what_may_be_held_follows_the_best_pace_of_the_last_seconds() {
        let mut pace = Pace::default();
        assert_eq!(pace.most_held(Millis(10_000)), 0);
        told(&mut pace, 10, 100);
        told(&mut pace, 11, 30);
        assert_eq!(pace.most_held(Millis(11_900)), 2_000);
        assert_eq!(pace.most_held(Millis(14_100)), 2_000, "a pause");
        assert_eq!(pace.most_held(Millis(15_100)), 600);
        assert_eq!(pace.most_held(Millis(16_100)), 0);
        told(&mut pace, 1_000_000, 7);
        assert_eq!(
            pace.most_held(Millis(1_000_000_999)),
            140,
            "after a long rest"
        );
    }

    #[test]
    fn a_clock_that_goes_back_forgets_nothing() {
        let mut pace = Pace::default();
        told(&mut pace, 10, 100);
        told(&mut pace, 9, 1);
        assert_eq!(pace.most_held(Millis(11_000)), 101 * 20);
    }
}
