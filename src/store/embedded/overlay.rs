//! What is known in memory: entities changed since the last checkpoint, the tail of the feed, the
//! due index, desk rows and erasures. Only durable things are in here, so that a reader never acts
//! on what a crash could take back.

use super::due::DueIndex;
use super::feed::{Erasures, FeedBatch};
use super::identity::Aliases;
use crate::domain::ids::Fingerprint;
use crate::domain::time::Millis;
use crate::ports::store::{Cursor, EntityKey, Revision, Stored};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// Entity numbers are hashes already.
#[derive(Default)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_i64(&mut self, number: i64) {
        self.0 = number as u64;
    }
}

/// A map by entity number.
pub type ById<T> = HashMap<i64, T, BuildHasherDefault<AsIs>>;

/// An entity as it stands.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its key, to tell it from another with the same hash.
    pub key: EntityKey,
    /// Its revision.
    pub revision: Revision,
    /// Its value; `None`: tombstone.
    pub value: Option<Arc<[u8]>>,
    /// When it owes something.
    pub due: Option<Millis>,
    /// Store time of its last commit.
    pub at: Millis,
}

impl Entry {
    /// As the port says it.
    pub fn stored(&self) -> Stored {
        Stored {
            revision: self.revision,
            value: self.value.clone(),
        }
    }
}

/// A desk row and whose it is.
pub type DeskRow = (EntityKey, Box<[u8]>);

/// One durable commit, ready to be shown.
pub struct Step {
    /// Entity number.
    pub id: i64,
    /// The entity after it.
    pub entry: Entry,
    /// Its desk row after it.
    pub desk: Option<Box<[u8]>>,
    /// Messages erased by it.
    pub erase: Vec<Fingerprint>,
    /// Feed records of the batch up to and including its own.
    pub upto: u32,
}

/// What a checkpoint writes: everything up to one batch.
pub struct Frozen {
    /// Number, id and time of the last batch covered.
    pub mark: super::witness::Sighting,
    /// Token of the desk then.
    pub generation: u64,
    /// Changed entities.
    pub entries: ById<Entry>,
    /// Changed desk rows.
    pub desk: Vec<(i64, Option<DeskRow>)>,
    /// Feed batches.
    pub feed: Vec<Arc<FeedBatch>>,
    /// All erasures in force.
    pub erasures: Erasures,
    /// All aliases.
    pub aliases: Vec<(EntityKey, i64)>,
}

/// The state readers look at, under one lock.
#[derive(Default)]
pub struct Overlay {
    /// Changed since the last freeze.
    pub active: ById<Entry>,
    /// Those of them that are of a listed kind: few among very many.
    pub few: HashSet<i64>,
    /// Being written to the table.
    pub frozen: Option<Arc<Frozen>>,
    /// Feed batches not yet in the table.
    pub tail: VecDeque<Arc<FeedBatch>>,
    /// Erasures not yet compacted away.
    pub erasures: Erasures,
    /// What owes something.
    pub due: DueIndex,
    /// All desk rows.
    pub desk: HashMap<i64, DeskRow>,
    /// Desk rows changed since the last freeze.
    pub desk_changed: HashSet<i64>,
    /// Raised by every commit that changed a desk row.
    pub generation: u64,
    /// Feed batches up to here are forgotten.
    pub trimmed: u64,
    /// Keys that live elsewhere than their hash says.
    pub aliases: Aliases,
    /// Raised whenever the table changed under the overlay.
    pub epoch: u64,
}

impl Overlay {
    /// The entity with this number, if it changed since the table was written.
    pub fn get(&self, id: i64) -> Option<&Entry> {
        self.active
            .get(&id)
            .or_else(|| self.frozen.as_ref()?.entries.get(&id))
    }

    /// Shows a durable commit of batch `number`.
    pub fn show(&mut self, number: u64, step: Step) {
        let Step {
            id,
            entry,
            desk,
            erase,
            upto,
        } = step;
        self.due.set(id, entry.due);
        match desk {
            Some(row) => {
                let same = self.desk.get(&id).is_some_and(|(_, old)| *old == row);
                if !same {
                    self.desk.insert(id, (entry.key.clone(), row));
                    self.desk_changed.insert(id);
                }
            }
            None => {
                if !self.desk.is_empty() && self.desk.remove(&id).is_some() {
                    self.desk_changed.insert(id);
                }
            }
        }
        for message in erase {
            let reach = Cursor {
                partition: 0,
                batch: number,
                index: upto,
            };
            self.erasures.insert((id, message), reach);
        }
        if entry.key.kind.is_listed() {
            self.few.insert(id);
        }
        self.active.insert(id, entry);
    }

    /// Sets aside what a checkpoint will write.
    pub fn freeze(&mut self, mark: super::witness::Sighting) -> Arc<Frozen> {
        self.few.clear();
        let desk = self
            .desk_changed
            .drain()
            .map(|id| (id, self.desk.get(&id).cloned()))
            .collect();
        let frozen = Arc::new(Frozen {
            mark,
            generation: self.generation,
            entries: std::mem::take(&mut self.active),
            desk,
            feed: self.tail.iter().cloned().collect(),
            erasures: self.erasures.clone(),
            aliases: self.aliases.iter().map(|(k, v)| (k.clone(), *v)).collect(),
        });
        self.frozen = Some(Arc::clone(&frozen));
        frozen
    }

    /// Drops what a checkpoint has written; returns it so that freeing happens outside the lock.
    pub fn thaw(&mut self) -> Option<Arc<Frozen>> {
        let frozen = self.frozen.take()?;
        self.epoch += 1;
        while self
            .tail
            .front()
            .is_some_and(|batch| batch.number <= frozen.mark.number)
        {
            self.tail.pop_front();
        }
        Some(frozen)
    }
}
