//! The writer's decision about one commit: the compare of compare-and-commit.
//!
//! What is stored is looked for in this batch, in the overlay, among the revisions loads have just
//! seen, and last in the table.

use super::identity::{Mark, number};
use super::overlay::{Entry, Overlay, Step};
use super::queue::Answer;
use super::writer::Writer;
use crate::ports::store::{
    Class, Commit, Committed, DeskGeneration, EntityKey, Error, Outcome, Revision, Stored, Write,
};

/// Checkpoints' worth of log at which new work is refused.
const STALLED: u64 = 3;
/// Never refused below this much log, in bytes: small settings are for tests.
const LEAST_LIMIT: u64 = 64 << 20;

/// What is at an entity's number.
enum Seat {
    Empty,
    Mine(Revision),
    Other,
}

impl Writer {
    /// Decides one commit against what is stored and what this batch already did.
    pub(super) fn judge(
        &mut self,
        overlay: &Overlay,
        hashed: i64,
        check: u64,
        commit: Commit,
        generation: &mut u64,
    ) -> Answer {
        let mut id = number(&self.aliases, &commit.key, Mark { id: hashed, check });
        let revision = match self.seat(overlay, id, check, &commit.key)? {
            Seat::Mine(revision) => Some(revision),
            Seat::Empty => None,
            Seat::Other if commit.expected.is_some() => return Ok(Outcome::Conflict(None)),
            Seat::Other => {
                id = self.free_number(overlay, id)?;
                None
            }
        };
        if revision != commit.expected {
            if revision == Some(commit.proposed) {
                return Ok(Outcome::Committed(Committed::attest(commit.proposed)));
            }
            return Ok(Outcome::Conflict(match revision {
                Some(_) => self.stored(overlay, id)?,
                None => None,
            }));
        }
        if commit.class == Class::Accepting {
            self.core.room()?;
            self.pressure()?;
        }
        if id != hashed && !self.aliases.contains_key(&commit.key) {
            self.aliases.insert(commit.key.clone(), id);
        }
        Ok(self.apply(overlay, id, commit, generation))
    }

    fn apply(
        &mut self,
        overlay: &Overlay,
        id: i64,
        commit: Commit,
        generation: &mut u64,
    ) -> Outcome {
        let upto = self.builder.add(&commit);
        let before = match self.latest.get(&id) {
            Some(&step) => self.steps[step].desk.as_deref(),
            None if overlay.desk.is_empty() => None,
            None => overlay.desk.get(&id).map(|(_, row)| &**row),
        };
        if before != commit.desk.as_deref() {
            *generation = DeskGeneration::token(&commit.proposed);
        }
        let revision = commit.proposed;
        self.latest.insert(id, self.steps.len());
        self.steps.push(Step {
            id,
            entry: Entry {
                key: commit.key,
                revision,
                value: match commit.write {
                    Write::Put(value) => Some(value),
                    Write::Delete => None,
                },
                due: commit.due,
                at: self.last.at,
            },
            desk: commit.desk,
            erase: commit.erase,
            upto,
        });
        Outcome::Committed(Committed::attest(revision))
    }

    /// Checkpoints that do not keep up must not fill memory and disk: new work waits outside while
    /// the log that no checkpoint has begun to write is [`STALLED`] times what begins one.
    fn pressure(&self) -> Result<(), Error> {
        let limit = self.core.options.tuning.checkpoint_bytes;
        if self.log.bytes() > limit.saturating_mul(STALLED).max(LEAST_LIMIT) {
            let waiting = self.core.queue.len();
            return Err(Error::Busy { waiting });
        }
        Ok(())
    }

    fn entry<'a>(&'a self, overlay: &'a Overlay, id: i64) -> Option<&'a Entry> {
        match self.latest.get(&id) {
            Some(&step) => Some(&self.steps[step].entry),
            None => overlay.get(id),
        }
    }

    fn seat(&self, overlay: &Overlay, id: i64, check: u64, key: &EntityKey) -> Result<Seat, Error> {
        let seat = |mine: bool, revision| match mine {
            true => Seat::Mine(revision),
            false => Seat::Other,
        };
        if let Some(entry) = self.entry(overlay, id) {
            return Ok(seat(entry.key == *key, entry.revision));
        }
        if let Some(known) = self.core.known.get(id, check, overlay.epoch) {
            return Ok(known.map_or(Seat::Empty, Seat::Mine));
        }
        Ok(match self.core.readers.revision(id)? {
            Some((found, revision)) => seat(found == *key, revision),
            None => Seat::Empty,
        })
    }

    fn stored(&self, overlay: &Overlay, id: i64) -> Result<Option<Stored>, Error> {
        match self.entry(overlay, id) {
            Some(entry) => Ok(Some(entry.stored())),
            None => Ok(self.core.readers.entity(id)?.map(|row| row.stored)),
        }
    }

    fn free_number(&self, overlay: &Overlay, from: i64) -> Result<i64, Error> {
        let mut id = from;
        loop {
            id = id.wrapping_add(1);
            let taken = self.aliases.values().any(|used| *used == id)
                || self.entry(overlay, id).is_some()
                || self.core.readers.revision(id)?.is_some();
            if !taken {
                return Ok(id);
            }
        }
    }
}
