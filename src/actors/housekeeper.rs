//! The housekeeper: what nobody waits for and everybody relies on.
//!
//! Every hour it has the store drop unsent words from its files (promise: within 7 days), takes them
//! out of the archive, and moves change feed older than a week there: an object is durable in the
//! archive before its batches are trimmed here. What is older in the archive than the operator wants
//! it is removed. Runs on an arbiter of its own, because folders block.

mod looks;
mod lots;
mod shelf;

use super::archived::{self, Unsent};
use super::draw::revision;
use crate::domain::time::Span;
use crate::ports::archive::Archive;
use crate::ports::store::{Error, Store};
use crate::telemetry::meter;
use actix::prelude::*;
use futures_util::future::{BoxFuture, Either, FutureExt, ready, select};
use looks::Looks;
use lots::{Day, Lot};
use shelf::{Overtaken, Shelf};
use std::fmt::Display;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// How often.
const EVERY: Duration = Duration::from_secs(3_600);
/// The first round: not while a start is still recovering.
const FIRST: Duration = Duration::from_secs(300);
/// Feed younger than this stays in the store unless the operator says otherwise; LINE's apps let people
/// unsend for much less.
const KEEP: Span = Span::hours(24 * 7);
/// When another node keeps house: ask again after.
const AGAIN: Duration = Duration::from_secs(300);
/// Rounds of others that may come between the erasing of one.
const TRIES: usize = 3;
/// The lease of the node that keeps house; how long it is held for, and how often renewed.
const LEASE: &str = "housekeeper";
const HELD: Span = Span::secs(60);
const RENEWED: Duration = Duration::from_secs(15);
const OVERTAKEN: &str = "another node keeps house now";

/// Whether this node may keep house now. Asked before a round and, while it works, before each
/// object it changes: a body with a lease renews it by that.
pub type Turn = Arc<dyn Fn() -> BoxFuture<'static, Result<bool, Error>> + Send + Sync>;

/// The actor.
#[derive(Clone)]
pub struct Housekeeper {
    store: Arc<dyn Store>,
    archive: Arc<dyn Archive>,
    keep_feed: Span,
    keep_archive: Option<Span>,
    turn: Turn,
    is_working: bool,
    /// The next question whether it is this node's turn.
    again: Option<SpawnHandle>,
}

impl Housekeeper {
    /// A housekeeper for a store.
    pub fn new(store: Arc<dyn Store>, archive: Arc<dyn Archive>) -> Housekeeper {
        Housekeeper {
            store,
            archive,
            keep_feed: KEEP,
            keep_archive: None,
            turn: Arc::new(|| ready(Ok(true)).boxed()),
            is_working: false,
            again: None,
        }
    }

    /// Leaves in the store what is younger than this; whole days go.
    pub fn keep_feed(self, span: Span) -> Housekeeper {
        Housekeeper {
            keep_feed: span,
            ..self
        }
    }

    /// Removes from the archive what is older than this; `None`: nothing.
    pub fn keep_archive(self, span: Option<Span>) -> Housekeeper {
        Housekeeper {
            keep_archive: span,
            ..self
        }
    }

    /// Works only when this says so; without it always. Two that work at once lose nothing and
    /// double nothing; they waste work, and a round may end with "another node keeps house now".
    pub fn turn(self, turn: Turn) -> Housekeeper {
        Housekeeper { turn, ..self }
    }

    /// Keeps house in turn with the other nodes on the store: by a lease that it renews while it works.
    pub fn in_turn(self) -> Housekeeper {
        let (store, holder) = (self.store.clone(), revision());
        self.turn(Arc::new(move || store.hold(LEASE, holder, HELD)))
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
        self.still_ours().await?;
        self.store.compact().await.map_err(told)?;
        let mut looks = Looks::begin(&*self.store).await.map_err(told)?;
        let mut shelf = Shelf::begin(&*self.store).await.map_err(told)?;
        if shelf.has_attempts() {
            shelf.overtake(&*self.store).await.map_err(told)?;
        }
        for name in shelf.abandoned() {
            archived::discard(&*self.archive, &name)
                .await
                .map_err(told)?;
        }
        // Before anything is trimmed: the feed is where unsends are found.
        self.erase_archived(&mut looks, &mut shelf).await?;
        let mut archived = 0;
        let horizon = self.store.now() - self.keep_feed;
        loop {
            let day = Day::oldest(&*self.store, &shelf, horizon).await;
            let Some(day) = day.map_err(told)? else {
                return Ok(archived);
            };
            match self.archive_day(day, &looks, &mut shelf).await? {
                0 => return Ok(archived),
                records => archived += records,
            }
        }
    }

    /// Archives what is old enough of a day, then trims it. Returns the records.
    async fn archive_day(
        &self,
        mut day: Day,
        looks: &Looks,
        shelf: &mut Shelf,
    ) -> Result<usize, String> {
        let mut archived = 0;
        loop {
            self.still_ours().await?;
            let lot = day.lot(&*self.store, shelf, looks).await.map_err(told)?;
            let Some(lot) = lot else {
                return Ok(archived);
            };
            self.archive_lot(&day.date, &lot, looks, shelf).await?;
            archived += lot.records.len();
        }
    }

