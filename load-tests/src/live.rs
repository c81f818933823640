//! What the driving thread and the watching thread share while a run is under way.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counters; written by the driver, read by everybody.
#[derive(Debug, Default)]
pub struct Live {
    /// Handed to a connection.
    pub sent: AtomicU64,
    /// Answered 2xx.
    pub accepted: AtomicU64,
    /// Answered 503.
    pub refused: AtomicU64,
    /// Another status, or none.
    pub failed: AtomicU64,
    /// Connections open.
    pub connections: AtomicU64,
    /// Every message was sent and its webhook is over.
    pub over: AtomicBool,
    /// Messages on their way; drained by the watcher.
    expected: Mutex<Vec<(Question, usize)>>,
}

/// What an answer names: the customer, and which of the customer's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// As in the plan.
    pub customer: u32,
    /// Which marker.
    pub marker: u32,
}

impl Live {
    /// Notes, before it is sent, what the answer to a message will name.
    pub fn expect(&self, question: Question, message: usize) {
        self.lock().push((question, message));
    }

    /// Takes what was noted since the last time.
    pub fn take_expected(&self) -> Vec<(Question, usize)> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Question, usize)>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds one.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Reads a counter.
pub fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
