//! The housekeeper: what nobody waits for and everybody relies on.
//!
//! Every hour it has the store drop unsent words from its files (promise: within 7 days), takes them
//! out of the archive, and moves change feed older than a week there: an object is durable in the
//! archive before its batches are trimmed here. What is older in the archive than the operator wants
//! it is removed. Runs on an arbiter of its own, because folders block.

use super::archived::{self, Unsent};
use super::draw::revision;
use crate::domain::time::Span;
use crate::ports::archive::{self, Archive};
use crate::ports::store::{
    Class, Commit, Cursor, EntityKey, EntityKind, Error, FeedRecord, Outcome, Revision, Store,
    Urgency, Write,
};
use crate::telemetry::meter;
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// How often.
const EVERY: Duration = Duration::from_secs(3_600);
/// The first round: not while a start is still recovering.
const FIRST: Duration = Duration::from_secs(300);
/// Feed younger than this stays in the store; LINE's apps let people unsend for much less.
const KEEP: Span = Span::hours(24 * 7);
/// Records in one archived object, rounded up to a whole batch.
const RECORDS: usize = 20_000;

/// The actor.
#[derive(Clone)]
pub struct Housekeeper {
    store: Arc<dyn Store>,
    archive: Arc<dyn Archive>,
    keep_archive: Option<Span>,
}

impl Housekeeper {
    /// A housekeeper for a store.
    pub fn new(store: Arc<dyn Store>, archive: Arc<dyn Archive>) -> Housekeeper {
        Housekeeper {
            store,
            archive,
            keep_archive: None,
        }
    }

    /// Removes from the archive what is older than this; `None`: nothing.
    pub fn keep_archive(self, span: Option<Span>) -> Housekeeper {
        Housekeeper {
            keep_archive: span,
            ..self
        }
    }

    /// Starts it on an arbiter that may block.
    pub fn start_on(self, arbiter: &ArbiterHandle) {
        Housekeeper::start_in_arbiter(arbiter, |_| self);
    }

    /// One round: erases, archives, trims. Returns the records archived.
    ///
    /// After a round that began after an unsend, no file of the store and of its archive holds the
    /// words.
    ///
    /// # Errors
    /// A sentence; what was done stays done, the next round goes on.
    pub async fn round(&self) -> Result<usize, String> {
        self.store
            .compact()
            .await
            .map_err(|error| error.to_string())?;
        // Before anything is trimmed: the feed is where unsends are found.
        self.erase_archived().await?;
        let mut archived = 0;
        for partition in 0..self.store.feeds() {
            archived += self.archive_old(partition).await?;
        }
        Ok(archived)
    }

    /// Archives what is old in one partition of the feed, then trims it there.
    async fn archive_old(&self, partition: u16) -> Result<usize, String> {
        let mut archived = 0;
        loop {
            let records = self.old(partition).await;
            let records = records.map_err(|error| error.to_string())?;
            let Some(trimmed) = records.last().map(|last| last.cursor) else {
                return Ok(archived);
            };
            archived::put(&*self.archive, &records)
                .await
                .map_err(said)?;
            self.store
                .trim_feed(trimmed)
                .await
                .map_err(|error| error.to_string())?;
            archived += records.len();
        }
    }

    /// Takes the words of what was unsent since the last look out of the archive.
    async fn erase_archived(&self) -> Result<(), String> {
        for partition in 0..self.store.feeds() {
            self.erase_archived_of(partition).await?;
        }
        Ok(())
    }

    async fn erase_archived_of(&self, partition: u16) -> Result<(), String> {
        let look = Look::begin(&*self.store, partition);
        let mut look = look.await.map_err(|error| error.to_string())?;
        let unsent = look.unsent(&*self.store);
        let unsent = unsent.await.map_err(|error| error.to_string())?;
        if !unsent.is_empty() {
            let erased = archived::erase(&*self.archive, &unsent)
                .await
                .map_err(said)?;
            tracing::info!(
                unsent = unsent.len(),
                erased,
                "unsent words left the archive"
            );
        }
        look.end(&*self.store)
            .await
            .map_err(|error| error.to_string())
    }

    /// Removes archived objects whose day is older than what is kept, and their marks. Returns how
    /// many objects.
    ///
    /// # Errors
    /// A sentence; what is removed stays removed, the next round goes on.
    pub async fn expire(&self) -> Result<usize, String> {
        let Some(keep) = self.keep_archive else {
            return Ok(0);
        };
        let first_kept = (self.store.now() - keep).utc_date();
        archived::expire(&*self.archive, &first_kept)
            .await
            .map_err(said)
    }

