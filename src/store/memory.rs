//! The store in memory: the reference of the contract, for tests and `demo`. It keeps nothing.
//!
//! Every law of `ports::store` is said here in the plainest way; other bodies are compared with it.
//! [`faults`] lets a test make it misbehave as real stores do.

pub mod faults;
mod model;

use super::local::{Alone, Local};
use crate::domain::ids::{Fingerprint, Incarnation};
use crate::domain::time::Millis;
use crate::ports::store::{
    Claimed, Commit, Cursor, DeskGeneration, EntityKey, EntityKind, Error, FeedRecord, Health,
    Outcome, Page, Place, Revision, Row, Store, Stored, TOMBSTONE_LIFE,
};
use faults::Faults;
use futures_util::future::{BoxFuture, FutureExt, ready};
use model::{Clock, Model, State};
use std::collections::HashMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A store that lives in memory.
#[derive(Clone)]
pub struct Memory {
    model: Arc<Mutex<Model>>,
    local: Arc<Local>,
}

impl Default for Memory {
    fn default() -> Memory {
        Memory::new()
    }
}

impl Memory {
    /// An empty store whose clock runs from one million seconds after the epoch.
    pub fn new() -> Memory {
        let draw = Fingerprint::of(&format!("{:?}", Instant::now())).0;
        Memory {
            model: Arc::new(Mutex::new(Model {
                state: State::default(),
                clock: Clock::Running(Instant::now(), Millis(1_000_000_000)),
                faults: Faults::default(),
                history: Vec::new(),
                incarnation: Incarnation(draw),
                closed: false,
            })),
            local: Arc::default(),
        }
    }

    /// Stops the clock at a time of the test's choice. It never goes back.
    pub fn set_now(&self, now: Millis) {
        let mut model = self.model();
        let now = now.max(model.now());
        model.clock = Clock::Set(now);
    }

    /// The next life of the process: same content, another incarnation, open again; what the life
    /// before had claimed is due at once.
    pub fn restart(&self) {
        let mut model = self.model();
        for entity in model.state.entities.values_mut() {
            entity.held = None;
        }
        model.incarnation.0 = model.incarnation.0.wrapping_add(1);
        model.closed = false;
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, body: impl FnOnce(&mut Model) -> T) -> Result<T, Error> {
        let mut model = self.model();
        if model.closed {
            return Err(Error::Closed("the store was closed".into()));
        }
        Ok(body(&mut model))
    }
}

impl Alone for Memory {
    fn local(&self) -> &Local {
        &self.local
    }

    fn own(&self) -> Incarnation {
        self.model().incarnation
    }

    fn time(&self) -> Millis {
        self.model().now()
    }

    fn usable(&self) -> Result<(), Error> {
        self.with(|_| ())
    }
}

impl Store for Memory {
    fn now(&self) -> Millis {
        self.model().now()
    }

    fn incarnation(&self) -> Incarnation {
        self.model().incarnation
    }

    fn load(&self, key: &EntityKey) -> BoxFuture<'static, Result<Option<Stored>, Error>> {
        let found = self.with(|model| {
            let entity = model.state.entities.get(key);
            entity.map(|entity| entity.stored.clone())
        });
        ready(found).boxed()
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<Outcome, Error>> {
        let done = self.with(|model| (model.commit(commit), model.faults.delay));
        match done {
            Ok((answer, 0)) => ready(answer).boxed(),
            Ok((answer, turns)) => faults::Delayed::new(answer, turns).boxed(),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn nudge(&self) {}

    fn claim_due(
        &self,
        upto: Millis,
        until: Millis,
        limit: usize,
    ) -> BoxFuture<'static, Result<Claimed, Error>> {
        let claimed = self.with(|model| Claimed {
            items: model.state.claim(upto, until, limit),
            complete: true,
        });
        ready(claimed).boxed()
    }

    fn all(
        &self,
        kind: EntityKind,
    ) -> BoxFuture<'static, Result<Vec<(EntityKey, Arc<[u8]>)>, Error>> {
        let found = self.with(|model| {
            kind.listed()?;
            let entities = model.state.entities.iter();
            let of_kind = entities.filter(|(key, _)| key.kind == kind);
            Ok(of_kind
                .filter_map(|(key, entity)| Some((key.clone(), entity.stored.value.clone()?)))
                .collect())
        });
        ready(found.flatten()).boxed()
    }

