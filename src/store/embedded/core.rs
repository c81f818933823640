//! What the handle, the writer and the keeper share.

use super::clock::StoreClock;
use super::guard::FolderLock;
use super::identity::{Identity, Mark};
use super::options::Options;
use super::overlay::Overlay;
use super::queue::Queue;
use super::table::Readers;
use super::ticket::lock;
use crate::domain::ids::Incarnation;
use crate::ports::store::{Error, Revision};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

/// What the handle, the writer and the keeper share.
pub struct Core {
    /// As given.
    pub options: Options,
    /// What is known in memory.
    pub overlay: RwLock<Overlay>,
    /// What waits for the writer.
    pub queue: Queue,
    /// Read-only connections to the table.
    pub readers: Readers,
    /// Revisions lately seen.
    pub known: Known,
    /// The folder's secret hash.
    pub identity: Identity,
    /// Store time.
    pub clock: StoreClock,
    /// This life of this process.
    pub incarnation: Incarnation,
    /// Number of the last durable batch.
    pub batch: AtomicU64,
    /// Free bytes, as last sampled.
    pub free: AtomicU64,
    /// Held as long as anything of the store lives.
    pub _lock: FolderLock,
}

impl Core {
    /// An error once the store is closed.
    pub fn alive(&self) -> Result<(), Error> {
        self.queue.closed().map_or(Ok(()), Err)
    }

    /// The overlay, for reading.
    pub fn read(&self) -> std::sync::RwLockReadGuard<'_, Overlay> {
        self.overlay.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The overlay, for the writer and the keeper.
    pub fn write(&self) -> std::sync::RwLockWriteGuard<'_, Overlay> {
        self.overlay.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the file system how much room is left.
    pub fn sample_space(&self) {
        let free = rustix::fs::statvfs(&self.options.folder).map_or(u64::MAX, |space| {
            space.f_bavail.saturating_mul(space.f_frsize)
        });
        self.free.store(free, Ordering::Relaxed);
    }

    /// Refuses new work below the floor.
    pub fn room(&self) -> Result<(), Error> {
        let free_bytes = self.free.load(Ordering::Relaxed);
        let floor_bytes = self.options.free_space_floor;
        if free_bytes < floor_bytes {
            return Err(Error::Full {
                free_bytes,
                floor_bytes,
            });
        }
        Ok(())
    }
}

/// Revisions lately seen, so that the writer need not read a row to compare it: by loads, which hold
/// only for the epoch in which they read (later the table may say something else), and by
/// checkpoints, which hold until the entity changes again (then the overlay is asked first).
///
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

    /// Notes what a checkpoint has just written.
    pub fn settled(&self, marks: impl Iterator<Item = (Mark, Revision)>) {
        let mut sets = lock(&self.0);
        for (Mark { id, check }, revision) in marks {
            sets.put(Seen {
                id,
                check,
                epoch: SETTLED,
                revision: Some(revision),
            });
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
