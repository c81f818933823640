//! How many answers may be owed: as many as LINE takes while their reply tokens live.
//!
//! A campaign brings more in a second than LINE takes (2,000 replies a second and channel), and what
//! waits some seconds is still answered free. What would wait longer than [`PATIENCE`] is better
//! refused: LINE delivers it again later. So the bound follows the pace at which LINE answers; when
//! LINE is slow or gone it is the least.

use crate::domain::time::{Millis, Span};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long an answer taken in may wait for its turn: less than half of a token's life, so that a
/// LINE that becomes slower meanwhile still leaves time.
pub const PATIENCE: Span = Span::secs(20);
/// Never more, whatever the pace: about 2 KB of memory each.
pub const MOST: usize = 40_000;

/// The calls that LINE answered, by second.
#[derive(Default)]
pub struct Pace(Mutex<Seconds>);

#[derive(Default)]
struct Seconds {
    now: u64,
    /// In this second so far.
    count: usize,
    /// In the one before.
    before: usize,
}

impl Seconds {
    fn turn(&mut self, now: Millis) {
        let second = now.0 / 1_000;
        if second > self.now {
            self.before = if second == self.now + 1 {
                self.count
            } else {
                0
            };
            self.count = 0;
            self.now = second;
        }
    }
}

impl Pace {
    /// LINE answered a call.
    pub(super) fn answered(&self, now: Millis) {
        let mut seconds = self.seconds();
        seconds.turn(now);
        seconds.count += 1;
    }

    /// What LINE takes in [`PATIENCE`] at the pace of the last whole second; of this one when it has
    /// already brought more.
    pub(super) fn most_owed(&self, now: Millis) -> usize {
        let mut seconds = self.seconds();
        seconds.turn(now);
        let a_second = seconds.before.max(seconds.count);
        (a_second * (PATIENCE.0 / 1_000) as usize).min(MOST)
    }

    fn seconds(&self) -> MutexGuard<'_, Seconds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pace: &Pace, second: u64, count: usize) {
        (0..count).for_each(|_| pace.answered(Millis(second * 1_000 + 500)));
    }

    #[test]
    fn what_may_be_owed_follows_the_pace_of_the_last_second() {
        let pace = Pace::default();
        assert_eq!(pace.most_owed(Millis(10_000)), 0);
        told(&pace, 10, 100);
        told(&pace, 11, 30);
        assert_eq!(pace.most_owed(Millis(11_900)), 2_000);
        assert_eq!(pace.most_owed(Millis(12_100)), 600);
        assert_eq!(pace.most_owed(Millis(14_000)), 0, "a silent second");
    }

    #[test]
    fn it_is_bounded_whatever_the_pace() {
        let pace = Pace::default();
        told(&pace, 10, 5_000);
        assert_eq!(pace.most_owed(Millis(11_000)), MOST);
    }

    #[test]
    fn a_clock_that_goes_back_forgets_nothing() {
        let pace = Pace::default();
        told(&pace, 10, 100);
        told(&pace, 9, 1);
        assert_eq!(pace.most_owed(Millis(11_000)), 101 * 20);
    }
}
