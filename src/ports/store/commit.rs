//! What a writer asks of the store in one atomic step, and how that ends.

use super::{Committed, EntityKey, FeedEntry, Revision, Stored};
use crate::domain::ids::Fingerprint;
use crate::domain::time::Millis;
use std::sync::Arc;

/// Whether a commit takes in new work or settles old work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// New work: refused with [`Error::Full`](super::Error::Full) below the free-space floor.
    Accepting,
    /// Settles work already accepted: passes as long as the disk takes a byte.
    Completing,
}

/// How soon a commit must be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits: wake the writer.
    Now,
    /// May ride on another commit's batch, at most 20 ms later; [`Store::nudge`](super::Store::nudge) ends the wait.
    Lazy,
}

/// What happens to the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// The new value, at most [`MAX_VALUE_BYTES`](super::MAX_VALUE_BYTES).
    Put(Arc<[u8]>),
    /// Leave a tombstone.
    Delete,
}

/// One atomic step on one entity.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Which entity.
    pub key: EntityKey,
    /// The revision the decision was made on; `None`: the entity must not exist.
    pub expected: Option<Revision>,
    /// The token of this commit.
    pub proposed: Revision,
    /// The new value.
    pub write: Write,
    /// When the entity owes something next; `None` clears it.
    pub due: Option<Millis>,
    /// The row for the agents' lists; `None` removes it. A change makes another desk generation.
    pub desk: Option<Box<[u8]>>,
    /// Records appended to the change feed, in order.
    pub feed: Vec<FeedEntry>,
    /// Messages whose words must vanish from the feed (of this entity), now for readers, at the
    /// next compaction from the files.
    pub erase: Vec<Fingerprint>,
    /// New work or old.
    pub class: Class,
    /// How soon.
    pub urgency: Urgency,
}

impl Commit {
    /// A new value that somebody waits for and that settles old work, and nothing else: no due time, no
    /// desk row, no records.
    pub fn settling(
        key: EntityKey,
        expected: Option<Revision>,
        proposed: Revision,
        value: Arc<[u8]>,
    ) -> Commit {
        Commit {
            key,
            expected,
            proposed,
            write: Write::Put(value),
            due: None,
            desk: None,
            feed: Vec::new(),
            erase: Vec::new(),
            class: Class::Completing,
            urgency: Urgency::Now,
        }
    }
}

/// How a commit ended.
#[derive(Debug)]
pub enum Outcome {
    /// Durable; also when it had landed before and was sent again.
    Committed(Committed),
    /// Somebody else committed: decide again on what is stored.
    Conflict(Option<Stored>),
}
