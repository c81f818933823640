//! The keeper thread: writes checkpoints into the table, compacts, trims. The only writer of the
//! table. A full disk makes it wait and try again (the log has everything); any other error is
//! fatal like one of the writer.

use super::codec::LEVEL;
use super::core::Core;
use super::feed::{Erasures, is_erased, without};
use super::identity::{Mark, number};
use super::log;
use super::overlay::Frozen;
use super::rows::{put_desk, put_entities, rewrite_feed};
use super::table::{Meta, body_crc, said, settle};
use super::ticket::Ticket;
use super::witness::Witness;
use crate::domain::ids::Fingerprint;
use crate::ports::store::{Cursor, Error, TOMBSTONE_LIFE};
use rusqlite::{Connection, params};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Where a finished task is reported.
pub type Done = Arc<Ticket<Result<(), Error>>>;

/// What the keeper does.
pub enum Task {
    /// Write what was set aside.
    Checkpoint(Arc<Frozen>),
    /// Remove erased words, old tombstones, give room back.
    Compact(Done),
    /// Forget feed batches up to this one.
    Trim(u64, Done),
    /// End in good order.
    Close(Done),
    /// End.
    Stop,
}

impl Task {
    /// Answers a task that will not be done.
    pub fn refuse(self, reason: &str) {
        if let Task::Compact(done) | Task::Trim(_, done) | Task::Close(done) = self {
            done.answer_now(Err(Error::Closed(reason.to_owned())));
        }
    }
}

/// Everything the keeper thread owns.
pub struct Keeper {
    /// The store.
    pub core: Arc<Core>,
    /// The one connection that writes.
    pub connection: Connection,
    /// Synced at checkpoints.
    pub witness: Arc<Witness>,
    /// What the table covers.
    pub meta: Meta,
}

impl Keeper {
    /// Works until told to end.
    pub fn run(mut self, tasks: Receiver<Task>) {
        step_back();
        while let Ok(task) = tasks.recv() {
            let (result, done) = match task {
                Task::Checkpoint(frozen) => (self.checkpoint_patiently(&frozen), None),
                Task::Compact(done) => (self.compact(), Some(done)),
                Task::Trim(upto, done) => (self.trim(upto), Some(done)),
                Task::Close(done) => {
                    let result = self.witness.sync().map_err(|e| Error::Io(e.to_string()));
                    self.core.readers.clear();
                    drop(self);
                    done.answer_now(result);
                    return;
                }
                Task::Stop => return,
            };
            self.core.queue.ring();
            // A full disk is no failure: what was not done is done another time.
            let fatal = |error: &&Error| !matches!(error, Error::Full { .. });
            let failed = result.as_ref().err().filter(fatal).map(ToString::to_string);
            if let Some(done) = done {
                done.answer_now(result);
            }
            if let Some(reason) = failed {
                let _ = self.core.queue.control(super::queue::Control::Stop);
                (self.core.options.on_fatal)(&reason);
                // Until told to end: who drops the store waits for this thread.
                while let Ok(task) = tasks.recv() {
                    if matches!(task, Task::Stop) {
                        break;
                    }
                    task.refuse(&reason);
                }
                return;
            }
        }
    }

    fn checkpoint_patiently(&mut self, frozen: &Frozen) -> Result<(), Error> {
        loop {
            let begun = Instant::now();
            match self.checkpoint(frozen) {
                Err(error) if is_full(&error) && self.core.queue.closed().is_none() => {
                    tracing::warn!("no room for a checkpoint, trying again in a second");
                    #[expect(clippy::disallowed_methods, reason = "the keeper's own thread")]
                    std::thread::sleep(Duration::from_secs(1));
                }
                Err(error) => return Err(said(error)),
                Ok(()) => {
                    let seconds = begun.elapsed().as_secs_f64();
                    self.core
                        .options
                        .observer
                        .checkpoint(frozen.entries.len(), seconds);
                    break;
                }
            }
        }
        // Before the overlay lets go: until then it is asked first, so no stale note is ever seen.
        self.core
            .known
            .settled(frozen.entries.iter().map(|(id, entry)| {
                let check = self.core.identity.mark(&entry.key).check;
                (Mark { id: *id, check }, entry.revision)
            }));
        let written = self.core.write().thaw();
        drop(written);
        log::remove_before(&self.core.options.folder, frozen.mark.number + 1)
            .and_then(|()| self.witness.sync())
            .map_err(|error| Error::Io(format!("after a checkpoint: {error}")))
    }

