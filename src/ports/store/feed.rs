//! The change feed: what was learned, written in the same step as the value, read in order until the
//! archive has it.

use super::EntityKey;
use crate::domain::ids::Fingerprint;
use crate::domain::time::Millis;

/// One record of the change feed, written in the same step as the value.
///
/// The payload is JSON. A payload that carries a customer's words names the message, so that an
/// unsend can find and erase it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEntry {
    /// The message whose words the payload carries, if any.
    pub erasable: Option<Fingerprint>,
    /// UTF-8 JSON, at most 64 KiB.
    pub payload: Box<[u8]>,
}

/// A place in the change feed; ordered within its partition, dense within a batch.
///
/// A store on many servers has no clock and no counter that all of them share, so its feed is read
/// partition by partition ([`Store::feeds`](super::Store::feeds) says how many there are). All records of an entity are
/// in one partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Which partition of the feed, counted from 0.
    pub partition: u16,
    /// Number of the commit batch.
    pub batch: u64,
    /// Position in the batch, counted from 1; 0 means before the first.
    pub index: u32,
}

impl Cursor {
    /// Before the first record of a partition.
    pub fn before(partition: u16) -> Cursor {
        Cursor {
            partition,
            ..Cursor::default()
        }
    }
}

/// A feed record as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRecord {
    /// Read on after this.
    pub cursor: Cursor,
    /// When the batch was written, store time.
    pub at: Millis,
    /// Whose record it is.
    pub key: EntityKey,
    /// The payload; `None` when its message was unsent.
    pub payload: Option<Box<[u8]>>,
}

/// Counters whose ids begin with this say how far the feed of this very store was read. They mean
/// nothing in another store, and are not moved into one.
pub const FEED_READERS: &str = "housekeeper/";