    /// A whole round, told to log and metrics.
    async fn told(&self) {
        let worked = async {
            let archived = self.round().await?;
            meter::archived(archived);
            let removed = self.expire().await?;
            meter::archive_removed(removed);
            Ok::<_, String>((archived, removed))
        };
        match worked.await {
            Ok((archived, removed)) => {
                meter::housekeeping(true);
                tracing::info!(archived, removed, "housekeeping done");
            }
            Err(error) => {
                meter::housekeeping(false);
                tracing::error!(error, "housekeeping failed, the next round goes on");
            }
        }
        self.measure().await;
    }

    async fn measure(&self) {
        match self.archive.usage().await {
            Ok(usage) => meter::archive(usage.objects, usage.bytes),
            Err(error) => tracing::warn!(%error, "the archive cannot be measured"),
        }
    }

    /// The oldest whole batches that are old enough, about [`RECORDS`] records.
    async fn old(&self, partition: u16) -> Result<Vec<FeedRecord>, Error> {
        let horizon = self.store.now() - KEEP;
        let mut records: Vec<FeedRecord> = Vec::new();
        let mut after = Cursor::before(partition);
        loop {
            let page = self.store.feed(after, 1_000).await?;
            let Some(last) = page.last() else {
                return Ok(records);
            };
            after = last.cursor;
            for record in page {
                let begins_batch = records
                    .last()
                    .is_none_or(|last| last.cursor.batch != record.cursor.batch);
                if begins_batch && (record.at > horizon || records.len() >= RECORDS) {
                    return Ok(records);
                }
                records.push(record);
            }
        }
    }
}

/// How far the feed was looked through for unsends; durable, so that none is missed or looked for
/// twice over a restart.
struct Look {
    revision: Option<Revision>,
    begun: Cursor,
    reached: Cursor,
}

impl Look {
    /// One for each partition; the first has the name it had when there was only one.
    fn entity(partition: u16) -> EntityKey {
        let name = match partition {
            0 => "housekeeper/unsent".to_owned(),
            other => format!("housekeeper/unsent/{other}"),
        };
        EntityKey::new(EntityKind::Counter, &name)
    }

    async fn begin(store: &dyn Store, partition: u16) -> Result<Look, Error> {
        let stored = store.load(&Look::entity(partition)).await?;
        let value = stored.as_ref().and_then(|stored| stored.value.as_deref());
        let reached = value.and_then(|value| reached(partition, value));
        let reached = reached.unwrap_or(Cursor::before(partition));
        Ok(Look {
            revision: stored.map(|stored| stored.revision),
            begun: reached,
            reached,
        })
    }

    /// What was unsent since.
    async fn unsent(&mut self, store: &dyn Store) -> Result<Unsent, Error> {
        let mut unsent = Unsent::new();
        loop {
            let page = store.feed(self.reached, 1_000).await?;
            let Some(last) = page.last() else {
                return Ok(unsent);
            };
            self.reached = last.cursor;
            for record in page {
                if let Some(message) = record.payload.as_deref().and_then(archived::unsent) {
                    unsent.entry(message).or_default().insert(record.key.id);
                }
            }
        }
    }

    async fn end(self, store: &dyn Store) -> Result<(), Error> {
        if self.reached == self.begun {
            return Ok(());
        }
        let mut value = vec![1u8];
        value.extend_from_slice(&self.reached.batch.to_le_bytes());
        value.extend_from_slice(&self.reached.index.to_le_bytes());
        let commit = Commit {
            key: Look::entity(self.reached.partition),
            expected: self.revision,
            proposed: revision(),
            write: Write::Put(value.into()),
            due: None,
            desk: None,
            feed: Vec::new(),
            erase: Vec::new(),
            class: Class::Completing,
            urgency: Urgency::Lazy,
        };
        match store.commit(commit).await? {
            Outcome::Committed(_) => Ok(()),
            // Somebody else keeps this house as well; both looked.
            Outcome::Conflict(_) => Ok(()),
        }
    }
}

/// Format byte, batch, index, little-endian.
fn reached(partition: u16, value: &[u8]) -> Option<Cursor> {
    let (batch, index) = value.strip_prefix(&[1])?.split_at_checked(8)?;
    Some(Cursor {
        partition,
        batch: u64::from_le_bytes(batch.try_into().ok()?),
        index: u32::from_le_bytes(index.try_into().ok()?),
    })
}

fn said(error: archive::Error) -> String {
    error.to_string()
}

impl Actor for Housekeeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let keeper = self.clone();
        ctx.spawn(async move { keeper.measure().await }.into_actor(self));
        ctx.run_later(FIRST, |_, ctx| {
            ctx.notify(Round);
            ctx.run_interval(EVERY, |_, ctx| ctx.notify(Round));
        });
    }
}

struct Round;

impl Message for Round {
    type Result = ();
}

impl Handler<Round> for Housekeeper {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Round, _: &mut Context<Self>) -> Self::Result {
        let keeper = self.clone();
        Box::pin(async move { keeper.told().await })
    }
}
