//! The store port: everything that must be single is an *entity* under compare-and-commit.
//!
//! # Contract (every body passes the one suite in `tests/store_conformance.rs`)
//!
//! 1. **A commit is atomic**: value, due time, desk row, feed entries and erasures land together
//!    or not at all. When the future returns [`Outcome::Committed`] they survive the death of the
//!    process (embedded: of the machine, given an honest disk).
//! 2. **The revision is a random token chosen by the writer.** `stored == expected` → applied;
//!    `stored == proposed` → this very commit had landed already → success; anything else →
//!    [`Outcome::Conflict`] with what is stored. Sending the same commit again is always safe.
//! 3. **Deletion leaves a tombstone** for [`TOMBSTONE_LIFE`]: a late create (expected `None`)
//!    conflicts with it; a deliberate new beginning names the tombstone's revision.
//! 4. **Commits of one entity apply in the order they were submitted**; commits of different
//!    entities in any order.
//! 5. **An error means unknown, never "not stored"** — except [`Error::Full`], which is said before
//!    anything was written. After any other error of the embedded body the process must end.
//! 6. **Due items come back**: a claim moves the item to a later time instead of removing it, so a
//!    claimer that dies loses nothing. Only a commit of that entity settles its due time.
//! 7. **Reads see every commit that was acknowledged before the read began.**

mod commit;
mod counting;
mod desk;
mod feed;
mod health;
mod nodes;
mod scan;

pub use crate::domain::commit::{Committed, Revision};
use crate::domain::ids::{ConversationKey, Incarnation};
use crate::domain::time::{Millis, Span};
use futures_util::future::{BoxFuture, FutureExt};
use std::fmt::{self, Write as _};
use std::sync::Arc;

pub use commit::{Class, Commit, Outcome, Urgency, Write};
pub use counting::{OPERATIONS_KEPT, OPERATIONS_MAX};
pub use desk::DeskGeneration;
pub use feed::{Cursor, FEED_READERS, FeedEntry, FeedRecord};
pub use health::Health;
pub use nodes::*;
pub use scan::{Page, Place, Row};

/// How long a deleted entity keeps its tombstone: longer than any redelivery (LINE allows 20
/// minutes) or spooled event can be late.
pub const TOMBSTONE_LIFE: Span = Span::hours(48);

/// Greatest value of one entity, checked by the core before it commits.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// What kind of thing an entity is. The number is what is stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum EntityKind {
    /// A customer's conversation.
    Conversation = 1,
    /// A ticket.
    Ticket = 2,
    /// An agent: slots, presence.
    Agent = 3,
    /// A console account.
    Account = 4,
    /// A shared count: push budgets, ticket numbers.
    Counter = 5,
    /// Events that could not be decided, kept raw for a person to look at.
    Quarantine = 6,
}

impl EntityKind {
    /// The kind with this number, if there is one.
    pub fn of(number: u8) -> Option<EntityKind> {
        Some(match number {
            1 => EntityKind::Conversation,
            2 => EntityKind::Ticket,
            3 => EntityKind::Agent,
            4 => EntityKind::Account,
            5 => EntityKind::Counter,
            6 => EntityKind::Quarantine,
            _ => return None,
        })
    }

    /// What several of them are called.
    pub fn plural(self) -> &'static str {
        match self {
            EntityKind::Conversation => "conversations",
            EntityKind::Ticket => "tickets",
            EntityKind::Agent => "agents",
            EntityKind::Account => "accounts",
            EntityKind::Counter => "counters",
            EntityKind::Quarantine => "quarantines",
        }
    }

    /// Whether [`Store::all`] lists this kind: all but conversations, of which there are millions.
    pub fn is_listed(self) -> bool {
        !matches!(self, EntityKind::Conversation)
    }

    /// What [`Store::all`] says of a kind it does not list.
    ///
    /// # Errors
    /// [`Error::Io`] for such a kind.
    pub fn listed(self) -> Result<(), Error> {
        if self.is_listed() {
            return Ok(());
        }
        Err(Error::Io(format!(
            "entities of kind {self:?} are not listed, allowed: every other kind; nothing was read"
        )))
    }
}

/// Names one entity.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityKey {
    /// The kind; two kinds may share an id.
    pub kind: EntityKind,
    /// The id within the kind, at most 200 bytes.
    pub id: Arc<str>,
}

impl EntityKey {
    /// Names an entity of a kind.
    pub fn new(kind: EntityKind, id: &str) -> EntityKey {
        EntityKey {
            kind,
            id: id.into(),
        }
    }

    /// The conversation entity of a chat: `channel/chat`.
    pub fn conversation(key: &ConversationKey) -> EntityKey {
        EntityKey {
            kind: EntityKind::Conversation,
            id: spelled(key).into(),
        }
    }
}

/// `channel/chat`, written in one go: every commit is made under such a name.
fn spelled(key: &ConversationKey) -> String {
    let mut id = String::with_capacity(key.channel.as_str().len() + 34);
    id.push_str(key.channel.as_str());
    let _ = write!(id, "/{}", key.chat);
    id
}

impl fmt::Debug for EntityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}", self.kind, self.id)
    }
}

/// What the store holds for an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The revision to expect in the next commit.
    pub revision: Revision,
    /// The value, or `None` for a tombstone.
    pub value: Option<Arc<[u8]>>,
}

