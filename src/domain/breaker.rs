//! A circuit breaker as reckoning only: the time is handed in, the caller keeps it under a lock.
//!
//! Opens after a row of failures; after a rest one probe at a time goes out; enough good probes in a row
//! close it, a bad one doubles the rest.

use super::time::{Millis, Span};

/// When it opens and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// So many failures without a success between them open it; at least 1.
    pub failures: u32,
    /// How long it rests at first; the rest doubles with each bad probe.
    pub rest: Span,
    /// How long it rests at most.
    pub longest: Span,
    /// Good probes in a row that close it; at least 1.
    pub probes: u32,
}

/// What it does at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Everything goes out.
    #[default]
    Closed,
    /// Nothing goes out.
    Open,
    /// One probe at a time goes out.
    HalfOpen,
}

impl State {
    /// The state for people and labels.
    pub fn name(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
        }
    }
}

/// The breaker.
#[derive(Clone, Copy, Debug)]
pub struct Breaker {
    limits: Limits,
    state: State,
    /// When it opened.
    since: Millis,
    rest: Span,
    row: u32,
    good: u32,
    probing: bool,
    /// Raised whenever it opens or closes: what was admitted before says nothing after.
    era: u64,
}

/// Leave to make one call. Give it back with how the call ended, or say that it was not made.
#[must_use = "a probe that is not given back keeps the breaker half open"]
#[derive(Debug, PartialEq, Eq)]
pub struct Leave {
    era: u64,
    is_probe: bool,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(limits: Limits) -> Breaker {
        Breaker {
            limits,
            state: State::Closed,
            since: Millis(0),
            rest: Span(0),
            row: 0,
            good: 0,
            probing: false,
            era: 0,
        }
    }

    /// The state.
    pub fn state(&self) -> State {
        self.state
    }

    /// The state at a moment: an open one whose rest is over is half open, though nobody asked yet.
    pub fn state_at(&self, now: Millis) -> State {
        match self.state {
            State::Open if now.since(self.since) >= self.rest => State::HalfOpen,
            state => state,
        }
    }

    /// Asks for leave to call; `None` while open, or while a probe is out.
    pub fn admit(&mut self, now: Millis) -> Option<Leave> {
        if self.state == State::Open && self.state_at(now) == State::HalfOpen {
            self.state = State::HalfOpen;
            self.good = 0;
            self.probing = false;
        }
        let is_probe = match self.state {
            State::Closed => false,
            State::HalfOpen if !self.probing => {
                self.probing = true;
                true
            }
            State::Open | State::HalfOpen => return None,
        };
        Some(Leave {
            era: self.era,
            is_probe,
        })
    }

    /// Gives a leave back: whether the other side is well. The new state when that changed it.
    pub fn settle(&mut self, leave: &Leave, is_well: bool, now: Millis) -> Option<State> {
        if leave.era != self.era {
            return None; // its news is old
        }
        let old = self.state;
        match (self.state, is_well) {
            (State::Closed, true) => self.row = 0,
            (State::Closed, false) => {
                self.row += 1;
                if self.row >= self.limits.failures.max(1) {
                    self.open(now);
                }
            }
            (State::HalfOpen, true) => {
                self.probing = false;
                self.good += 1;
                if self.good >= self.limits.probes.max(1) {
                    self.state = State::Closed;
                    self.rest = Span(0);
                    self.row = 0;
                    self.era += 1;
                }
            }
            (State::HalfOpen, false) => self.open(now),
            (State::Open, _) => {}
        }
        (self.state != old).then_some(self.state)
    }

    /// Gives a leave back of a call that was not made, or that nobody waited for: it says nothing.
    pub fn release(&mut self, leave: &Leave) {
        if leave.is_probe && leave.era == self.era {
            self.probing = false;
        }
    }

    fn open(&mut self, now: Millis) {
        self.rest = Span((self.rest.0 * 2).clamp(self.limits.rest.0, self.limits.longest.0));
        self.state = State::Open;
        self.since = now;
        self.row = 0;
        self.era += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        failures: 3,
        rest: Span(1_000),
        longest: Span(3_000),
        probes: 2,
    };

    fn call(breaker: &mut Breaker, is_well: bool, at: u64) -> Option<Option<State>> {
        let leave = breaker.admit(Millis(at))?;
        Some(breaker.settle(&leave, is_well, Millis(at)))
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::new(LIMITS);
        assert_eq!(call(&mut breaker, false, 0), Some(None));
        assert_eq!(call(&mut breaker, false, 0), Some(None));
        assert_eq!(call(&mut breaker, false, 0), Some(Some(State::Open)));
        breaker
    }

    #[test]
    fn a_row_of_failures_opens_it_and_a_success_breaks_the_row() {
        let mut breaker = Breaker::new(LIMITS);
        for at in 0..30 {
            let is_well = at % 3 == 2;
            assert_eq!(call(&mut breaker, is_well, at), Some(None));
        }
        assert_eq!(opened().state(), State::Open);
        assert_eq!(call(&mut opened(), true, 999), None);
    }

    #[test]
    fn good_probes_one_at_a_time_close_it() {
        let mut breaker = opened();
        assert_eq!(breaker.state_at(Millis(999)), State::Open);
        assert_eq!(breaker.state_at(Millis(1_000)), State::HalfOpen);
        let probe = breaker.admit(Millis(1_000)).unwrap();
        assert_eq!(breaker.state(), State::HalfOpen);
        assert!(breaker.admit(Millis(1_000)).is_none());
        assert_eq!(breaker.settle(&probe, true, Millis(1_001)), None);
        assert_eq!(call(&mut breaker, true, 1_002), Some(Some(State::Closed)));
    }

    #[test]
    fn a_bad_probe_doubles_the_rest_up_to_the_longest() {
        let mut breaker = opened();
        let mut at = 1_000;
        for rest in [2_000, 3_000, 3_000] {
            assert_eq!(call(&mut breaker, false, at), Some(Some(State::Open)));
            assert_eq!(call(&mut breaker, true, at + rest - 1), None);
            at += rest;
        }
        call(&mut breaker, true, at);
        call(&mut breaker, true, at);
        assert_eq!(breaker.state(), State::Closed);
    }

    #[test]
    fn a_probe_that_is_released_makes_room_for_another_and_old_news_is_none() {
        let mut breaker = opened();
        let old = breaker.admit(Millis(1_000)).unwrap();
        breaker.release(&old);
        let probe = breaker.admit(Millis(1_000)).unwrap();
        assert_eq!(
            breaker.settle(&probe, false, Millis(1_000)),
            Some(State::Open)
        );
        assert_eq!(breaker.settle(&old, true, Millis(1_000)), None);
        assert_eq!(breaker.state(), State::Open);
    }
}
