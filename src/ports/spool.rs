//! The spool port: events kept on this machine's disk while the store does not take them.
//!
//! # Contract (`tests/spool_disk.rs`)
//! 1. **`put` is durable when it answers `Ok`**: the entry survives the death of the process, and of
//!    the machine given an honest disk. An error means that the entry is not *known* to be kept.
//! 2. **What was put is found again at the next open**, each entry once, until it was removed. A
//!    removal may be forgotten by a crash: the entry then comes back, and whoever delivers it knows
//!    it by its webhook event id.
//! 3. **Numbers order entries.** They are given out by the caller, above [`Spool::first_free`], and
//!    never twice, over all lives of the folder.
//! 4. **It is bounded**: beyond its bytes, or below the disk's floor, `put` is refused and nothing is
//!    written. Removing always passes.

use crate::domain::ids::ConversationKey;
use crate::domain::time::Millis;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Greatest event that is kept, in bytes. LINE's longest text is 5,000 characters, at most 30 KB of
/// JSON with every one escaped ("Text message", Messaging API reference).
pub const MAX_EVENT_BYTES: usize = 60 * 1024;

/// An entry, without its event: what is remembered of it in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its number: entries of one conversation are delivered in this order.
    pub number: u64,
    /// Store time at which the webhook reached us: the age of its reply token counts from here.
    pub received: Millis,
    /// Bytes of the event.
    pub bytes: u32,
}

/// What is to be kept.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number and its time; `bytes` is the length of the event.
    pub held: Held,
    /// The event as LINE sent it, one JSON object.
    pub event: Arc<[u8]>,
}

/// Why an entry is not known to be kept, or cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was written: the spool holds what it may.
    #[error("spool is full: {bytes} bytes, store.spool_max is {max}")]
    Full {
        /// Bytes it holds.
        bytes: u64,
        /// Bytes it may hold.
        max: u64,
    },
    /// Nothing was written: an event or an identifier longer than LINE's can be.
    #[error("spool takes events of at most {MAX_EVENT_BYTES} bytes, this one has {bytes}")]
    TooLong {
        /// Bytes of the event.
        bytes: usize,
    },
    /// The disk failed or has too little room.
    #[error("spool: {0}")]
    Disk(#[from] super::store::Error),
}

/// How full it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of what it holds, counted with what each entry costs beside its event.
    pub bytes: u64,
    /// Bytes it may hold.
    pub max: u64,
    /// It takes events now: neither full nor out of disk.
    pub taking: bool,
    /// It does not take anything any more before a restart: its disk failed.
    pub failed: bool,
}

/// Keeps events on this machine. Methods are called from any thread.
pub trait Spool: Send + Sync + 'static {
    /// What earlier lives left, in the order of its numbers. Handed out once: asked again, it is empty.
    fn left(&self) -> Vec<(ConversationKey, Held)>;

    /// The least number that no life of this folder has given out.
    fn first_free(&self) -> u64;

    /// Keeps an entry. Dropping the future does not take it back.
    fn put(&self, key: &ConversationKey, entry: Entry) -> BoxFuture<'static, Result<(), Error>>;

    /// Reads an event back, on the calling thread, which waits for the disk; `None`: it is not there.
    ///
    /// # Errors
    /// When the disk fails.
    fn read(&self, key: &ConversationKey, held: &Held) -> Result<Option<Arc<[u8]>>, Error>;

    /// Forgets an entry; durable a little later.
    fn remove(&self, key: &ConversationKey, held: &Held);

    /// How full it is.
    fn usage(&self) -> Usage;

    /// Takes the words of what was removed out of the files.
    fn compact(&self) -> BoxFuture<'static, Result<(), Error>>;

    /// Writes what is waiting and closes.
    fn close(&self) -> BoxFuture<'static, Result<(), Error>>;
}
