//! The spool on the embedded engine: a folder of its own, one entity per event.
//!
//! Group commit, crash recovery, the floor of free room and the lock on the folder are the engine's.
//! An entity's name carries all that must be known without reading it (number, time, size,
//! conversation), so that opening a full spool reads no event. Entities are named once in the life
//! of the folder: the tombstone of one that was removed never stands in another's way.

use crate::domain::ids::{ChannelId, ChatId, ConversationKey};
use crate::domain::time::Millis;
use crate::ports::spool::{Entry, Error, Held, MAX_EVENT_BYTES, Spool, Usage};
use crate::ports::store::{
    Class, Commit, EntityKey, EntityKind, Error as StoreError, Outcome, Revision, Store as _,
    Urgency, Write,
};
use crate::store::embedded::{Embedded, NoObserver, OpenError, Options, Tuning};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What an entry costs on the disk beside its event: its name, in the log and in the table, its row
/// and its tombstone.
pub const ENTRY_BYTES: u64 = 512;
/// The kind its entities have: one the engine never lists.
const KIND: EntityKind = EntityKind::Conversation;
/// Later than any due time; claiming moves what is due beyond it, in memory only.
const ALWAYS: Millis = Millis(1 << 62);
/// Names read in one go at the start.
const AT_ONCE: usize = 4_096;
/// Numbers of one millisecond of the engine's time.
const PER_MILLI: u64 = 1 << 16;

/// A spool in a folder.
pub struct FolderSpool {
    engine: Embedded,
    max: u64,
    bytes: Arc<AtomicU64>,
    failed: Arc<AtomicBool>,
    left: Mutex<Vec<(ConversationKey, Held)>>,
    /// Above the numbers of what was left.
    after_left: u64,
}

impl FolderSpool {
    /// Opens the folder, made when absent, and finds what it holds. `max`: bytes it may hold;
    /// `floor`: free bytes on the disk below which nothing is taken.
    ///
    /// # Errors
    /// As [`Embedded::open`]; among them a second process on the same folder.
    pub fn open(folder: &Path, max: u64, floor: u64) -> Result<FolderSpool, OpenError> {
        let failed = Arc::new(AtomicBool::new(false));
        let mut options = Options::new(folder);
        options.free_space_floor = floor;
        options.queue_limit = 65_536;
        options.observer = Arc::new(NoObserver);
        let flag = failed.clone();
        // The store may be well: the node goes on without a spool rather than not at all.
        options.on_fatal = Arc::new(move |reason| {
            flag.store(true, Ordering::Relaxed);
            tracing::error!(
                reason,
                "the spool's disk failed: it takes nothing before a restart"
            );
        });
        options.tuning = Tuning {
            checkpoint_bytes: 32 << 20,
            cache_kib: 1_024,
            keeper_cache_kib: 2_048,
            ..Tuning::default()
        };
        FolderSpool::with(options, max, failed)
    }

    fn with(options: Options, max: u64, failed: Arc<AtomicBool>) -> Result<FolderSpool, OpenError> {
        let folder = options.folder.clone();
        let engine = Embedded::open(options)?;
        let left = left_in(&engine).map_err(|error| OpenError::Io {
            folder,
            detail: error.to_string(),
        })?;
        let after_left = left.last().map_or(0, |(_, held)| held.number + 1);
        let bytes = left.iter().map(|(_, held)| cost(held)).sum();
        Ok(FolderSpool {
            engine,
            max,
            bytes: Arc::new(AtomicU64::new(bytes)),
            failed,
            left: Mutex::new(left),
            after_left,
        })
    }

    fn commit(
        &self,
        key: &ConversationKey,
        held: &Held,
        write: Write,
    ) -> BoxFuture<'static, Result<Outcome, StoreError>> {
        let (put, gone) = revisions(held.number);
        let new = matches!(write, Write::Put(_));
        self.engine.commit(Commit {
            key: name(key, held),
            expected: (!new).then_some(put),
            proposed: if new { put } else { gone },
            write,
            due: new.then_some(held.received),
            desk: None,
            feed: Vec::new(),
            erase: Vec::new(),
            class: if new {
                Class::Accepting
            } else {
                Class::Completing
            },
            urgency: if new { Urgency::Now } else { Urgency::Lazy },
        })
    }
}

