//! Delivers what is kept as soon as the store takes it.
//!
//! While the store is away one event is tried every half second; when it was taken, everything is
//! delivered, so many conversations side by side, each in the order of its numbers. An entry is
//! removed when it was committed: until then a crash brings it back. A channel whose answers LINE does
//! not take fast enough is left alone; nothing of it is read, and nothing is counted as failed.

use super::Spooling;
use super::compaction::Compaction;
use super::turn::Turn;
use crate::actors::{Gate, Inbound, Refusal};
use crate::domain::ids::ChannelId;
use crate::line::inbound::Reading;
use crate::line_wire::event;
use crate::ports::spool::Held;
use crate::telemetry::meter;
use actix_web::web;
use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::value::RawValue;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Conversations drained side by side: what live traffic shares the store with.
const SIDE_BY_SIDE: usize = 64;
/// Events of one conversation delivered together: as many as a conversation folds into a commit.
const TOGETHER: usize = 64;
/// How often it is looked whether there is anything to do.
const LOOK: Duration = Duration::from_millis(250);
/// How often a store that is away is tried.
const TRY: Duration = Duration::from_millis(500);
/// How long a delivery may take; a try of a store that is away, too.
const DELIVERY: Duration = Duration::from_secs(3);

impl Spooling {
    /// Drains until [`Spooling::leave`]. To be run once, on an arbiter: conversations that are not in
    /// memory live there from then on. A fault in it is told, and it begins again.
    pub async fn run(self: Arc<Self>) {
        self.story.tell_homeless();
        while AssertUnwindSafe(self.work()).catch_unwind().await.is_err() {
            tracing::error!("the drainer of the spool died, it begins again");
            tokio::time::sleep(TRY).await;
        }
    }

    async fn work(&self) {
        let mut compaction = Compaction::new();
        while !self.is_leaving() {
            // Rung or not: what rests comes back by the clock.
            let _ = tokio::time::timeout(LOOK, self.bell.notified()).await;
            // A bell that rings without end must not keep others from this thread.
            tokio::task::yield_now().await;
            if self.lanes.waiting() > 0 {
                compaction.soils();
                self.drain().await;
            }
            if self.lanes.waiting() > 0 {
                continue;
            }
            // Nothing is left to try with: the next request is the try.
            if self.weather.is_away(false) {
                self.weather.is_well();
            }
            if self.story.ended() {
                self.refusing.store(false, Ordering::Relaxed);
            }
            if !self.is_leaving() {
                compaction.look(&*self.spool).await;
            }
        }
    }

    /// Ends draining; deliveries under way end.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
        self.bell.notify_one();
    }

    fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    async fn drain(&self) {
        let is_open = |channel: &ChannelId| !self.registry.shared().is_full(channel, self.owed);
        if self.weather.is_away(false) {
            let Some(turn) = self.lanes.probe(is_open) else {
                return;
            };
            self.serve(turn).await;
            if self.weather.is_away(false) {
                tokio::time::sleep(TRY).await;
                return;
            }
        }
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < SIDE_BY_SIDE
                && !self.weather.is_away(false)
                && !self.is_leaving()
            {
                let Some(turn) = self.lanes.next(TOGETHER, is_open) else {
                    break;
                };
                under_way.push(self.serve(turn));
            }
            if under_way.next().await.is_none() {
                return;
            }
        }
    }

    /// Delivers one turn; it rests when that fails, whatever the fault.
    async fn serve(&self, mut turn: Turn<'_>) {
        let gate = Gate::default();
        let delivered = AssertUnwindSafe(self.deliver(&mut turn, &gate)).catch_unwind();
        match delivered.await {
            Ok(true) => return turn.drained(),
            Ok(false) => {}
            Err(_) => {
                tracing::error!(conversation = %turn.key, "a delivery from the spool died")
            }
        }
        // What still waits in the conversation must not be taken beside the next try.
        gate.shut();
        meter::spool_drain_failed();
    }

    /// Answers whether the turn's entries are committed and removed.
    async fn deliver(&self, turn: &mut Turn<'_>, gate: &Gate) -> bool {
        let Some(reading) = self.readings.get(&turn.key.channel) else {
            return false;
        };
        let Some(events) = self.read(turn, reading).await else {
            return false;
        };
        let delivery = self.registry.deliver_through(&turn.key, events, Some(gate));
        let failed = match tokio::time::timeout(DELIVERY, delivery).await {
            Ok(Ok(())) => {
                self.is_well();
                for held in &turn.held {
                    self.spool.remove(&turn.key, held);
                }
                meter::spool_drained(turn.held.len());
                self.story.drained(turn.held.len());
                return true;
            }
            Ok(Err(Refusal::Overloaded | Refusal::Behind)) => return false,
            Ok(Err(Refusal::Store(error))) => error.to_string(),
            Err(_) => "no commit within the drainer's time".to_owned(),
        };
        self.story.because(&failed);
        if self.weather.failed() {
            turn.is_not_to_blame();
        }
        false
    }

    /// The turn's events, read on a thread that may wait for a disk.
    async fn read(&self, turn: &Turn<'_>, reading: &Reading) -> Option<Vec<Inbound>> {
        let (spool, key, all) = (self.spool.clone(), turn.key.clone(), turn.held.clone());
        let read = move || -> Vec<_> { all.iter().map(|held| spool.read(&key, held)).collect() };
        let read = match web::block(read).await {
            Ok(read) => read,
            Err(_) => {
                tracing::error!(conversation = %turn.key, "reading the spool died");
                return None;
            }
        };
        let mut events = Vec::with_capacity(read.len());
        for (held, read) in turn.held.iter().zip(read) {
            match read {
                Ok(Some(raw)) => events.extend(again(reading, Bytes::from_owner(raw), held)),
                Ok(None) => {
                    tracing::error!(conversation = %turn.key, number = held.number,
                        "a spooled event is not there");
                }
                Err(error) => {
                    self.story.because(&error.to_string());
                    return None;
                }
            }
        }
        Some(events)
    }
}

/// The event as the webhook would have sorted it, at the time it came; `None`: by now the config says
/// that it is not for the account.
fn again(reading: &Reading, raw: Bytes, held: &Held) -> Option<Inbound> {
    let bytes = raw.clone();
    let value: &RawValue = match serde_json::from_slice(&bytes) {
        Ok(value) => value,
        Err(error) => {
            tracing::error!(channel = %reading.channel, number = held.number, error = %error,
                "a spooled event is not JSON");
            return None;
        }
    };
    let sorted = match event::read(value) {
        Ok(read) => reading.sort(read, raw, held.received),
        Err(fault) => Some(reading.broken(value, raw, &fault, held.received)),
    };
    sorted.map(|sorted| sorted.inbound)
}
