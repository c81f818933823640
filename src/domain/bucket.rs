//! A token bucket that is slowed by refusals: reckoning only, the time is handed in.
//!
//! Tokens flow in at a rate up to a depth. Whoever was refused from outside (LINE's 429) halves the
//! rate for a while: somebody else draws from the same source. The script of the Redis store reckons
//! the same way (`src/store/redis/lua/budget.lua`).

use super::time::{Millis, Span};

/// At most one halving in this time: one burst brings many refusals.
pub const CALM: Span = Span::secs(1);
/// Without another refusal the rate doubles after this time, up to the full rate.
pub const RECOVERY: Span = Span::secs(5);
/// The rate is never cut below a 64th.
pub const MAX_HALVINGS: u32 = 6;
/// Parts of a token: with thousandths, a rate per second is as many parts per millisecond.
pub const PARTS: u64 = 1_000;

/// How fast tokens flow in, and how many the bucket holds. Both count as one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Tokens per second.
    pub per_second: u32,
    /// Tokens a full bucket holds.
    pub burst: u32,
}

impl Rate {
    fn halved(self, halvings: u32) -> (u64, u64) {
        let rate = u64::from(self.per_second >> halvings).max(1);
        let depth = u64::from(self.burst >> halvings).max(1) * PARTS;
        (rate, depth)
    }
}

/// What a bucket holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    /// Thousandths of a token.
    parts: u64,
    /// When it was last filled; zero: never, it counts as full.
    filled: Millis,
    halvings: u32,
    /// When the rate was last cut or raised.
    changed: Millis,
}

impl Bucket {
    /// Takes up to `want` tokens, as many as there are.
    pub fn take(&mut self, rate: Rate, want: u32, now: Millis) -> u32 {
        self.recover(now);
        let (rate, depth) = rate.halved(self.halvings);
        let inflow = now.since(self.filled).0.saturating_mul(rate);
        self.parts = match self.filled {
            Millis(0) => depth,
            _ => self.parts.saturating_add(inflow).min(depth),
        };
        self.filled = self.filled.max(now).max(Millis(1));
        let taken = (self.parts / PARTS).min(u64::from(want));
        self.parts -= taken * PARTS;
        taken as u32
    }

    /// How long until there is a token, if nobody else takes it.
    pub fn wait(&self, rate: Rate) -> Span {
        let (rate, _) = rate.halved(self.halvings);
        Span(PARTS.saturating_sub(self.parts).div_ceil(rate))
    }

    /// Tokens per second at a time, whether or not anything was taken meanwhile.
    pub fn rate(&self, rate: Rate, now: Millis) -> u64 {
        let mut then = *self;
        then.recover(now);
        rate.halved(then.halvings).0
    }

    /// Time alone gives the rate back: a bucket that nobody takes from is slow no longer than others.
    fn recover(&mut self, now: Millis) {
        let doublings = now.since(self.changed).0 / RECOVERY.0;
        let doublings = doublings.min(u64::from(self.halvings)) as u32;
        self.halvings -= doublings;
        self.changed = self.changed + Span(RECOVERY.0 * u64::from(doublings));
    }

    /// Somebody was refused: the rate is halved, unless that was done a moment ago, and the bucket is
    /// empty.
    pub fn shrink(&mut self, now: Millis) {
        self.recover(now);
        if self.halvings == 0 || now.since(self.changed) >= CALM {
            self.halvings = (self.halvings + 1).min(MAX_HALVINGS);
            self.changed = now;
            self.parts = 0;
            self.filled = self.filled.max(now).max(Millis(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_second: 100,
        burst: 20,
    };

    #[test]
    fn a_new_bucket_is_full_and_fills_no_higher() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(RATE, 50, Millis(9_000)), 20);
        assert_eq!(bucket.take(RATE, 50, Millis(9_000)), 0);
        assert_eq!(bucket.wait(RATE), Span(10));
        assert_eq!(bucket.take(RATE, 50, Millis(9_050)), 5);
        assert_eq!(bucket.take(RATE, 50, Millis(99_000)), 20);
    }

    #[test]
    fn refusals_halve_the_rate_once_a_second_and_time_gives_it_back() {
        let mut bucket = Bucket::default();
        bucket.shrink(Millis(1_000));
        bucket.shrink(Millis(1_001));
        assert_eq!(
            (
                bucket.rate(RATE, Millis(1_001)),
                bucket.take(RATE, 9, Millis(1_001))
            ),
            (50, 0)
        );
        bucket.shrink(Millis(2_000));
        assert_eq!(bucket.rate(RATE, Millis(6_999)), 25);
        // Nothing is taken meanwhile.
        assert_eq!(bucket.rate(RATE, Millis(7_000)), 50);
        assert_eq!(bucket.rate(RATE, Millis(12_000)), 100);
        assert_eq!(bucket.take(RATE, 50, Millis(12_000)), 20);
    }

    #[test]
    fn refusals_far_apart_do_not_add_up() {
        let mut bucket = Bucket::default();
        for hour in 1..=6 {
            bucket.shrink(Millis(hour * 3_600_000));
        }
        assert_eq!(bucket.rate(RATE, Millis(6 * 3_600_000)), 50);
        assert_eq!(bucket.rate(RATE, Millis(6 * 3_600_000 + 5_000)), 100);
    }

    #[test]
    fn a_rate_is_never_cut_to_nothing() {
        let mut bucket = Bucket::default();
        for second in 1..20 {
            bucket.shrink(Millis(second * 1_000));
        }
        assert_eq!(bucket.rate(RATE, Millis(19_000)), 1);
        assert_eq!(bucket.take(RATE, 5, Millis(20_500)), 1);
    }
}
