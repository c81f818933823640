//! A circuit breaker per channel: sends are held back while LINE is sick or does not know us.
//!
//! Two reasons to open: *auth*, at once, when a renewed token is refused too; *availability*, by
//! the share or the row of 5xx, timeouts and failed connects. After a rest one probe goes out at a
//! time; enough good ones close it, one bad one doubles the rest. Refusals (4xx) and 429 say that
//! LINE is well. It knows nothing of time but what it is told.

use crate::domain::time::{Millis, Span};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts are kept for the running and the previous window.
const WINDOW: Span = Span::secs(5);
/// Below this many calls in both windows the share says nothing.
const LEAST: u32 = 20;
/// This many failures without a success between open it, however few the calls.
const ROW: u32 = 5;
/// Good probes in a row that close it.
const PROBES: u32 = 3;

/// Why a breaker is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// LINE refuses our token.
    Auth,
    /// LINE cannot be reached, or fails.
    Availability,
}

/// What a breaker does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Everything goes out.
    Closed,
    /// Nothing goes out.
    Open(Reason),
    /// One probe at a time goes out.
    HalfOpen(Reason),
}

impl State {
    /// The state for people and labels.
    pub fn name(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open(Reason::Auth) => "open_auth",
            State::Open(Reason::Availability) => "open",
            State::HalfOpen(_) => "half_open",
        }
    }
}

/// How a call ended, as the breaker sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// LINE answered like LINE.
    Well,
    /// 5xx, timeout, lost or no connection.
    Sick,
    /// A renewed token was refused.
    Auth,
}

/// The breaker of one channel.
pub struct Breaker {
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    /// When the state was entered.
    since: Millis,
    rest: Span,
    probing: bool,
    good_probes: u32,
    row: u32,
    window: Millis,
    now: (u32, u32),
    before: (u32, u32),
}

/// Leave to make one call; give it back with the verdict. Dropped without one, it says nothing.
pub struct Leave<'a> {
    breaker: &'a Breaker,
    is_probe: bool,
    is_settled: bool,
}

impl Breaker {
    /// A closed breaker.
    pub fn new() -> Breaker {
        Breaker {
            inner: Mutex::new(Inner {
                state: State::Closed,
                since: Millis(0),
                rest: Span(0),
                probing: false,
                good_probes: 0,
                row: 0,
                window: Millis(0),
                now: (0, 0),
                before: (0, 0),
            }),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state.
    pub fn state(&self) -> State {
        self.inner().state
    }

    /// Asks for leave to call; `None` while open, or while a probe is out.
    pub fn admit(&self, now: Millis) -> Option<Leave<'_>> {
        let mut inner = self.inner();
        if let State::Open(reason) = inner.state
            && now.since(inner.since) >= inner.rest
        {
            inner.enter(State::HalfOpen(reason), now);
        }
        let is_probe = match inner.state {
            State::Closed => false,
            State::Open(_) => return None,
            State::HalfOpen(_) if inner.probing => return None,
            State::HalfOpen(_) => {
                inner.probing = true;
                true
            }
        };
        Some(Leave {
            breaker: self,
            is_probe,
            is_settled: false,
        })
    }

    /// Closes it by hand: the token was replaced.
    pub fn reset(&self, now: Millis) {
        let mut inner = self.inner();
        inner.enter(State::Closed, now);
        inner.rest = Span(0);
    }
}

impl Default for Breaker {
    fn default() -> Breaker {
        Breaker::new()
    }
}

impl Leave<'_> {
    /// Gives the leave back. Returns the new state when the call changed it.
    pub fn settle(mut self, verdict: Verdict, now: Millis) -> Option<State> {
        self.is_settled = true;
        let mut inner = self.breaker.inner();
        let old = inner.state;
        if self.is_probe {
            inner.probing = false;
        }
        inner.learn(verdict, self.is_probe, now);
        (inner.state != old).then_some(inner.state)
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if self.is_probe && !self.is_settled {
            self.breaker.inner().probing = false;
        }
    }
}

impl Inner {
    fn learn(&mut self, verdict: Verdict, is_probe: bool, now: Millis) {
        match (self.state, verdict) {
            (_, Verdict::Auth) => self.open(Reason::Auth, now),
            (State::Closed, _) => {
                self.count(verdict, now);
                let (bad, all) = (self.now.0 + self.before.0, self.now.1 + self.before.1);
                if self.row >= ROW || all >= LEAST && bad * 2 >= all {
                    self.open(Reason::Availability, now);
                }
            }
            (State::HalfOpen(_), Verdict::Well) if is_probe => {
                self.good_probes += 1;
                if self.good_probes >= PROBES {
                    self.rest = Span(0);
                    self.enter(State::Closed, now);
                }
            }
            (State::HalfOpen(_), Verdict::Sick) if is_probe => {
                self.open(Reason::Availability, now);
            }
            // A call begun before it opened: its news is old.
            _ => {}
        }
    }

