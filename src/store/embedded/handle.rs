//! The store as others hold it: the port's methods, each turned into a look at the overlay, a read
//! of the table on the calling thread, or a job for the writer or the keeper.

use super::bounds::check;
use super::core::Core;
use super::feed::{FeedBatch, is_erased, records};
use super::identity::number;
use super::keeper::Task;
use super::options::{OpenError, Options};
use super::queue::{Control, Job};
use super::scan::number_of;
use super::table::{body_crc, said};
use super::ticket::{Waiter, lock, ticket};
use crate::domain::ids::Incarnation;
use crate::domain::time::Millis;
use crate::ports::store::{
    Claimed, Commit, Cursor, DeskGeneration, Due, EntityKey, EntityKind, Error, FeedRecord, Health,
    Outcome, Page, Place, Store, Stored, Urgency,
};
use crate::store::local::Local;
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// An open embedded store. Dropping it writes what waits and releases the folder; only
/// [`Store::close`] also leaves a fresh checkpoint, so that the next open replays nothing.
pub struct Embedded {
    pub(super) core: Arc<Core>,
    keeper: Sender<Task>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    pub(super) local: Local,
}

impl Embedded {
    /// Opens the folder: takes its lock, reads the table, replays the log, starts the threads.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing was changed then, except that a torn tail no one was promised may
    /// have been dropped.
    pub fn open(options: Options) -> Result<Embedded, OpenError> {
        let (core, keeper, threads) = super::recover::open(options)?;
        Ok(Embedded {
            core,
            keeper,
            threads: Mutex::new(threads),
            local: Local::default(),
        })
    }

    fn read(&self, key: &EntityKey) -> Result<Option<Stored>, Error> {
        let core = &self.core;
        core.alive()?;
        let mark = core.identity.mark(key);
        let (id, epoch) = {
            let overlay = core.read();
            let id = number(&overlay.aliases, key, mark);
            if let Some(entry) = overlay.get(id) {
                return Ok((entry.key == *key).then(|| entry.stored()));
            }
            (id, overlay.epoch)
        };
        match core.readers.entity(id)? {
            Some(row) if row.key != *key => Ok(None),
            Some(row) => {
                core.known.put(mark, epoch, Some(row.stored.revision));
                Ok(Some(row.stored))
            }
            None => {
                core.known.put(mark, epoch, None);
                Ok(None)
            }
        }
    }

