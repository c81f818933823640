//! Events that the store does not take now: kept on this machine's disk, delivered when it does.
//!
//! Law of this room: an event goes *through* to the store or *into* the spool, and what a customer
//! sent later never overtakes what he sent before. Hence one [lane](lanes) for each conversation that
//! is being delivered to or has entries here: while an earlier event of it is undecided or kept, a
//! later one joins the spool. Entries are delivered by their numbers, which are drawn at arrival.
//! An event that was committed although nobody heard of it, and spooled too, is known to the core by
//! its webhook event id. Nothing here decides what an event means, nor whether it is too old to be
//! answered: it keeps the time at which it reached us, and the core looks at it.
//!
//! | file | what |
//! |---|---|
//! | `lanes` | who is kept, who is under way, in which order |
//! | `weather` | whether the store takes anything at all |
//! | `calls`, `turn` | who is drained next, and one conversation being drained |
//! | `ages` | how many wait, since when |
//! | `drainer` | delivers what is kept |
//! | `compaction` | takes its words out of the files |
//! | `story` | what the operator is told |

mod ages;
mod calls;
mod compaction;
mod drainer;
mod lanes;
mod story;
mod turn;
mod weather;

pub use story::Figures;

use super::finish::Finish;
use super::inbound::Reading;
use crate::actors::{Inbound, Refusal, Registry};
use crate::domain::ids::{ChannelId, ConversationKey};
use crate::domain::time::Millis;
use crate::ports::spool::{Entry, Error, Held, Spool};
use crate::telemetry::meter;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use lanes::{Lanes, Way};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use story::Story;
use tokio::sync::Notify;
use weather::Weather;

/// How long a request waits for the store before its events are spooled; what is left of the
/// webhook's deadline is the disk's.
pub const PATIENCE: Duration = Duration::from_millis(1_200);

/// What became of a request's events of one conversation.
#[derive(Clone, Debug)]
pub enum Taken {
    /// The store has them.
    Committed,
    /// The spool has them.
    Spooled,
    /// Some are not known to be durable; the words say why.
    Refused(&'static str),
    /// Not taken: this node's own bounds, nothing to do with the store.
    Overloaded,
}

/// How many requests are under way, as the webhook sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// Each may wait for the store.
    None,
    /// So many that waiting for a store that says nothing is not affordable.
    Dense,
    /// So many that nobody more may wait, however well the store is.
    Packed,
}

/// Between the webhook and the registry.
pub struct Spooling {
    spool: Arc<dyn Spool>,
    registry: Arc<Registry>,
    readings: HashMap<ChannelId, Reading>,
    owed: usize,
    lanes: Lanes,
    weather: Weather,
    story: Story,
    leaving: AtomicBool,
    /// The spool refused the last event it was given.
    refusing: AtomicBool,
    /// Rung when there may be something to drain.
    bell: Notify,
}

impl Spooling {
    /// Begins with what earlier lives left. `owed`: as the webhook's bound: while so many answers of a
    /// channel are owed, its entries wait.
    pub fn new(
        spool: Arc<dyn Spool>,
        registry: Arc<Registry>,
        readings: impl IntoIterator<Item = Reading>,
        owed: usize,
    ) -> Arc<Spooling> {
        let readings = readings
            .into_iter()
            .map(|reading| (reading.channel.clone(), reading));
        let readings: HashMap<ChannelId, Reading> = readings.collect();
        let left = spool.left();
        let lanes = Lanes::new(spool.first_free());
        let spooling = Arc::new(Spooling {
            spool,
            registry,
            readings,
            owed,
            lanes,
            weather: Weather::default(),
            story: Story::default(),
            leaving: AtomicBool::new(false),
            refusing: AtomicBool::new(false),
            bell: Notify::new(),
        });
        if !left.is_empty() {
            tracing::warn!(
                events = left.len(),
                "events of an earlier run are in the spool, to be delivered"
            );
            spooling.story.begun();
        }
        for (key, held) in left {
            if spooling.readings.contains_key(&key.channel) {
                spooling.lanes.adopt(&key, held);
            } else {
                spooling.story.homeless(&key.channel);
            }
        }
        spooling
    }

    /// Takes events of one conversation in: through, or into the spool. Finished although the caller
    /// goes away.
    pub async fn take(
        self: &Arc<Self>,
        key: ConversationKey,
        events: Vec<Inbound>,
        raws: Vec<Bytes>,
        crowd: Crowd,
    ) -> Taken {
        let spooling = self.clone();
        Finish::new(async move { spooling.taken(key, events, raws, crowd).await }).await
    }

