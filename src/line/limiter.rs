//! A token bucket per endpoint class and channel, kept under LINE's own limits.
//!
//! LINE limits each endpoint per channel and does not say how deep its bucket is (Messaging API
//! reference, "Rate limits"); ours is shallow. A 429 by rate halves the rate for a while: somebody
//! else is sending on this channel too. Taking never blocks; whoever finds it empty is told how
//! long to wait. With several nodes on one store the bucket is common to them: `common`.

mod common;

use crate::domain::bucket::{Bucket, Rate};
use crate::domain::time::{Millis, Span};
use crate::ports::store::Store;
use common::Common;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The bucket holds what flows in during a fourth of a second.
const DEPTH: u32 = 4;

/// Calls per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Replies. LINE allows 2,000.
    pub reply: u32,
    /// Pushes. LINE allows 2,000.
    pub push: u32,
    /// Profiles. LINE allows 2,000; they are a convenience.
    pub profile: u32,
    /// Loading animations. LINE allows 100; they are a courtesy.
    pub loading: u32,
}

impl Default for Rates {
    fn default() -> Rates {
        Rates {
            reply: 1_900,
            push: 1_900,
            profile: 200,
            loading: 90,
        }
    }
}

/// A bucket.
pub struct Limiter {
    rate: Rate,
    own: Mutex<Bucket>,
    /// What is drawn from the bucket of all nodes, if there are others.
    common: OnceLock<Arc<Common>>,
}

impl Limiter {
    /// A full bucket with a rate per second; at least one.
    pub fn new(per_second: u32) -> Limiter {
        Limiter {
            rate: Rate {
                per_second,
                burst: per_second / DEPTH,
            },
            own: Mutex::default(),
            common: OnceLock::new(),
        }
    }

    /// From now on tokens come from a budget of this name that all nodes on the store share. Once.
    pub fn share(&self, store: Arc<dyn Store>, budget: String) {
        let common = Common::new(store, budget, self.rate);
        // A second call would name the same budget.
        let _ = self.common.set(Arc::new(common));
    }

    /// Takes one, now.
    ///
    /// # Errors
    /// How long until there may be one, if nobody else takes it.
    pub fn try_take(&self, now: Millis) -> Result<(), Span> {
        let Some(common) = self.common.get() else {
            return take(&mut self.own(), self.rate, now);
        };
        match common.try_take() {
            Some(taken) => taken,
            // The store does not answer: this node keeps to its share of the rate.
            None => take(&mut self.own(), common.own_share(), now),
        }
    }

    /// Calls per second that this node may make at present: fewer for a while after LINE answered 429,
    /// and while other nodes want the rate, too.
    pub fn rate(&self, now: Millis) -> u64 {
        match self.common.get() {
            Some(common) => common.rate(&self.own(), now),
            None => self.own().rate(self.rate, now),
        }
    }

    /// LINE answered 429 by rate.
    pub fn throttled(&self, now: Millis) {
        self.own().shrink(now);
        if let Some(common) = self.common.get() {
            common.throttled();
        }
    }

    fn own(&self) -> MutexGuard<'_, Bucket> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take(bucket: &mut Bucket, rate: Rate, now: Millis) -> Result<(), Span> {
    match bucket.take(rate, 1, now) {
        0 => Err(bucket.wait(rate)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::Memory;

    fn taken(limiter: &Limiter, from: u64, to: u64) -> usize {
        (from..to)
            .map(|ms| {
                std::iter::repeat_with(|| limiter.try_take(Millis(ms)))
                    .take_while(Result::is_ok)
                    .count()
            })
            .sum()
    }

    #[test]
    fn no_second_sees_more_than_the_rate_and_the_bucket() {
        let limiter = Limiter::new(1_900);
        let first = taken(&limiter, 10_000, 11_000);
        assert!((2_300..=1_900 + 475).contains(&first), "{first}");
        let second = taken(&limiter, 11_000, 12_000);
        assert!((1_890..=1_901).contains(&second), "{second}");
    }

    #[test]
    fn a_slow_rate_flows_and_says_how_long_to_wait() {
        let limiter = Limiter::new(2);
        assert_eq!(limiter.try_take(Millis(5_000)), Ok(()));
        assert_eq!(limiter.try_take(Millis(5_000)), Err(Span(500)));
        assert_eq!(limiter.try_take(Millis(5_500)), Ok(()));
    }

    #[test]
    fn a_429_halves_the_rate_for_a_while() {
        let limiter = Limiter::new(1_000);
        taken(&limiter, 10_000, 10_001);
        limiter.throttled(Millis(10_001));
        limiter.throttled(Millis(10_002));
        let slow = taken(&limiter, 10_002, 11_002);
        assert!((450..=550).contains(&slow), "{slow}");
        assert_eq!(limiter.rate(Millis(11_002)), 500);
        let later = taken(&limiter, 16_002, 17_002);
        assert!(later >= 990, "{later}");
    }

    #[test]
    fn a_shared_rate_comes_back_with_time_after_a_429() {
        let limiter = Limiter::new(1_900);
        limiter.share(Arc::new(Memory::new()), "main".into());
        for second in 10..16 {
            limiter.throttled(Millis(second * 1_000));
        }
        assert_eq!(limiter.rate(Millis(15_000)), 1_900 >> 6);
        // The last was at second 15; nothing is sent meanwhile.
        for (second, rate) in [(20, 59), (25, 118), (40, 950), (45, 1_900)] {
            assert_eq!(limiter.rate(Millis(second * 1_000)), rate);
        }
    }

    #[test]
    fn a_clock_that_stands_still_gives_nothing_new() {
        let limiter = Limiter::new(100);
        assert_eq!(taken(&limiter, 7, 8), 25);
        assert_eq!(taken(&limiter, 7, 8), 0);
        assert_eq!(taken(&limiter, 3, 4), 0);
    }
}
