//! Leaves a sick service alone: after so many failed tries in a row nothing goes out for a while, then
//! one call at a time probes. One good answer closes it, one bad one begins the rest anew.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The breaker of one service.
#[derive(Debug)]
pub(super) struct Breaker {
    failures: u32,
    rest: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    row: u32,
    /// Since when it is open.
    open: Option<Instant>,
    probing: bool,
}

/// Leave for one try. Dropped without a verdict it says nothing.
pub(super) struct Leave<'b> {
    breaker: &'b Breaker,
    is_probe: bool,
}

impl Breaker {
    pub(super) fn new(failures: u32, rest: Duration) -> Breaker {
        Breaker {
            failures,
            rest,
            inner: Mutex::new(Inner {
                row: 0,
                open: None,
                probing: false,
            }),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state in a word.
    pub(super) fn name(&self, now: Instant) -> &'static str {
        match self.inner().open {
            None => "closed",
            Some(since) if now.duration_since(since) < self.rest => "open",
            Some(_) => "half_open",
        }
    }

    /// Leave for a try; `None` while it is open, or while another one probes.
    pub(super) fn admit(&self, now: Instant) -> Option<Leave<'_>> {
        let mut inner = self.inner();
        let is_probe = match inner.open {
            None => false,
            Some(since) if now.duration_since(since) < self.rest || inner.probing => return None,
            Some(_) => {
                inner.probing = true;
                true
            }
        };
        Some(Leave {
            breaker: self,
            is_probe,
        })
    }
}

impl Leave<'_> {
    /// Tells how the try went; answers whether the breaker is open now, when that changed.
    pub(super) fn settle(self, is_well: bool, now: Instant) -> Option<bool> {
        let mut inner = self.breaker.inner();
        let was_open = inner.open.is_some();
        match (is_well, was_open) {
            (true, false) => inner.row = 0,
            // News of a try begun before it opened is old.
            (true, true) if self.is_probe => {
                inner.open = None;
                inner.row = 0;
            }
            (false, false) => {
                inner.row += 1;
                if inner.row >= self.breaker.failures {
                    inner.open = Some(now);
                }
            }
            (false, true) if self.is_probe => inner.open = Some(now),
            _ => {}
        }
        let is_open = inner.open.is_some();
        (is_open != was_open).then_some(is_open)
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            self.breaker.inner().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(breaker: &Breaker, is_well: bool, now: Instant) -> Option<Option<bool>> {
        breaker.admit(now).map(|leave| leave.settle(is_well, now))
    }

    #[test]
    fn a_row_of_failures_opens_it_and_one_good_probe_closes_it() {
        let breaker = Breaker::new(2, Duration::from_secs(10));
        let now = Instant::now();
        assert_eq!(row(&breaker, false, now), Some(None));
        assert_eq!(row(&breaker, true, now), Some(None), "a success between");
        assert_eq!(row(&breaker, false, now), Some(None));
        assert_eq!(row(&breaker, false, now), Some(Some(true)));
        assert_eq!(row(&breaker, true, now), None, "open");
        let now = now + Duration::from_secs(11);
        let probe = breaker.admit(now).unwrap();
        assert!(breaker.admit(now).is_none(), "one probe at a time");
        assert_eq!(probe.settle(false, now), None);
        assert_eq!(row(&breaker, true, now), None, "the rest begins anew");
        let now = now + Duration::from_secs(11);
        drop(breaker.admit(now));
        assert_eq!(row(&breaker, true, now), Some(Some(false)));
        assert_eq!(breaker.name(now), "closed");
    }
}
