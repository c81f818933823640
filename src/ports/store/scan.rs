//! All that a store holds, entity by entity: what a copy or a backup takes.

use super::{EntityKey, Stored};
use crate::domain::time::Millis;

/// One entity as some commit left it, with what belongs to it besides its feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which entity.
    pub key: EntityKey,
    /// Its revision and value; tombstones are rows, too.
    pub stored: Stored,
    /// When it owes something next. A claim that was not settled may stand in its place.
    pub due: Option<Millis>,
    /// Its row for the agents' lists.
    pub desk: Option<Box<[u8]>>,
}

/// Where a scan goes on. What is in it is the store's own business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub Box<[u8]>);

/// A page of a scan.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The entities.
    pub rows: Vec<Row>,
    /// Rows that cannot be read; each was told in the log.
    pub damaged: usize,
    /// Go on after this; `None`: that was all.
    pub next: Option<Place>,
}
