//! What the store in memory holds, and the laws of commits, feed and due items in the plainest way.

use super::faults::{Fault, Faults};
use crate::domain::ids::{Fingerprint, Incarnation};
use crate::domain::time::{Millis, Span};
use crate::ports::store::{
    Class, Commit, Committed, Cursor, DeskGeneration, Due, EntityKey, Error, FeedRecord, Outcome,
    Stored, Write,
};
use std::collections::BTreeMap;
use std::time::Instant;

/// The whole state, cloned before each commit while a test wants to take commits back.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) entities: BTreeMap<EntityKey, Entity>,
    pub(super) feed: Vec<Record>,
    pub(super) batch: u64,
    pub(super) trimmed: u64,
    /// Token of the last commit that changed a desk row.
    pub(super) desk: u64,
}

#[derive(Clone)]
pub(super) struct Entity {
    pub(super) stored: Stored,
    pub(super) due: Option<Millis>,
    pub(super) held: Option<Millis>,
    pub(super) desk: Option<Box<[u8]>>,
    pub(super) at: Millis,
}

#[derive(Clone)]
pub(super) struct Record {
    pub(super) record: FeedRecord,
    pub(super) erasable: Option<Fingerprint>,
}

pub(super) struct Model {
    pub(super) state: State,
    pub(super) clock: Clock,
    pub(super) faults: Faults,
    pub(super) history: Vec<State>,
    pub(super) incarnation: Incarnation,
    pub(super) closed: bool,
}

pub(super) enum Clock {
    Running(Instant, Millis),
    Set(Millis),
}

impl Model {
    pub(super) fn now(&self) -> Millis {
        match self.clock {
            Clock::Running(start, base) => base + Span(start.elapsed().as_millis() as u64),
            Clock::Set(now) => now,
        }
    }

    pub(super) fn commit(&mut self, commit: Commit) -> Result<Outcome, Error> {
        let fault = self.faults.next();
        if let Some(Fault::LostBefore) = fault {
            return Err(Error::Io("the commit was lost on its way".into()));
        }
        let stored = self.state.entities.get(&commit.key);
        let revision = stored.map(|entity| entity.stored.revision);
        if revision != commit.expected {
            if revision == Some(commit.proposed) {
                return Ok(Outcome::Committed(Committed::attest(commit.proposed)));
            }
            return Ok(Outcome::Conflict(stored.map(|e| e.stored.clone())));
        }
        if self.faults.full && commit.class == Class::Accepting {
            return Err(Error::Full {
                free_bytes: 0,
                floor_bytes: 1,
            });
        }
        if self.faults.keep_history {
            self.history.push(self.state.clone());
        }
        let proposed = commit.proposed;
        let now = self.now();
        self.state.apply(commit, now);
        match fault {
            Some(Fault::LostAnswer) => Err(Error::Io("the answer was lost on its way".into())),
            _ => Ok(Outcome::Committed(Committed::attest(proposed))),
        }
    }
}

impl State {
    fn apply(&mut self, commit: Commit, now: Millis) {
        self.batch += 1;
        let before = self.entities.get(&commit.key);
        if before.and_then(|entity| entity.desk.as_ref()) != commit.desk.as_ref() {
            self.desk = DeskGeneration::token(&commit.proposed);
        }
        for (index, entry) in commit.feed.into_iter().enumerate() {
            self.feed.push(Record {
                record: FeedRecord {
                    cursor: Cursor {
                        partition: 0,
                        batch: self.batch,
                        index: index as u32 + 1,
                    },
                    at: now,
                    key: commit.key.clone(),
                    payload: Some(entry.payload),
                },
                erasable: entry.erasable,
            });
        }
        for message in commit.erase {
            for record in &mut self.feed {
                if record.erasable == Some(message) && record.record.key == commit.key {
                    record.record.payload = None;
                }
            }
        }
        let entity = Entity {
            stored: Stored {
                revision: commit.proposed,
                value: match commit.write {
                    Write::Put(value) => Some(value),
                    Write::Delete => None,
                },
            },
            due: commit.due,
            held: None,
            desk: commit.desk,
            at: now,
        };
        self.entities.insert(commit.key, entity);
    }

    pub(super) fn claim(&mut self, upto: Millis, until: Millis, limit: usize) -> Vec<Due> {
        let mut due: Vec<Due> = self
            .entities
            .iter()
            .filter_map(|(key, entity)| {
                let at = entity.due.map(|at| entity.held.unwrap_or(at));
                let at = at.filter(|at| *at <= upto)?;
                Some(Due {
                    key: key.clone(),
                    at,
                })
            })
            .collect();
        due.sort_by_key(|item| std::cmp::Reverse(item.at));
        due.truncate(limit);
        for item in &due {
            if let Some(entity) = self.entities.get_mut(&item.key) {
                entity.held = Some(until);
            }
        }
        due
    }
}