    fn count(&mut self, verdict: Verdict, now: Millis) {
        let age = now.since(self.window);
        if age >= WINDOW {
            let is_next = age.0 < 2 * WINDOW.0;
            self.before = if is_next { self.now } else { (0, 0) };
            self.now = (0, 0);
            self.window = now;
        }
        let is_bad = verdict == Verdict::Sick;
        self.row = if is_bad { self.row + 1 } else { 0 };
        self.now.0 += u32::from(is_bad);
        self.now.1 += 1;
    }

    fn open(&mut self, reason: Reason, now: Millis) {
        let (least, most) = match reason {
            Reason::Auth => (Span::secs(5), Span::mins(5)),
            // Short of what a reply token has left: a rest must not outlive the answers it holds back.
            Reason::Availability => (Span::secs(1), Span::secs(5)),
        };
        self.rest = Span((self.rest.0 * 2).clamp(least.0, most.0));
        self.enter(State::Open(reason), now);
    }

    fn enter(&mut self, state: State, now: Millis) {
        self.state = state;
        self.since = now;
        self.probing = false;
        self.good_probes = 0;
        self.row = 0;
        self.now = (0, 0);
        self.before = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(breaker: &Breaker, verdict: Verdict, at: u64) -> bool {
        breaker
            .admit(Millis(at))
            .map(|leave| leave.settle(verdict, Millis(at)))
            .is_some()
    }

    fn opened() -> Breaker {
        let breaker = Breaker::new();
        for at in 0..5 {
            assert!(call(&breaker, Verdict::Sick, at));
        }
        breaker
    }

    #[test]
    fn a_row_of_failures_opens_it() {
        let breaker = opened();
        assert_eq!(breaker.state(), State::Open(Reason::Availability));
        assert!(!call(&breaker, Verdict::Well, 900));
    }

    #[test]
    fn half_of_many_calls_failing_opens_it() {
        let breaker = Breaker::new();
        for at in 0..20 {
            let verdict = [Verdict::Sick, Verdict::Well][at as usize % 2];
            assert!(call(&breaker, verdict, at));
        }
        assert_eq!(breaker.state(), State::Open(Reason::Availability));
    }

    #[test]
    fn a_few_failures_among_many_do_not() {
        let breaker = Breaker::new();
        for at in 0..1_000 {
            let verdict = if at % 3 == 0 {
                Verdict::Sick
            } else {
                Verdict::Well
            };
            assert!(call(&breaker, verdict, at));
        }
        assert_eq!(breaker.state(), State::Closed);
    }

    #[test]
    fn one_probe_at_a_time_and_three_good_ones_close_it() {
        let breaker = opened();
        let probe = breaker.admit(Millis(1_005)).unwrap();
        assert!(breaker.admit(Millis(1_006)).is_none());
        assert_eq!(probe.settle(Verdict::Well, Millis(1_007)), None);
        assert!(call(&breaker, Verdict::Well, 1_008));
        assert!(call(&breaker, Verdict::Well, 1_009));
        assert_eq!(breaker.state(), State::Closed);
    }

    #[test]
    fn a_bad_probe_doubles_the_rest() {
        let breaker = opened();
        assert!(call(&breaker, Verdict::Sick, 1_005));
        assert!(!call(&breaker, Verdict::Well, 2_500));
        assert!(call(&breaker, Verdict::Well, 3_005));
    }

    #[test]
    fn a_probe_that_is_dropped_makes_room_for_another() {
        let breaker = opened();
        drop(breaker.admit(Millis(1_005)).unwrap());
        assert!(breaker.admit(Millis(1_006)).is_some());
    }

    #[test]
    fn auth_opens_it_at_once_and_a_new_token_closes_it() {
        let breaker = Breaker::new();
        assert!(call(&breaker, Verdict::Auth, 1));
        assert_eq!(breaker.state(), State::Open(Reason::Auth));
        assert!(!call(&breaker, Verdict::Well, 4_000));
        breaker.reset(Millis(4_001));
        assert!(call(&breaker, Verdict::Well, 4_002));
    }
}
