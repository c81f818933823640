//! What a conversation knows of its stored state, and how it makes sure of it where others write to
//! the store, too.

use super::draw::revision;
use super::turn::{Core, Failure};
use crate::domain::conversation::Live;
use crate::ports::store::{Commit, Outcome, Revision, Stored};
use crate::telemetry::meter;
use std::sync::Arc;

/// What is known of the stored state.
pub(super) enum Known {
    /// Nothing yet.
    Unread,
    /// The store has no such entity, or only a tombstone with this revision.
    Absent(Option<Revision>),
    /// The state, as the store confirmed it.
    Live(Box<Live>),
}

impl Core {
    /// Reads the stored state.
    pub(super) async fn read(&mut self) -> Result<(), Failure> {
        let reading = self.shared.store.load(&self.entity);
        let stored = reading.await.map_err(Failure::Store)?;
        self.adopt(stored)
    }

    /// Takes over what the store has.
    pub(super) fn adopt(&mut self, stored: Option<Stored>) -> Result<(), Failure> {
        self.known = match stored {
            Some(Stored {
                revision,
                value: Some(value),
            }) => {
                #[cfg(feature = "failpoints")]
                let value = newer::with_its_field(value);
                let live = Live::loaded(revision, value).map_err(Failure::Unreadable)?;
                Known::Live(Box::new(live))
            }
            Some(Stored {
                revision,
                value: None,
            }) => Known::Absent(Some(revision)),
            None => Known::Absent(None),
        };
        Ok(())
    }

    /// What a customer sent is known already, as this reading says: of one server, which may have it from
    /// a commit that nobody was promised, and die with it. A commit is waited for as the others are,
    /// so the same form is stored once more. False: another writer came between.
    pub(super) async fn vouch(&mut self) -> Result<bool, Failure> {
        let Known::Live(live) = &self.known else {
            return Ok(true);
        };
        let (key, form) = (self.entity.clone(), Arc::clone(live.packed()));
        let commit = Commit {
            due: live.state().due(),
            desk: live.state().desk_row(),
            ..Commit::settling(key, Some(live.revision()), revision(), form)
        };
        let committing = self.shared.store.commit(commit);
        match committing.await.map_err(Failure::Store)? {
            Outcome::Committed(proof) => {
                if let Known::Live(live) = std::mem::replace(&mut self.known, Known::Unread) {
                    self.known = Known::Live(Box::new(live.confirmed(&proof)));
                }
                Ok(true)
            }
            Outcome::Conflict(stored) => {
                meter::conflict();
                self.adopt(stored)?;
                Ok(false)
            }
        }
    }
}

/// A build that knows a field more, for the test of nodes of two versions on one store.
#[cfg(feature = "failpoints")]
mod newer {
    use std::sync::{Arc, OnceLock};

    /// Tag 200, three bytes.
    const FIELD: [u8; 6] = [0xc8, 0x01, 3, b'n', b'e', b'w'];

    pub(super) fn with_its_field(value: Arc<[u8]>) -> Arc<[u8]> {
        static IS_NEWER: OnceLock<bool> = OnceLock::new();
        let is_newer = IS_NEWER.get_or_init(|| std::env::var_os("HOTLINE_WRITES_NEXT").is_some());
        if !is_newer || value.windows(FIELD.len()).any(|seen| seen == FIELD) {
            return value;
        }
        [&value[..], &FIELD].concat().into()
    }
}