    fn checkpoint(&mut self, frozen: &Frozen) -> rusqlite::Result<()> {
        let meta = Meta {
            level: LEVEL,
            checkpoint: frozen.mark.number,
            batch_id: frozen.mark.id,
            at: frozen.mark.at,
            generation: frozen.generation,
            ..self.meta.clone()
        };
        let identity = &self.core.identity;
        let aliases = frozen.aliases.iter().cloned().collect();
        let transaction = self.connection.transaction()?;
        put_entities(&transaction, frozen)?;
        put_desk(&transaction, frozen)?;
        {
            let mut put =
                transaction.prepare_cached("INSERT OR REPLACE INTO feed VALUES (?, ?, ?, ?)")?;
            for batch in &frozen.feed {
                if batch.number <= meta.trimmed || batch.number > frozen.mark.number {
                    continue;
                }
                let clean = (!frozen.erasures.is_empty())
                    .then(|| {
                        without(&batch.body, |record| {
                            let id = number(&aliases, &record.key, identity.mark(&record.key));
                            let at = Cursor {
                                partition: 0,
                                batch: batch.number,
                                index: record.index,
                            };
                            record
                                .erasable
                                .is_some_and(|m| is_erased(&frozen.erasures, id, m, at))
                        })
                    })
                    .flatten();
                let body = clean.as_deref().unwrap_or(&batch.body);
                let key = batch.number as i64;
                put.execute(params![key, batch.at.0 as i64, body_crc(key, body), body])?;
            }
            let mut put =
                transaction.prepare_cached("INSERT OR REPLACE INTO erasure VALUES (?, ?, ?, ?)")?;
            for ((id, Fingerprint(message)), reach) in &frozen.erasures {
                put.execute(params![
                    id,
                    *message as i64,
                    reach.batch as i64,
                    reach.index
                ])?;
            }
            let mut put =
                transaction.prepare_cached("INSERT OR REPLACE INTO alias VALUES (?, ?, ?)")?;
            for (key, id) in &frozen.aliases {
                put.execute(params![key.kind as u8, &*key.id, id])?;
            }
        }
        meta.write(&transaction)?;
        transaction.commit()?;
        settle(&self.connection)?;
        self.meta = meta;
        Ok(())
    }

    fn trim(&mut self, upto: u64) -> Result<(), Error> {
        let upto = upto.max(self.meta.trimmed);
        let meta = Meta {
            trimmed: upto,
            ..self.meta.clone()
        };
        let written = self.connection.transaction().and_then(|transaction| {
            transaction.execute("DELETE FROM feed WHERE batch <= ?", [upto as i64])?;
            meta.write(&transaction)?;
            transaction.commit()
        });
        written.map_err(|error| self.full_or_said(error))?;
        self.meta = meta;
        let mut overlay = self.core.write();
        overlay.trimmed = upto;
        while overlay.tail.front().is_some_and(|b| b.number <= upto) {
            overlay.tail.pop_front();
        }
        Ok(())
    }

    fn full_or_said(&self, error: rusqlite::Error) -> Error {
        if !is_full(&error) {
            return said(error);
        }
        Error::Full {
            free_bytes: self.core.free.load(Ordering::Relaxed),
            floor_bytes: self.core.options.free_space_floor,
        }
    }

    /// Runs right after a checkpoint, so what it covers is all in the table.
    fn compact(&mut self) -> Result<(), Error> {
        let covered = self.meta.checkpoint;
        let (erasures, aliases) = {
            let overlay = self.core.read();
            let mut erasures: Erasures = overlay.erasures.clone();
            erasures.retain(|_, reach| reach.batch <= covered);
            (erasures, overlay.aliases.clone())
        };
        let oldest = (self.core.clock.now() - TOMBSTONE_LIFE).0 as i64;
        let core = Arc::clone(&self.core);
        let erased = |batch: u64, body: &[u8]| {
            without(body, |record| {
                let id = number(&aliases, &record.key, core.identity.mark(&record.key));
                let at = Cursor {
                    partition: 0,
                    batch,
                    index: record.index,
                };
                record
                    .erasable
                    .is_some_and(|m| is_erased(&erasures, id, m, at))
            })
        };
        let compacted = self.connection.transaction().and_then(|transaction| {
            if !erasures.is_empty() {
                rewrite_feed(&transaction, erased)?;
            }
            transaction.execute("DELETE FROM erasure WHERE batch <= ?", [covered as i64])?;
            transaction.execute(
                "DELETE FROM entity WHERE gone < ? AND due IS NULL",
                [oldest],
            )?;
            transaction.commit()
        });
        compacted.map_err(|error| self.full_or_said(error))?;
        {
            let mut overlay = self.core.write();
            overlay.epoch += 1;
            self.core.known.clear();
            overlay
                .erasures
                .retain(|key, reach| erasures.get(key) != Some(reach));
        }
        self.give_back().map_err(|error| self.full_or_said(error))
    }

    fn give_back(&self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare("PRAGMA incremental_vacuum")?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        drop(rows);
        settle(&self.connection)?;
        Ok(())
    }
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}

/// Nobody waits for a checkpoint: where cores are few, customers go first. (On Linux a thread has a
/// priority of its own.) Failing changes nothing but that.
fn step_back() {
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 10);
}