/// Why the store gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Nothing was written: less room than the configured floor.
    #[error("store is full: {free_bytes} bytes free, floor is {floor_bytes}")]
    Full {
        /// Bytes the disk has left.
        free_bytes: u64,
        /// The floor from the config.
        floor_bytes: u64,
    },
    /// Nothing was written: too many commits are waiting for the disk.
    #[error("store is busy: {waiting} commits are waiting")]
    Busy {
        /// Commits in the writer's queue.
        waiting: usize,
    },
    /// The store is shutting down or has failed; the outcome is unknown.
    #[error("store is closed: {0}")]
    Closed(String),
    /// What is on the disk is not what was written.
    #[error("store is damaged: {0}")]
    Damaged(String),
    /// The outside failed; the outcome is unknown.
    #[error("store failed: {0}")]
    Io(String),
}

/// Something that owes an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which entity.
    pub key: EntityKey,
    /// Since when.
    pub at: Millis,
}

/// What a claim handed out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// The items, most recent first.
    pub items: Vec<Due>,
    /// Nothing that is more recent than these was left out, and if they are fewer than asked for,
    /// nothing more is due. Otherwise a part of the store did not answer: what it holds is still to be
    /// claimed.
    pub complete: bool,
}

/// The trait all stores keep. Methods are called from any thread.
pub trait Store: Nodes + Send + Sync + 'static {
    /// Store time: advanced by the monotonic clock, never backwards, not moved by the wall clock.
    fn now(&self) -> Millis;

    /// This life of this process; differs at every open.
    fn incarnation(&self) -> Incarnation;

    /// Whether other processes may write to this store at the same time: what was read a moment ago
    /// may be old.
    fn is_shared(&self) -> bool {
        false
    }

    /// Reads an entity. Embedded: on the calling thread, microseconds when warm.
    fn load(&self, key: &EntityKey) -> BoxFuture<'static, Result<Option<Stored>, Error>>;

    /// Makes one step durable. Dropping the future does not cancel the commit.
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<Outcome, Error>>;

    /// Adds to a counter, once for each operation id (drawn at random), however often it is asked within
    /// [`OPERATIONS_KEPT`], and tells the count after it. `Busy`: nothing was counted, too many lately.
    fn count<'a>(
        &'a self,
        counter: &str,
        by: u64,
        operation: Revision,
    ) -> BoxFuture<'a, Result<u64, Error>> {
        counting::count(self, counting::counter_key(counter), by, operation).boxed()
    }

    /// Somebody waits behind a lazy commit: write now.
    fn nudge(&self);

    /// Hands out at most `limit` items due at `upto` or before, most recent `at` first (freshest
    /// reply tokens), and moves each to `until`. A store that failed on the way hands out what it had
    /// moved until then, and says that it is not [complete](Claimed::complete). An `until` that is not
    /// after `upto` would hand them out again at once. What names nobody this build can read is moved
    /// and handed out to nobody.
    fn claim_due(
        &self,
        upto: Millis,
        until: Millis,
        limit: usize,
    ) -> BoxFuture<'static, Result<Claimed, Error>>;

    /// All entities of a kind that have a value, in the order of their keys. For the few kinds a
    /// person asks about; a kind of millions (conversations) is read one by one and refused here by
    /// [`EntityKind::listed`]. A damaged row is left out and logged.
    fn all(
        &self,
        kind: EntityKind,
    ) -> BoxFuture<'static, Result<Vec<(EntityKey, Arc<[u8]>)>, Error>>;

    /// Reads entities of every kind, tombstones too, a page at a time; `after` is what the page before
    /// said. Commits go on meanwhile: an entity that was there when the scan began is met at least
    /// once, and if more often, later ones are not older; one that comes meanwhile may be met or not.
    /// A page holds about `limit` rows and may be empty before the end.
    fn scan(&self, after: Option<Place>, limit: usize) -> BoxFuture<'static, Result<Page, Error>>;

    /// Into how many partitions the change feed is divided; fixed for the life of the store. Bodies
    /// on one machine have one.
    fn feeds(&self) -> u16 {
        1
    }

    /// Reads the change feed of the cursor's partition after the cursor, oldest first, at most
    /// `limit` records. Only an empty answer is the end: a shorter one may be full in bytes. A
    /// partition the store does not have is empty.
    ///
    /// What was trimmed is never read. A store that lost what the cursor names (a failover that lost
    /// acknowledged commits) reads again from what is trimmed on: the cursors of those records may be
    /// less than the one asked with. Go on after the last record's, whatever it is.
    fn feed(
        &self,
        after: Cursor,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<FeedRecord>, Error>>;

    /// Forgets whole batches of the cursor's partition up to and including `upto.batch`: what the
    /// archive has. From the first moment on they are not read, even if the call does not return: the
    /// next one, with whatever cursor, finishes it. A batch that the store lost is not trimmed to.
    fn trim_feed(&self, upto: Cursor) -> BoxFuture<'static, Result<(), Error>>;

    /// Another one after every commit that changed a desk row, the same as long as none did.
    fn desk_generation(&self) -> BoxFuture<'static, Result<DeskGeneration, Error>>;

    /// All desk rows.
    fn desk_rows(&self) -> BoxFuture<'static, Result<Vec<(EntityKey, Box<[u8]>)>, Error>>;

    /// Drops erased words from the files, expired tombstones, and gives room back.
    fn compact(&self) -> BoxFuture<'static, Result<(), Error>>;

    /// How the store is.
    fn health(&self) -> Health;

    /// Writes what is waiting, checkpoints, closes. Later calls return [`Error::Closed`].
    fn close(&self) -> BoxFuture<'static, Result<(), Error>>;
}
