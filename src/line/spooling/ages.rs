//! How many entries wait and since when, told at once: no lane is looked at, however many there are.

use super::lock;
use crate::domain::time::Millis;
use crate::ports::spool::Held;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One count for each second of store time in which something came that still waits: what an outage
/// of a day costs is 86,400 small rows.
#[derive(Default)]
pub(super) struct Ages {
    waiting: AtomicUsize,
    seconds: Mutex<BTreeMap<u64, usize>>,
}

impl Ages {
    /// These wait.
    pub(super) fn came<'a>(&self, held: impl Iterator<Item = &'a Held>) {
        let mut seconds = None;
        for held in held {
            let seconds = seconds.get_or_insert_with(|| lock(&self.seconds));
            *seconds.entry(second(held)).or_default() += 1;
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// These do not wait any more.
    pub(super) fn went<'a>(&self, held: impl Iterator<Item = &'a Held>) {
        let mut seconds = lock(&self.seconds);
        for held in held {
            if let Some(count) = seconds.get_mut(&second(held)) {
                *count -= 1;
                if *count == 0 {
                    seconds.remove(&second(held));
                }
                self.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// Entries that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The second in which the oldest came.
    pub(super) fn oldest(&self) -> Option<Millis> {
        let seconds = lock(&self.seconds);
        let (second, _) = seconds.first_key_value()?;
        Some(Millis(second * 1_000))
    }
}

fn second(held: &Held) -> u64 {
    held.received.0 / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(received: u64) -> Held {
        Held {
            number: 0,
            received: Millis(received),
            bytes: 1,
        }
    }

    #[test]
    fn the_oldest_is_the_oldest_whoever_leaves_first() {
        let ages = Ages::default();
        assert_eq!((ages.waiting(), ages.oldest()), (0, None));
        let all = [held(5_200), held(9_000), held(5_900), held(7_000)];
        ages.came(all.iter());
        assert_eq!((ages.waiting(), ages.oldest()), (4, Some(Millis(5_000))));
        ages.went([held(7_000), held(5_900)].iter());
        assert_eq!((ages.waiting(), ages.oldest()), (2, Some(Millis(5_000))));
        ages.went([held(5_200)].iter());
        assert_eq!((ages.waiting(), ages.oldest()), (1, Some(Millis(9_000))));
        ages.went([held(9_000)].iter());
        assert_eq!((ages.waiting(), ages.oldest()), (0, None));
        assert!(lock(&ages.seconds).is_empty());
    }
}
