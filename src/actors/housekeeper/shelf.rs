//! What is archived already: one entity of the store, compared and committed.
//!
//! It names, for each partition, the last archived batch, and the *attempts*: objects that somebody
//! began to write. An object counts only by the commit that takes its attempt out and moves the
//! cursors. A round that finds an attempt of another round abandons it first: then that other round
//! can no longer make it count, and the object may be deleted whenever its writer comes to write it.

use super::looks;
use crate::actors::draw::draw;
use crate::domain::time::{Millis, Span};
use crate::ports::store::{
    Cursor, EntityKey, EntityKind, Error, FEED_READERS, Outcome, Revision, Store, Stored,
};

/// The object of an abandoned attempt is looked for this long: its writer may have been stopped.
const LOOKED_FOR: Span = Span::hours(24 * 7);
/// Attempts remembered; the oldest abandoned go first.
const ATTEMPTS: usize = 64;

/// The entity as this round knows it.
pub(super) struct Shelf {
    revision: Option<Revision>,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    /// Objects ever begun; the next one's number.
    number: u64,
    /// By partition: the last batch archived.
    batches: Vec<u64>,
    attempts: Vec<Attempt>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Attempt {
    name: String,
    begun: Millis,
    abandoned: bool,
}

/// Another round has begun since: what this one has in hand does not count.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overtaken;

impl Shelf {
    fn entity() -> EntityKey {
        EntityKey::new(EntityKind::Counter, &format!("{FEED_READERS}archived"))
    }

    /// Reads it.
    pub(super) async fn begin(store: &dyn Store) -> Result<Shelf, Error> {
        let stored = store.load(&Shelf::entity()).await?;
        Shelf::of(stored, store.feeds())
    }

    fn of(stored: Option<Stored>, feeds: u16) -> Result<Shelf, Error> {
        let value = stored.as_ref().and_then(|stored| stored.value.as_deref());
        let state = value.map(|value| {
            State::read(value).ok_or_else(|| {
                Error::Damaged(format!(
                    "{:?} is not format 1, allowed: what this version or an older one wrote",
                    Shelf::entity()
                ))
            })
        });
        // Cursors of another division of the feed say nothing of this one.
        let state = state.transpose()?;
        let state = state.filter(|state| state.batches.len() == usize::from(feeds));
        Ok(Shelf {
            revision: stored.map(|stored| stored.revision),
            state: state.unwrap_or_else(|| State {
                number: 0,
                batches: vec![0; feeds.into()],
                attempts: Vec::new(),
            }),
        })
    }

    /// After the last record of a partition that the archive has.
    pub(super) fn archived(&self, partition: u16) -> Cursor {
        match self.state.batches[usize::from(partition)] {
            0 => Cursor::before(partition),
            batch => Cursor {
                partition,
                batch,
                index: u32::MAX,
            },
        }
    }

    /// Whether somebody began an object and did not say what became of it.
    pub(super) fn has_attempts(&self) -> bool {
        self.state.attempts.iter().any(|attempt| !attempt.abandoned)
    }

    /// Names of objects that do not count and may come to lie in the archive.
    pub(super) fn abandoned(&self) -> Vec<String> {
        let attempts = self.state.attempts.iter();
        let abandoned = attempts.filter(|attempt| attempt.abandoned);
        abandoned.map(|attempt| attempt.name.clone()).collect()
    }

    /// From here on no round that began earlier can make an object count, and each can find out
    /// that this one has begun.
    pub(super) async fn overtake(&mut self, store: &dyn Store) -> Result<(), Error> {
        loop {
            let mut state = self.state.clone();
            for attempt in &mut state.attempts {
                attempt.abandoned = true;
            }
            state.forget(store.now());
            if self.commit(store, state).await?.is_ok() {
                return Ok(());
            }
            // Read again by now; who came between is overtaken, too.
        }
    }

    /// Whether no other round has begun since this one's last commit.
    pub(super) async fn is_ours(&self, store: &dyn Store) -> Result<bool, Error> {
        let stored = store.load(&Shelf::entity()).await?;
        Ok(stored.map(|stored| stored.revision) == self.revision)
    }

    /// Begins an object of records of a day; its name, which nobody else ever has.
    pub(super) async fn open(
        &mut self,
        store: &dyn Store,
        day: &str,
    ) -> Result<Result<String, Overtaken>, Error> {
        let mut state = self.state.clone();
        let token = u64::from_le_bytes(draw());
        let name = format!("{day}/{:010}-{token:016x}", state.number);
        state.number += 1;
        state.attempts.push(Attempt {
            name: name.clone(),
            begun: store.now(),
            abandoned: false,
        });
        state.forget(store.now());
        let done = self.commit(store, state).await?;
        Ok(done.map(|()| name))
    }

