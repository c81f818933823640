//! How the store in memory can be made to misbehave: answers lost before or after the commit
//! landed, a suffix of commits taken back, delays, no room.

use super::Memory;
use crate::ports::store::{Error, Outcome};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What happens to one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It goes well.
    None,
    /// It does not land, and the writer sees an error: unknown.
    LostBefore,
    /// It lands, and the writer sees an error: unknown.
    LostAnswer,
}

/// What is arranged.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) queue: VecDeque<Fault>,
    pub(super) full: bool,
    pub(super) delay: usize,
    pub(super) keep_history: bool,
}

impl Faults {
    pub(super) fn next(&mut self) -> Option<Fault> {
        self.queue.pop_front()
    }
}

impl Memory {
    /// The fates of the next commits, one each; after them all goes well.
    pub fn arrange(&self, faults: impl IntoIterator<Item = Fault>) {
        self.model().faults.queue.extend(faults);
    }

    /// Whether new work is refused for want of room.
    pub fn set_full(&self, full: bool) {
        self.model().faults.full = full;
    }

    /// Commits from now on answer only when polled this often (each poll wakes itself).
    pub fn set_delay(&self, polls: usize) {
        self.model().faults.delay = polls;
    }

    /// From now on remember enough to take commits back. Costs a copy of everything per commit.
    pub fn keep_history(&self) {
        self.model().faults.keep_history = true;
    }

    /// Takes the last `n` commits back, as a failover to a stale replica does; returns how many.
    pub fn lose_suffix(&self, n: usize) -> usize {
        let mut model = self.model();
        let n = n.min(model.history.len());
        if n > 0 {
            let keep = model.history.len() - n;
            model.state = model.history[keep].clone();
            model.history.truncate(keep);
        }
        n
    }
}

/// An answer that takes its time.
pub(super) struct Delayed {
    answer: Option<Result<Outcome, Error>>,
    polls: usize,
}

impl Delayed {
    pub(super) fn new(answer: Result<Outcome, Error>, polls: usize) -> Delayed {
        Delayed {
            answer: Some(answer),
            polls,
        }
    }
}

impl Future for Delayed {
    type Output = Result<Outcome, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls > 0 {
            self.polls -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        }
    }
}
