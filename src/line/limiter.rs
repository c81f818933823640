//! A token bucket per endpoint class and channel, kept under LINE's own limits.
//!
//! LINE limits each endpoint per channel and does not say how deep its bucket is (Messaging API
//! reference, "Rate limits"); ours is shallow. A 429 by rate halves the rate for a while: somebody
//! else is sending on this channel too. Taking never blocks; whoever finds it empty is told how
//! long to wait.

use crate::domain::time::{Millis, Span};
use std::sync::{Mutex, PoisonError};

/// The bucket holds what flows in during this time.
const DEPTH: Span = Span(250);
/// At most one halving in this time: one burst brings many 429s.
const CALM: Span = Span::secs(1);
/// Without another 429 the rate doubles after this time, up to the full rate.
const RECOVERY: Span = Span::secs(5);
/// The rate is never cut below a 64th.
const MAX_HALVINGS: u32 = 6;
/// Parts of a token: with thousandths, a rate per second is as many parts per millisecond.
const PARTS: u64 = 1_000;

/// Calls per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Replies. LINE allows 2,000.
    pub reply: u32,
    /// Pushes. LINE allows 2,000.
    pub push: u32,
    /// Profiles. LINE allows 2,000; they are a convenience.
    pub profile: u32,
}

impl Default for Rates {
    fn default() -> Rates {
        Rates {
            reply: 1_900,
            push: 1_900,
            profile: 200,
        }
    }
}

/// A bucket.
pub struct Limiter {
    per_second: u64,
    state: Mutex<Bucket>,
}

struct Bucket {
    /// Thousandths of a token.
    parts: u64,
    filled: Millis,
    halvings: u32,
    /// When the rate was last cut or raised.
    changed: Millis,
}

impl Limiter {
    /// A full bucket with a rate per second; at least one.
    pub fn new(per_second: u32) -> Limiter {
        let per_second = u64::from(per_second.max(1));
        Limiter {
            per_second,
            state: Mutex::new(Bucket {
                parts: capacity(per_second),
                filled: Millis(0),
                halvings: 0,
                changed: Millis(0),
            }),
        }
    }

    /// Takes one, now.
    ///
    /// # Errors
    /// How long until there is one, if nobody else takes it.
    pub fn try_take(&self, now: Millis) -> Result<(), Span> {
        let mut bucket = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if bucket.halvings > 0 && now.since(bucket.changed) >= RECOVERY {
            bucket.halvings -= 1;
            bucket.changed = now;
        }
        let rate = (self.per_second >> bucket.halvings).max(1);
        let inflow = now.since(bucket.filled).0.saturating_mul(rate);
        bucket.parts = bucket.parts.saturating_add(inflow).min(capacity(rate));
        bucket.filled = bucket.filled.max(now);
        if bucket.parts >= PARTS {
            bucket.parts -= PARTS;
            return Ok(());
        }
        Err(Span((PARTS - bucket.parts).div_ceil(rate)))
    }

    /// Calls per second at present: fewer for a while after LINE answered 429.
    pub fn rate(&self) -> u64 {
        let bucket = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (self.per_second >> bucket.halvings).max(1)
    }

    /// LINE answered 429 by rate.
    pub fn throttled(&self, now: Millis) {
        let mut bucket = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if bucket.halvings == 0 || now.since(bucket.changed) >= CALM {
            bucket.halvings = (bucket.halvings + 1).min(MAX_HALVINGS);
            bucket.changed = now;
            bucket.parts = 0;
        }
    }
}

/// Thousandths of a token the bucket holds: at least one token.
fn capacity(per_second: u64) -> u64 {
    (per_second * DEPTH.0).max(PARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(limiter.rate(), 500);
        let later = taken(&limiter, 16_002, 17_002);
        assert!(later >= 990, "{later}");
    }

    #[test]
    fn a_clock_that_stands_still_gives_nothing_new() {
        let limiter = Limiter::new(100);
        assert_eq!(taken(&limiter, 7, 8), 25);
        assert_eq!(taken(&limiter, 7, 8), 0);
        assert_eq!(taken(&limiter, 3, 4), 0);
    }
}
