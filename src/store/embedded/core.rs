//! What the handle, the writer and the keeper share.

use super::clock::StoreClock;
use super::guard::FolderLock;
use super::identity::Identity;
use super::known::Known;
use super::options::Options;
use super::overlay::Overlay;
use super::queue::Queue;
use super::table::Readers;
use crate::domain::ids::Incarnation;
use crate::ports::store::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

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