impl Spool for FolderSpool {
    fn left(&self) -> Vec<(ConversationKey, Held)> {
        std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn first_free(&self) -> u64 {
        let last = self.after_left;
        // The engine's time never runs back over its lives, and no life gives out that many.
        last.max(self.engine.now().0.saturating_mul(PER_MILLI))
    }

    fn put(&self, key: &ConversationKey, entry: Entry) -> BoxFuture<'static, Result<(), Error>> {
        let Entry { held, event } = entry;
        if event.len() > MAX_EVENT_BYTES {
            let bytes = event.len();
            return ready(Err(Error::TooLong { bytes })).boxed();
        }
        let cost = cost(&held);
        let before = self.bytes.fetch_add(cost, Ordering::Relaxed);
        let refund = Refund {
            bytes: self.bytes.clone(),
            cost,
        };
        if before + cost > self.max {
            let (bytes, max) = (before, self.max);
            return ready(Err(Error::Full { bytes, max })).boxed();
        }
        let commit = self.commit(key, &held, Write::Put(event));
        async move {
            match commit.await? {
                Outcome::Committed(_) => {
                    // What the entry holds now, its removal gives back.
                    refund.keep();
                    Ok(())
                }
                Outcome::Conflict(_) => Err(Error::Disk(StoreError::Io(format!(
                    "number {} was given out before",
                    held.number
                )))),
            }
        }
        .boxed()
    }

    fn read(&self, key: &ConversationKey, held: &Held) -> Result<Option<Arc<[u8]>>, Error> {
        let loaded = self.engine.load(&name(key, held)).now_or_never();
        let stored = loaded.ok_or_else(|| StoreError::Io("a read that waits".into()))??;
        Ok(stored.and_then(|stored| stored.value))
    }

    fn remove(&self, key: &ConversationKey, held: &Held) {
        self.bytes.fetch_sub(cost(held), Ordering::Relaxed);
        // Whether it succeeds changes nothing now: what comes back is known by its event id.
        drop(self.commit(key, held, Write::Delete));
    }

    fn usage(&self) -> Usage {
        let bytes = self.bytes.load(Ordering::Relaxed);
        let failed = self.failed.load(Ordering::Relaxed);
        Usage {
            bytes,
            max: self.max,
            taking: !failed && bytes < self.max && self.engine.health().accepting(),
            failed,
        }
    }

    fn compact(&self) -> BoxFuture<'static, Result<(), Error>> {
        self.engine.compact().map(|done| Ok(done?)).boxed()
    }

    fn close(&self) -> BoxFuture<'static, Result<(), Error>> {
        self.engine.close().map(|done| Ok(done?)).boxed()
    }
}

/// Gives bytes back when dropped.
struct Refund {
    bytes: Arc<AtomicU64>,
    cost: u64,
}

impl Refund {
    /// Gives nothing back.
    fn keep(mut self) {
        self.cost = 0;
    }
}

impl Drop for Refund {
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.cost, Ordering::Relaxed);
    }
}

fn cost(held: &Held) -> u64 {
    u64::from(held.bytes) + ENTRY_BYTES
}

/// `number.received.bytes/channel/chat`.
fn name(key: &ConversationKey, held: &Held) -> EntityKey {
    let Held {
        number,
        received: Millis(received),
        bytes,
    } = held;
    EntityKey::new(KIND, &format!("{number:x}.{received:x}.{bytes:x}/{key}"))
}

fn named(key: &EntityKey) -> Option<(ConversationKey, Held)> {
    let (facts, conversation) = key.id.split_once('/')?;
    let (channel, chat) = conversation.split_once('/')?;
    let mut facts = facts.split('.');
    let mut next = || u64::from_str_radix(facts.next()?, 16).ok();
    let held = Held {
        number: next()?,
        received: Millis(next()?),
        bytes: u32::try_from(next()?).ok()?,
    };
    let key = ConversationKey::new(ChannelId::new(channel), ChatId::new(chat));
    Some((key, held))
}

/// The tokens of keeping and of removing: an entity is written once and removed once.
fn revisions(number: u64) -> (Revision, Revision) {
    let mut put = [0; 16];
    put[..8].copy_from_slice(&number.to_le_bytes());
    let mut gone = put;
    (put[8], gone[8]) = (1, 2);
    (Revision(put), Revision(gone))
}

/// What is due is what is there: entries are due from the moment they came.
fn left_in(engine: &Embedded) -> Result<Vec<(ConversationKey, Held)>, StoreError> {
    let mut left = Vec::new();
    loop {
        let claimed = engine.claim_due(ALWAYS, ALWAYS + crate::domain::time::Span(1), AT_ONCE);
        let claimed = claimed
            .now_or_never()
            .ok_or_else(|| StoreError::Io("a claim that waits".into()))??
            .items;
        left.extend(claimed.iter().filter_map(|due| named(&due.key)));
        if claimed.len() < AT_ONCE {
            break;
        }
    }
    left.sort_unstable_by_key(|(_, held): &(_, Held)| held.number);
    Ok(left)
}