    /// Durable in the archive, without words that were unsent since they were read; then it counts;
    /// then it is trimmed.
    async fn archive_lot(
        &self,
        date: &str,
        lot: &Lot,
        looks: &Looks,
        shelf: &mut Shelf,
    ) -> Result<(), String> {
        let store = &*self.store;
        let name = shelf.open(store, date).await.map_err(told)?;
        let name = name.map_err(|Overtaken| OVERTAKEN)?;
        archived::put(&*self.archive, &name, &lot.records)
            .await
            .map_err(told)?;
        let upto = lot.upto();
        let mut unsent = Unsent::new();
        for cursor in &upto {
            let since = looks.since(store, cursor.partition, &mut unsent);
            since.await.map_err(told)?;
        }
        if !unsent.is_empty() {
            let erased = archived::erase(&*self.archive, &name, &unsent).await;
            erased.map_err(told)?;
        }
        let counts = shelf.close(store, &name, &upto).await.map_err(told)?;
        if let Err(Overtaken) = counts {
            // It was abandoned by the other round, which or whose next one deletes it as well.
            archived::discard(&*self.archive, &name)
                .await
                .map_err(told)?;
            return Err(OVERTAKEN.to_owned());
        }
        for cursor in upto {
            store.trim_feed(cursor).await.map_err(told)?;
        }
        Ok(())
    }

    /// Takes the words of what was unsent since the last look out of the archive, of all partitions
    /// at once.
    async fn erase_archived(&self, looks: &mut Looks, shelf: &mut Shelf) -> Result<(), String> {
        let store = &*self.store;
        for _ in 0..TRIES {
            let unsent = looks.unsent(store).await.map_err(told)?;
            if unsent.is_empty() {
                return looks.end(store).await.map_err(told);
            }
            shelf.overtake(store).await.map_err(told)?;
            let carrying = archived::carrying(&*self.archive, &unsent).await;
            let mut erased = 0;
            for name in carrying.map_err(told)? {
                self.still_ours().await?;
                erased += archived::erase(&*self.archive, &name, &unsent)
                    .await
                    .map_err(told)?;
            }
            tracing::info!(
                unsent = unsent.len(),
                erased,
                "unsent words left the archive"
            );
            // Another round that began meanwhile rewrites the same objects, and each may have put
            // back what the other took out.
            if shelf.is_ours(store).await.map_err(told)? {
                return looks.end(store).await.map_err(told);
            }
        }
        Err(OVERTAKEN.to_owned())
    }

    /// Ends when it is not this node's turn any more.
    async fn losing(&self) -> String {
        loop {
            tokio::time::sleep(RENEWED).await;
            if let Err(lost) = self.still_ours().await {
                return lost;
            }
        }
    }

    async fn still_ours(&self) -> Result<(), String> {
        match (self.turn)().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(OVERTAKEN.to_owned()),
            Err(error) => Err(told(error)),
        }
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
            .map_err(told)
    }

    /// A whole round, told to log and metrics. False: another node keeps house now.
    async fn worked(&self) -> bool {
        let worked = async {
            if !(self.turn)().await.map_err(told)? {
                return Ok(None);
            }
            let archived = self.round().await?;
            meter::archived(archived);
            let removed = self.expire().await?;
            meter::archive_removed(removed);
            Ok::<_, String>(Some((archived, removed)))
        };
        // A round that is left half-way counts as one that died: the next one clears up.
        let ended = match select(pin!(worked), pin!(self.losing())).await {
            Either::Left((ended, _)) => ended,
            Either::Right((lost, _)) => Err(lost),
        };
        match ended {
            Ok(None) => return false,
            Ok(Some((archived, removed))) => {
                meter::housekeeping(true);
                tracing::info!(archived, removed, "housekeeping done");
            }
            Err(error) => {
                meter::housekeeping(false);
                tracing::error!(error, "housekeeping failed, the next round goes on");
            }
        }
        self.measure().await;
        true
    }

    async fn measure(&self) {
        match self.archive.usage().await {
            Ok(usage) => meter::archive(usage.objects, usage.bytes),
            Err(error) => tracing::warn!(%error, "the archive cannot be measured"),
        }
    }
}

fn told(error: impl Display) -> String {
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
    type Result = ();

    fn handle(&mut self, _: Round, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.is_working, true) {
            // A round longer than an hour, and the next one.
            return;
        }
        let keeper = self.clone();
        let round = async move { keeper.worked().await }.into_actor(self);
        ctx.spawn(round.map(|worked, keeper, ctx| {
            keeper.is_working = false;
            if !worked {
                // One chain of asking, however many hours the other's round takes.
                let again = ctx.notify_later(Round, AGAIN);
                if let Some(before) = keeper.again.replace(again) {
                    ctx.cancel_future(before);
                }
            }
        }));
    }
}
