//! The housekeeper: what nobody waits for and everybody relies on.
//!
//! Every hour it has the store drop unsent words from its files (promise: within 7 days), and moves
//! change feed older than a week to the archive: an object is durable there before its batches are
//! trimmed here. What is older in the archive than the operator wants it is removed. Runs on an
//! arbiter of its own, because folders block.

use crate::domain::time::Span;
use crate::ports::archive::{self, Archive};
use crate::ports::store::{Cursor, Error, FeedRecord, Store};
use crate::telemetry::meter;
use actix::prelude::*;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// How often.
const EVERY: Duration = Duration::from_secs(3_600);
/// The first round: not while a start is still recovering.
const FIRST: Duration = Duration::from_secs(300);
/// Feed younger than this stays in the store; LINE lets customers unsend for less.
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
    /// # Errors
    /// A sentence; what was done stays done, the next round goes on.
    pub async fn round(&self) -> Result<usize, String> {
        self.store
            .compact()
            .await
            .map_err(|error| error.to_string())?;
        let mut archived = 0;
        loop {
            let records = self.old().await.map_err(|error| error.to_string())?;
            let (Some(first), Some(last)) = (records.first(), records.last()) else {
                return Ok(archived);
            };
            // The cursor is in the name: archiving again after a crash writes the same object.
            let name = format!(
                "feed/{}/{}-{}.jsonl",
                first.at.utc_date(),
                first.cursor.batch,
                last.cursor.batch
            );
            let trimmed = last.cursor;
            self.archive
                .put(&name, lines(&records))
                .await
                .map_err(|error| error.to_string())?;
            self.store
                .trim_feed(trimmed)
                .await
                .map_err(|error| error.to_string())?;
            archived += records.len();
        }
    }

    /// Removes archived objects whose day is older than what is kept. Returns how many.
    ///
    /// # Errors
    /// A sentence; what is removed stays removed, the next round goes on.
    pub async fn expire(&self) -> Result<usize, String> {
        let Some(keep) = self.keep_archive else {
            return Ok(0);
        };
        let first_kept = (self.store.now() - keep).utc_date();
        let keys = self.archive.list("feed").await.map_err(said)?;
        let mut removed = 0;
        for key in keys {
            // Only what a housekeeper has put there: feed/<day>/<batches>.jsonl.
            let day = key.split('/').nth(1).filter(|day| is_day(day));
            if day.is_some_and(|day| *day < *first_kept) {
                self.archive.delete(&key).await.map_err(said)?;
                removed += 1;
            }
        }
        Ok(removed)
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
    async fn old(&self) -> Result<Vec<FeedRecord>, Error> {
        let horizon = self.store.now() - KEEP;
        let mut records: Vec<FeedRecord> = Vec::new();
        let mut after = Cursor::default();
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

/// One JSON line a record; unsent words are already gone.
fn lines(records: &[FeedRecord]) -> Box<[u8]> {
    let mut out = Vec::new();
    for record in records {
        let key = format!("{:?}", record.key);
        let payload = record.payload.as_deref().unwrap_or(b"null");
        write!(
            out,
            "{{\"at\":{},\"batch\":{},\"index\":{},\"key\":",
            record.at, record.cursor.batch, record.cursor.index
        )
        .and_then(|()| serde_json::to_writer(&mut out, &key).map_err(Into::into))
        .and_then(|()| out.write_all(b",\"record\":"))
        .and_then(|()| out.write_all(payload))
        .and_then(|()| out.write_all(b"}\n"))
        .expect("writing to memory does not fail");
    }
    out.into_boxed_slice()
}

/// `2026-11-20`.
fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
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