    fn scan(&self, after: Option<Place>, limit: usize) -> BoxFuture<'static, Result<Page, Error>> {
        let after = after.as_ref().and_then(key_of);
        let page = self.with(|model| {
            let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let later = model.state.entities.range((from, Bound::Unbounded));
            let rows: Vec<Row> = later.take(limit.max(1)).map(row).collect();
            Page {
                next: rows.last().map(|row| place_of(&row.key)),
                rows,
                damaged: 0,
            }
        });
        ready(page).boxed()
    }

    fn feed(
        &self,
        after: Cursor,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<FeedRecord>, Error>> {
        let read = self.with(|model| {
            let records = model.state.feed.iter().map(|record| &record.record);
            let later =
                records.filter(|r| r.cursor > after && r.cursor.batch > model.state.trimmed);
            later.take(limit).cloned().collect()
        });
        ready(read).boxed()
    }

    fn trim_feed(&self, upto: Cursor) -> BoxFuture<'static, Result<(), Error>> {
        let done = self.with(|model| {
            let state = &mut model.state;
            if upto.partition != 0 {
                return;
            }
            state.trimmed = state.trimmed.max(upto.batch);
            state.feed.retain(|r| r.record.cursor.batch > upto.batch);
        });
        ready(done).boxed()
    }

    fn desk_generation(&self) -> BoxFuture<'static, Result<DeskGeneration, Error>> {
        ready(self.with(|model| DeskGeneration::of(model.state.desk))).boxed()
    }

    fn desk_rows(&self) -> BoxFuture<'static, Result<Vec<(EntityKey, Box<[u8]>)>, Error>> {
        let rows = self.with(|model| {
            let entities = model.state.entities.iter();
            entities
                .filter_map(|(key, entity)| Some((key.clone(), entity.desk.clone()?)))
                .collect()
        });
        ready(rows).boxed()
    }

    fn compact(&self) -> BoxFuture<'static, Result<(), Error>> {
        let done = self.with(|model| {
            let oldest = model.now() - TOMBSTONE_LIFE;
            model.state.entities.retain(|_, entity| {
                entity.stored.value.is_some() || entity.due.is_some() || entity.at >= oldest
            });
        });
        ready(done).boxed()
    }

    fn health(&self) -> Health {
        let model = self.model();
        Health {
            kind: "memory",
            promise: "nothing survives the end of this process",
            free_bytes: if model.faults.full { 0 } else { u64::MAX },
            floor_bytes: u64::from(model.faults.full),
            waiting: 0,
            batch: model.state.batch,
            bytes: 0,
            closed: model.closed.then(|| "it was closed".to_owned()),
        }
    }

    fn close(&self) -> BoxFuture<'static, Result<(), Error>> {
        let done = self.with(|model| model.closed = true);
        ready(done).boxed()
    }
}

fn row((key, entity): (&EntityKey, &model::Entity)) -> Row {
    Row {
        key: key.clone(),
        stored: entity.stored.clone(),
        due: entity.due,
        desk: entity.desk.clone(),
    }
}

fn place_of(key: &EntityKey) -> Place {
    let mut bytes = vec![key.kind as u8];
    bytes.extend_from_slice(key.id.as_bytes());
    Place(bytes.into())
}

fn key_of(place: &Place) -> Option<EntityKey> {
    let (kind, id) = place.0.split_first()?;
    Some(EntityKey::new(
        EntityKind::of(*kind)?,
        std::str::from_utf8(id).ok()?,
    ))
}

/// The revisions held, for tests that follow the chain.
impl Memory {
    /// Key and revision of everything stored, tombstones included.
    pub fn revisions(&self) -> HashMap<EntityKey, Revision> {
        let model = self.model();
        let entities = model.state.entities.iter();
        entities
            .map(|(key, entity)| (key.clone(), entity.stored.revision))
            .collect()
    }
}
