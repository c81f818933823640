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
    /// Reply tokens on their way and whose they are; drained by the watcher.
    tokens: Mutex<Vec<(u128, usize)>>,
}

impl Live {
    /// Notes, before it is sent, the reply token of a message.
    pub fn expect(&self, token: u128, message: usize) {
        self.lock().push((token, message));
    }

    /// Takes the tokens noted since the last time.
    pub fn take_tokens(&self) -> Vec<(u128, usize)> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(u128, usize)>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
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

/// A reply token as a number; the simulator writes them as 32 hex digits.
pub fn token(text: &str) -> Option<u128> {
    u128::from_str_radix(text, 16).ok()
}
