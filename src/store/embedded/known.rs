//! Revisions lately seen, so that the writer need not read a row to compare it.
//!
//! Seen by loads, which hold only for the epoch in which they read (later the table may say something
//! else), and by checkpoints, which hold until the entity changes again (then the overlay is asked
//! first). It may forget; it never says what was not noted for that very key.

use super::identity::Mark;
use super::ticket::lock;
use crate::ports::store::Revision;
use std::sync::Mutex;

/// A cache of sets: where a set is full, its entries are replaced in turn.
pub struct Known(Mutex<Sets>);

struct Sets {
    seen: Vec<Seen>,
    /// Which entry of any set goes next.
    turn: usize,
}

#[derive(Clone, Copy)]
struct Seen {
    id: i64,
    check: u64,
    epoch: u64,
    revision: Option<Revision>,
}

/// Sets, a power of two, and the entries of each; 12 MiB in all.
const SETS: usize = 64 * 1024;
const WAYS: usize = 4;
/// Notes of a checkpoint made under one lock.
const HOLD: usize = 1_000;
/// Written by a checkpoint: good in every epoch.
const SETTLED: u64 = u64::MAX;
/// No entry: no epoch is this one.
const NEVER: Seen = Seen {
    id: 0,
    check: 0,
    epoch: SETTLED - 1,
    revision: None,
};

impl Default for Known {
    fn default() -> Known {
        Known(Mutex::new(Sets {
            seen: vec![NEVER; SETS * WAYS],
            turn: 0,
        }))
    }
}

impl Known {
    /// Notes what a load of this epoch found.
    pub fn put(&self, mark: Mark, epoch: u64, revision: Option<Revision>) {
        let Mark { id, check } = mark;
        lock(&self.0).put(Seen {
            id,
            check,
            epoch,
            revision,
        });
    }

    /// Notes what a checkpoint has just written. The marks are made outside of the lock, and it is
    /// held for [`HOLD`] of them at a time: loads and the writer go between.
    pub fn settled(&self, mut marks: impl Iterator<Item = (Mark, Revision)>) {
        let mut some = Vec::with_capacity(HOLD);
        loop {
            some.extend(marks.by_ref().take(HOLD));
            if some.is_empty() {
                return;
            }
            let mut sets = lock(&self.0);
            for (Mark { id, check }, revision) in some.drain(..) {
                sets.put(Seen {
                    id,
                    check,
                    epoch: SETTLED,
                    revision: Some(revision),
                });
            }
        }
    }

    /// Forgets everything: rows are being removed.
    pub fn clear(&self) {
        lock(&self.0).seen.fill(NEVER);
    }

    /// What is known to be at this number under this very key.
    pub fn get(&self, id: i64, check: u64, epoch: u64) -> Option<Option<Revision>> {
        let sets = lock(&self.0);
        let seen = sets.seen[set(id)].iter().find(|seen| seen.id == id)?;
        let holds = seen.epoch == epoch || seen.epoch == SETTLED;
        (seen.check == check && holds).then_some(seen.revision)
    }
}

impl Sets {
    /// An entity has one entry: what was noted before is replaced.
    fn put(&mut self, new: Seen) {
        self.turn = (self.turn + 1) % WAYS;
        let turn = self.turn;
        let set = &mut self.seen[set(new.id)];
        let place = set.iter().position(|seen| seen.id == new.id);
        let free = || set.iter().position(|seen| seen.epoch == NEVER.epoch);
        let place = place.or_else(free).unwrap_or(turn);
        set[place] = new;
    }
}

/// Numbers are hashes: any bits will do.
fn set(id: i64) -> std::ops::Range<usize> {
    let first = (id as usize & (SETS - 1)) * WAYS;
    first..first + WAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nth entity of one set.
    fn mark(n: usize) -> Mark {
        Mark {
            id: (7 + n * SETS) as i64,
            check: n as u64,
        }
    }

    fn revision(n: usize) -> Option<Revision> {
        Some(Revision([n as u8; 16]))
    }

    fn get(known: &Known, n: usize, epoch: u64) -> Option<Option<Revision>> {
        known.get(mark(n).id, mark(n).check, epoch)
    }

    #[test]
    fn a_full_set_replaces_in_turn_and_leaves_other_sets_alone() {
        let known = Known::default();
        let other = Mark { id: 8, check: 1 };
        known.put(other, 1, revision(99));
        for n in 0..WAYS {
            known.put(mark(n), 1, revision(n));
        }
        for n in 0..WAYS {
            assert_eq!(get(&known, n, 1), Some(revision(n)), "all have a place");
        }
        // As many again as there are places: each takes one.
        for n in WAYS..2 * WAYS {
            known.put(mark(n), 1, revision(n));
            let newest = (0..=n).filter(|n| get(&known, *n, 1).is_some());
            assert_eq!(newest.count(), WAYS);
        }
        for n in 0..WAYS {
            assert_eq!(get(&known, n, 1), None);
            assert_eq!(get(&known, n + WAYS, 1), Some(revision(n + WAYS)));
        }
        assert_eq!(known.get(other.id, other.check, 1), Some(revision(99)));
    }

    #[test]
    fn a_later_note_replaces_the_one_before() {
        let known = Known::default();
        known.put(mark(1), 1, None);
        assert_eq!(get(&known, 1, 1), Some(None), "known to be absent");
        known.put(mark(1), 1, revision(2));
        assert_eq!(get(&known, 1, 1), Some(revision(2)));
        known.settled([(mark(1), Revision([3; 16]))].into_iter());
        assert_eq!(get(&known, 1, 1), Some(revision(3)));
    }

    #[test]
    fn a_note_of_another_epoch_is_not_served_and_a_settled_one_is() {
        let known = Known::default();
        known.put(mark(1), 4, revision(1));
        known.settled([(mark(2), Revision([2; 16]))].into_iter());
        for epoch in [0, 3, 5] {
            assert_eq!(get(&known, 1, epoch), None);
            assert_eq!(get(&known, 2, epoch), Some(revision(2)));
        }
        assert_eq!(get(&known, 1, 4), Some(revision(1)));
    }

    #[test]
    fn another_key_with_the_same_number_is_not_served() {
        let known = Known::default();
        let Mark { id, check } = mark(1);
        known.put(mark(1), 1, revision(1));
        assert_eq!(known.get(id, check + 1, 1), None);
        known.settled([(mark(1), Revision([2; 16]))].into_iter());
        assert_eq!(known.get(id, check + 1, 1), None);
    }

    #[test]
    fn what_is_cleared_is_forgotten() {
        let known = Known::default();
        known.put(mark(1), 1, revision(1));
        known.settled([(mark(2), Revision([2; 16]))].into_iter());
        known.clear();
        assert_eq!(get(&known, 1, 1), None);
        assert_eq!(get(&known, 2, 1), None);
    }

    #[test]
    fn a_long_checkpoint_is_noted_whole_and_lets_others_in_between() {
        let known = Known::default();
        let many = 2 * HOLD + 1;
        let of = |n: usize| Mark {
            id: n as i64,
            check: n as u64,
        };
        let marks = (0..many).inspect(|_| {
            assert!(known.0.try_lock().is_ok(), "no mark is made under the lock");
        });
        known.settled(marks.map(|n| (of(n), Revision([n as u8; 16]))));
        for n in 0..many {
            assert_eq!(known.get(n as i64, n as u64, 0), Some(revision(n)));
        }
        assert_eq!(known.get(many as i64, many as u64, 0), None);
    }
}