    fn read_feed(&self, after: Cursor, limit: usize) -> Result<Vec<FeedRecord>, Error> {
        let core = &self.core;
        core.alive()?;
        if after.partition != 0 {
            return Ok(Vec::new());
        }
        let (tail, from) = {
            let overlay = core.read();
            let from = after.batch.max(overlay.trimmed + 1);
            let tail: Vec<Arc<FeedBatch>> = overlay
                .tail
                .iter()
                .filter(|batch| batch.number >= from)
                .take(limit + 1)
                .cloned()
                .collect();
            (tail, from)
        };
        let mut found = Vec::new();
        let upto = tail
            .first()
            .map_or(i64::MAX as u64, |batch| batch.number - 1);
        core.readers.with(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT batch, at, crc, body FROM feed WHERE batch BETWEEN ? AND ? ORDER BY 1",
                )
                .map_err(said)?;
            let mut rows = statement.query([from as i64, upto as i64]).map_err(said)?;
            while let Some(row) = rows.next().map_err(said)? {
                let batch: i64 = row.get(0).map_err(said)?;
                let at: i64 = row.get(1).map_err(said)?;
                let crc: i64 = row.get(2).map_err(said)?;
                let body = row.get_ref(3).map_err(said)?.as_blob().unwrap_or_default();
                if body_crc(batch, body) != crc as u32 {
                    return Err(Error::Damaged(format!(
                        "feed batch {batch}: checksum differs"
                    )));
                }
                self.unpack(batch as u64, Millis(at as u64), body, after, &mut found)?;
                if found.len() >= limit {
                    break;
                }
            }
            Ok(())
        })?;
        for batch in tail {
            if found.len() >= limit {
                break;
            }
            self.unpack(batch.number, batch.at, &batch.body, after, &mut found)?;
        }
        found.truncate(limit);
        Ok(found)
    }

    fn unpack(
        &self,
        batch: u64,
        at: Millis,
        body: &[u8],
        after: Cursor,
        found: &mut Vec<FeedRecord>,
    ) -> Result<(), Error> {
        let records = records(body)
            .ok_or_else(|| Error::Damaged(format!("feed batch {batch}: records do not add up")))?;
        let overlay = self.core.read();
        for record in records {
            let cursor = Cursor {
                partition: 0,
                batch,
                index: record.index,
            };
            if cursor <= after {
                continue;
            }
            let erased = !overlay.erasures.is_empty()
                && record.erasable.is_some_and(|message| {
                    let mark = self.core.identity.mark(&record.key);
                    let id = number(&overlay.aliases, &record.key, mark);
                    is_erased(&overlay.erasures, id, message, cursor)
                });
            found.push(FeedRecord {
                cursor,
                at,
                key: record.key,
                payload: if erased {
                    None
                } else {
                    record.payload.map(Box::from)
                },
            });
        }
        Ok(())
    }

    fn claim(&self, upto: Millis, until: Millis, limit: usize) -> Result<Vec<Due>, Error> {
        self.core.alive()?;
        let mut found = Vec::new();
        loop {
            let wanted = limit - found.len();
            let claimed = self.core.write().due.claim(upto, until, wanted);
            let is_last = claimed.len() < wanted;
            for (id, at) in claimed {
                found.extend(self.due_row(id)?.map(|key| Due { key, at }));
            }
            // Rows left out make nobody believe that nothing more is due. With an `until` that is
            // already due they would be met again for ever.
            if is_last || found.len() == limit || until <= upto {
                return Ok(found);
            }
        }
    }

    /// Whose row it is; `None`: nobody's that can be read.
    fn due_row(&self, id: i64) -> Result<Option<EntityKey>, Error> {
        let known = self.core.read().get(id).map(|entry| entry.key.clone());
        if known.is_some() {
            return Ok(known);
        }
        match self.core.readers.revision(id) {
            Ok(found) => Ok(found.map(|(key, _)| key)),
            // One damaged row must not keep its neighbours asleep.
            Err(Error::Damaged(why)) => {
                tracing::error!(why, "a due row cannot be read and is left alone");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn asked(
        &self,
        ask: impl FnOnce(Arc<super::ticket::Ticket<Result<(), Error>>>) -> Result<(), Error>,
    ) -> BoxFuture<'static, Result<(), Error>> {
        let (asked, waiter): (_, Waiter<Result<(), Error>>) = ticket();
        match ask(asked) {
            Ok(()) => waiter.boxed(),
            Err(error) => ready(Err(error)).boxed(),
        }
    }
}

impl Store for Embedded {
    fn now(&self) -> Millis {
        self.core.clock.now()
    }

    fn incarnation(&self) -> Incarnation {
        self.core.incarnation
    }

    fn load(&self, key: &EntityKey) -> BoxFuture<'static, Result<Option<Stored>, Error>> {
        ready(self.read(key)).boxed()
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<Outcome, Error>> {
        if let Err(error) = check(&commit) {
            return ready(Err(error)).boxed();
        }
        let urgent = commit.urgency == Urgency::Now;
        let (asked, waiter) = ticket();
        let job = Job {
            mark: self.core.identity.mark(&commit.key),
            commit,
            ticket: asked,
        };
        match self.core.queue.push(job, urgent) {
            Ok(()) => Box::pin(waiter),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn nudge(&self) {
        self.core.queue.nudge();
    }

    fn claim_due(
        &self,
        upto: Millis,
        until: Millis,
        limit: usize,
    ) -> BoxFuture<'static, Result<Claimed, Error>> {
        let claimed = self.claim(upto, until, limit).map(|items| Claimed {
            items,
            complete: true,
        });
        ready(claimed).boxed()
    }

    fn all(
        &self,
        kind: EntityKind,
    ) -> BoxFuture<'static, Result<Vec<(EntityKey, Arc<[u8]>)>, Error>> {
        ready(self.core.alive().and_then(|()| self.core.all(kind))).boxed()
    }

    fn scan(&self, after: Option<Place>, limit: usize) -> BoxFuture<'static, Result<Page, Error>> {
        let core = Arc::clone(&self.core);
        let Some(place) = after else {
            let checkpoint = self.compact();
            return async move {
                checkpoint.await?;
                core.page(i64::MIN, limit)
            }
            .boxed();
        };
        let page = match number_of(&place) {
            Some(id) => core.page(id, limit),
            None => Err(Error::Io("this is no place of an embedded store".into())),
        };
        ready(page).boxed()
    }

    fn feed(
        &self,
        after: Cursor,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<FeedRecord>, Error>> {
        ready(self.read_feed(after, limit)).boxed()
    }

    fn trim_feed(&self, upto: Cursor) -> BoxFuture<'static, Result<(), Error>> {
        if upto.partition != 0 {
            return ready(self.core.alive()).boxed();
        }
        self.asked(|done| {
            self.keeper
                .send(Task::Trim(upto.batch, done))
                .map_err(|_| Error::Closed("the store was closed".into()))
        })
    }

    fn desk_generation(&self) -> BoxFuture<'static, Result<DeskGeneration, Error>> {
        let token = || self.core.read().generation;
        ready(self.core.alive().map(|()| DeskGeneration::of(token()))).boxed()
    }

    fn desk_rows(&self) -> BoxFuture<'static, Result<Vec<(EntityKey, Box<[u8]>)>, Error>> {
        let rows = || self.core.read().desk.values().cloned().collect();
        ready(self.core.alive().map(|()| rows())).boxed()
    }

    fn compact(&self) -> BoxFuture<'static, Result<(), Error>> {
        self.asked(|done| self.core.queue.control(Control::Compact(done)))
    }

    fn health(&self) -> Health {
        self.core.sample_space();
        let bytes = std::fs::read_dir(&self.core.options.folder)
            .map(|entries| {
                entries
                    .filter_map(|entry| entry.ok()?.metadata().ok())
                    .map(|meta| meta.len())
                    .sum()
            })
            .unwrap_or(0);
        Health {
            kind: "embedded",
            promise: "every event of the request is on this machine's disk, synced",
            free_bytes: self.core.free.load(Ordering::Relaxed),
            floor_bytes: self.core.options.free_space_floor,
            waiting: self.core.queue.len(),
            batch: self.core.batch.load(Ordering::Relaxed),
            bytes,
            closed: self.core.alive().err().map(|error| error.to_string()),
        }
    }

    fn close(&self) -> BoxFuture<'static, Result<(), Error>> {
        self.asked(|done| self.core.queue.control(Control::Close(done)))
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Refused when the writer has ended already.
        let _ = self.core.queue.control(Control::Stop);
        let mut threads = std::mem::take(&mut *lock(&self.threads));
        // The writer first: it may still hand a checkpoint to the keeper.
        if !threads.is_empty() {
            let _ = threads.remove(0).join();
        }
        let _ = self.keeper.send(Task::Stop);
        for thread in threads {
            let _ = thread.join();
        }
    }
}