    async fn taken(
        self: Arc<Self>,
        key: ConversationKey,
        events: Vec<Inbound>,
        raws: Vec<Bytes>,
        crowd: Crowd,
    ) -> Taken {
        let received = events.first().map(|first| first.received.received);
        let received = received.unwrap_or_default();
        let mut away = self.weather.is_away(crowd != Crowd::None);
        if crowd == Crowd::Packed && !away && self.is_taking() {
            self.story.because("the store is slower than requests come");
            away = true;
        }
        let mut pass = self.lanes.enter(&key, events.len() as u64, away);
        if let Way::Through(gate) = &pass.way {
            let (registry, through, whose) = (self.registry.clone(), gate.clone(), key.clone());
            let delivery = async move {
                registry
                    .deliver_through(&whose, events, Some(&through))
                    .await
            };
            // A fault in one delivery must not take its neighbours with it.
            let delivery = Finish::new(AssertUnwindSafe(delivery).catch_unwind());
            match tokio::time::timeout(PATIENCE, delivery).await {
                Ok(Ok(Ok(()))) => {
                    self.is_well();
                    return Taken::Committed;
                }
                Ok(Ok(Err(Refusal::Overloaded))) => return Taken::Overloaded,
                Ok(Err(_)) => return Taken::Refused("a delivery died"),
                Ok(Ok(Err(Refusal::Behind))) => {}
                Ok(Ok(Err(Refusal::Store(error)))) => {
                    self.story.because(&error.to_string());
                    self.weather.failed();
                }
                Err(_) => {
                    self.story.because("no commit within the request's time");
                    self.weather.failed();
                }
            }
            // Nothing of this conversation is taken through any more, until all is drained.
            gate.shut();
        }
        let kept = self.keep(&key, pass.number, received, &raws).await;
        let (kept, refused): (Vec<_>, Vec<_>) = kept.into_iter().partition(Result::is_ok);
        let kept: Vec<Held> = kept.into_iter().flatten().collect();
        if !kept.is_empty() {
            self.refusing.store(false, Ordering::Relaxed);
            self.story.begun();
            self.story.spooled(kept.len());
            meter::spooled(kept.len());
            pass.hold(kept);
            drop(pass);
            self.bell.notify_one();
        }
        match refused.into_iter().find_map(Result::err) {
            None => Taken::Spooled,
            Some(error) => {
                if !matches!(error, Error::TooLong { .. }) {
                    self.refusing.store(true, Ordering::Relaxed);
                }
                meter::spool_refused();
                self.story.refused(&error.to_string());
                Taken::Refused("neither the store nor the spool takes the event")
            }
        }
    }

    async fn keep(
        &self,
        key: &ConversationKey,
        number: u64,
        received: Millis,
        raws: &[Bytes],
    ) -> Vec<Result<Held, Error>> {
        join_all(raws.iter().zip(number..).map(|(raw, number)| {
            let held = Held {
                number,
                received,
                bytes: raw.len() as u32,
            };
            let event = Arc::from(&**raw);
            let put = self.spool.put(key, Entry { held, event });
            put.map(move |done| done.map(|()| held))
        }))
        .await
    }

    /// The store committed something. Not waited out is a pause that was for its absence.
    fn is_well(&self) {
        if self.weather.is_well() {
            self.lanes.rouse_all();
            self.bell.notify_one();
        }
    }

    /// Whether the spool took the last event it was given: asked at every request of a crowd, so its disk
    /// is not.
    pub fn is_taking(&self) -> bool {
        !self.refusing.load(Ordering::Relaxed)
    }

    /// Whether the spool has room: the node takes work although the store does not.
    pub fn takes(&self) -> bool {
        self.spool.usage().taking
    }

    /// Requests between coming in and their end: what must end before the spool is closed.
    pub fn under_way(&self) -> usize {
        self.lanes.under_way()
    }

    /// Closes the spool, after [`Spooling::leave`] and the webhook's end. What is left is delivered by
    /// the next life.
    pub async fn close(&self) {
        let left = self.lanes.waiting();
        if left > 0 {
            tracing::warn!(
                events = left,
                "events stay in the spool; the next start delivers them"
            );
        }
        if let Err(error) = self.spool.close().await {
            tracing::error!(error = %error, "spool did not close cleanly");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