    /// Makes the object count: it is durable, with everything up to these batches.
    pub(super) async fn close(
        &mut self,
        store: &dyn Store,
        name: &str,
        upto: &[Cursor],
    ) -> Result<Result<(), Overtaken>, Error> {
        let mut state = self.state.clone();
        state.attempts.retain(|attempt| attempt.name != name);
        for cursor in upto {
            state.batches[usize::from(cursor.partition)] = cursor.batch;
        }
        self.commit(store, state).await
    }

    async fn commit(
        &mut self,
        store: &dyn Store,
        state: State,
    ) -> Result<Result<(), Overtaken>, Error> {
        let commit = looks::commit(Shelf::entity(), self.revision, state.written());
        let proposed = commit.proposed;
        let sent = store.commit(commit);
        store.nudge();
        match sent.await? {
            Outcome::Committed(_) => {
                self.revision = Some(proposed);
                self.state = state;
                Ok(Ok(()))
            }
            Outcome::Conflict(stored) => {
                *self = Shelf::of(stored, store.feeds())?;
                Ok(Err(Overtaken))
            }
        }
    }
}

impl State {
    fn forget(&mut self, now: Millis) {
        let old = |attempt: &Attempt| attempt.abandoned && now.since(attempt.begun) >= LOOKED_FOR;
        self.attempts.retain(|attempt| !old(attempt));
        let over = self.attempts.len().saturating_sub(ATTEMPTS);
        self.attempts.drain(..over);
    }

    /// Format byte 1; little-endian: number (u64), partitions (u16), a batch (u64) for each; attempts
    /// (u8), for each: when (u64), 1 if abandoned, its name after a length byte.
    fn written(&self) -> Vec<u8> {
        let mut out = vec![1u8];
        out.extend_from_slice(&self.number.to_le_bytes());
        // A store has at most 4,096 partitions, and `forget` keeps 64 attempts.
        out.extend_from_slice(&(self.batches.len() as u16).to_le_bytes());
        for batch in &self.batches {
            out.extend_from_slice(&batch.to_le_bytes());
        }
        out.push(self.attempts.len() as u8);
        for attempt in &self.attempts {
            out.extend_from_slice(&attempt.begun.0.to_le_bytes());
            out.push(attempt.abandoned.into());
            out.push(attempt.name.len() as u8);
            out.extend_from_slice(attempt.name.as_bytes());
        }
        out
    }

    fn read(value: &[u8]) -> Option<State> {
        let mut left = value.strip_prefix(&[1])?;
        let number = u64::from_le_bytes(take(&mut left)?);
        let feeds = u16::from_le_bytes(take(&mut left)?);
        let batches = (0..feeds)
            .map(|_| take(&mut left).map(u64::from_le_bytes))
            .collect::<Option<Vec<u64>>>()?;
        let [count] = take(&mut left)?;
        let mut attempts = Vec::with_capacity(count.into());
        for _ in 0..count {
            let begun = Millis(u64::from_le_bytes(take(&mut left)?));
            let [abandoned, length] = take(&mut left)?;
            let (name, rest) = left.split_at_checked(length.into())?;
            left = rest;
            attempts.push(Attempt {
                name: str::from_utf8(name).ok()?.to_owned(),
                begun,
                abandoned: abandoned == 1,
            });
        }
        Some(State {
            number,
            batches,
            attempts,
        })
    }
}

fn take<const N: usize>(left: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = left.split_first_chunk()?;
    *left = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_what_is_cut_is_not() {
        let attempt = |n: u64, abandoned| Attempt {
            name: format!("2026-11-20/{n:010}-{n:016x}"),
            begun: Millis(n),
            abandoned,
        };
        let state = State {
            number: 7,
            batches: (0..4_096).collect(),
            attempts: (0..64).map(|n| attempt(n, n % 2 == 0)).collect(),
        };
        let written = state.written();
        assert!(written.len() < crate::ports::store::MAX_VALUE_BYTES);
        assert_eq!(State::read(&written).as_ref(), Some(&state));
        assert_eq!(State::read(&written[..written.len() - 1]), None);
        assert_eq!(State::read(&[]), None);
    }

    #[test]
    fn attempts_are_remembered_for_a_week_and_at_most_64_of_them() {
        let mut state = State {
            number: 0,
            batches: vec![0],
            attempts: (0..100)
                .map(|n| Attempt {
                    name: n.to_string(),
                    begun: Millis(n),
                    abandoned: true,
                })
                .collect(),
        };
        state.forget(Millis(99));
        assert_eq!(state.attempts.len(), ATTEMPTS);
        assert_eq!(state.attempts[0].name, "36");
        state.forget(Millis(98) + LOOKED_FOR);
        assert_eq!(state.attempts.len(), 1);
    }
}
