//! What a caller may choose when opening, what it may watch, and why opening can be refused.

use crate::domain::time::{Millis, Span};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that tells wall time; injectable so that tests can jump.
pub type WallClock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// Called once when the disk failed; the default logs and ends the process with status 3.
pub type FatalHook = Arc<dyn Fn(&str) + Send + Sync>;

/// How to open an embedded store.
#[derive(Clone)]
pub struct Options {
    /// The data folder, created when absent (mode 0700).
    pub folder: PathBuf,
    /// Below this many free bytes accepting commits are refused. Must leave room for the log and
    /// one checkpoint: at least four times [`Tuning::checkpoint_bytes`] is advised.
    pub free_space_floor: u64,
    /// Most commits that may wait for the writer; one more is refused with `Busy`.
    pub queue_limit: usize,
    /// Longest time a lazy commit waits for company.
    pub lazy_wait: Span,
    /// What to do when the disk failed. It may return (tests); the store stays closed then.
    pub on_fatal: FatalHook,
    /// Where figures go.
    pub observer: Arc<dyn Observer>,
    /// Wall time, asked once per open.
    pub wall: WallClock,
    /// Sizes that were chosen by measurement.
    pub tuning: Tuning,
}

/// Sizes chosen by measurement; the defaults are those of the ADR.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Log bytes after which a checkpoint starts.
    pub checkpoint_bytes: u64,
    /// SQLite page size of a new table, a power of two from 512 to 65536.
    pub page_size: u32,
    /// SQLite page cache of each reading connection, KiB.
    pub cache_kib: u32,
    /// SQLite page cache of the keeper, KiB. A checkpoint goes through the table in order, once: more
    /// would be held for nothing.
    pub keeper_cache_kib: u32,
    /// How long the writer waits for company when commits come in quickly.
    pub gather: Duration,
    /// Commits per second above which it waits for company.
    pub gather_above: u32,
    /// Bits of the key hash that are used; fewer than 64 only to force collisions in tests.
    pub hash_bits: u32,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning {
            checkpoint_bytes: 256 << 20,
            page_size: 4096,
            cache_kib: 8192,
            keeper_cache_kib: 16_384,
            gather: Duration::from_micros(600),
            gather_above: 5_000,
            hash_bits: 64,
        }
    }
}

impl Options {
    /// The defaults for a folder: floor 1 GiB, 8,192 waiting commits, lazy commits wait 20 ms.
    pub fn new(folder: impl Into<PathBuf>) -> Options {
        Options {
            folder: folder.into(),
            free_space_floor: 1 << 30,
            queue_limit: 8192,
            lazy_wait: Span(20),
            on_fatal: Arc::new(end_process),
            observer: Arc::new(NoObserver),
            wall: Arc::new(wall_clock),
            tuning: Tuning::default(),
        }
    }
}

fn end_process(reason: &str) {
    tracing::error!(reason, "store failed, the process ends");
    std::process::exit(3);
}

fn wall_clock() -> Millis {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    Millis(elapsed.map_or(0, |since| since.as_millis() as u64))
}

/// Where the store reports figures. Called on the store's own threads: must not block.
pub trait Observer: Send + Sync {
    /// A batch became durable: how many commits it held, its bytes, seconds from draining the
    /// queue to telling the waiters, and the part of it spent in `fdatasync`.
    fn batch(&self, _commits: usize, _bytes: usize, _seconds: f64, _sync_seconds: f64) {}
    /// A checkpoint ended: entities written and seconds taken.
    fn checkpoint(&self, _entities: usize, _seconds: f64) {}
}

/// An observer that looks away.
pub struct NoObserver;

impl Observer for NoObserver {}

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the folder.
    #[error("store folder {folder} is in use by another process")]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder was written by a newer program.
    #[error(
        "store folder {folder} has format level {found}, this program reads up to {readable}: \
         start the newer program"
    )]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// Level found.
        found: u32,
        /// Greatest readable level.
        readable: u32,
    },
    /// Acknowledged batches are not there: a file was cut, removed or replaced by an older copy.
    #[error(
        "store folder {folder} lacks acknowledged batches {first} to {last} ({detail}): put the \
         missing files back, or restore a whole backup of the folder; to go on without these \
         batches, knowingly, remove the file `witness` and the files `log-*` after {detail_file}"
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// First batch that is missing.
        first: u64,
        /// Last batch known to have been acknowledged.
        last: u64,
        /// What was seen.
        detail: String,
        /// Where the log ends.
        detail_file: String,
    },
    /// Something that was written is not readable any more.
    #[error("store folder {folder} is damaged: {detail}: restore a backup of the whole folder")]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// What and where.
        detail: String,
    },
    /// The disk or SQLite refused.
    #[error("store folder {folder} cannot be opened: {detail}")]
    Io {
        /// The folder.
        folder: PathBuf,
        /// The error text.
        detail: String,
    },
}
