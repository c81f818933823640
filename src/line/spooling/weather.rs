//! Whether the store takes anything at all.
//!
//! While it does not, a request is not made to wait for it: its events go to the spool at once, and
//! the drainer finds out with a kept event, the only question whose answer is certain to be about
//! taking events in (a server that is full or read-only still answers reads).

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// So many failures without a commit between them: the store is away. A part of the store that
/// fails (one master of several) does not reach it while the others commit.
const FAILURES: u32 = 8;
/// While requests crowd, it is away when nothing was committed for so long.
const SILENCE: Duration = Duration::from_millis(300);

/// What is known of the store.
pub(super) struct Weather {
    start: Instant,
    away: AtomicBool,
    failures: AtomicU32,
    /// Of the last commit, since `start`, in ms.
    alive: AtomicU64,
}

impl Default for Weather {
    fn default() -> Weather {
        Weather {
            start: Instant::now(),
            away: AtomicBool::new(false),
            failures: AtomicU32::new(0),
            alive: AtomicU64::new(0),
        }
    }
}

impl Weather {
    /// Whether nothing should wait for the store now.
    pub(super) fn is_away(&self, crowded: bool) -> bool {
        if crowded && !self.away.load(Ordering::Relaxed) {
            let alive = Duration::from_millis(self.alive.load(Ordering::Relaxed));
            if self.start.elapsed().saturating_sub(alive) > SILENCE {
                self.away.store(true, Ordering::Relaxed);
            }
        }
        self.away.load(Ordering::Relaxed)
    }

    /// Something was committed. Answers whether that is news.
    pub(super) fn is_well(&self) -> bool {
        let now = self.start.elapsed().as_millis() as u64;
        self.alive.store(now, Ordering::Relaxed);
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        self.away.load(Ordering::Relaxed) && self.away.swap(false, Ordering::Relaxed)
    }

    /// Something was refused, or took too long. Answers whether nothing was committed since the failure
    /// before: then it is the store's, and not one conversation's.
    pub(super) fn failed(&self) -> bool {
        let before = self.failures.fetch_add(1, Ordering::Relaxed);
        if before + 1 >= FAILURES {
            self.away.store(true, Ordering::Relaxed);
        }
        before > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_mean_away_and_one_commit_means_well() {
        let weather = Weather::default();
        for n in 1..FAILURES {
            assert_eq!(weather.failed(), n > 1, "in a row");
        }
        assert!(!weather.is_away(false));
        weather.failed();
        assert!(weather.is_away(false));
        assert!(weather.is_well(), "news");
        assert!(!weather.is_away(false));
        assert!(!weather.is_well(), "no news");
    }

    #[test]
    fn a_part_that_fails_is_not_the_whole() {
        let weather = Weather::default();
        for _ in 0..100 {
            assert!(!weather.failed(), "the others are taken");
            weather.is_well();
        }
        assert!(!weather.is_away(false));
    }

    #[test]
    fn a_crowd_does_not_wait_for_a_store_that_is_silent() {
        let weather = Weather {
            start: Instant::now() - SILENCE * 2,
            ..Weather::default()
        };
        assert!(!weather.is_away(false), "one request may wait");
        assert!(weather.is_away(true));
        weather.is_well();
        assert!(!weather.is_away(true));
    }
}
