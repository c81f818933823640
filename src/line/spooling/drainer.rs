//! Delivers what is kept as soon as the store takes it.
//!
//! While the store is away one event is tried every half second; when it was taken, everything is
//! delivered, so many conversations side by side, each in the order of its numbers. An entry is
//! removed when it was committed: until then a crash brings it back.

use super::Spooling;
use super::lanes::Turn;
use crate::actors::{Gate, Inbound, Refusal};
use crate::line::inbound::Reading;
use crate::line_wire::event;
use crate::ports::spool::Held;
use crate::telemetry::meter;
use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::value::RawValue;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

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
/// Words of removed entries leave the files this often at most.
const COMPACT_EVERY: Duration = Duration::from_secs(60);

impl Spooling {
    /// Drains until [`Spooling::leave`]. To be run once, on an arbiter: conversations that are not in
    /// memory live there from then on.
    pub async fn run(self: Arc<Self>) {
        let mut compacted: Option<Instant> = None;
        let mut dirty = !self.spool.left().is_empty();
        self.story.tell_homeless();
        while !self.is_leaving() {
            // Rung or not: what rests comes back by the clock.
            let _ = tokio::time::timeout(LOOK, self.bell.notified()).await;
            if self.lanes.waiting() > 0 {
                dirty = true;
                self.drain().await;
            }
            if self.lanes.waiting() > 0 {
                continue;
            }
            // Nothing is left to try with: the next request is the try.
            if self.weather.is_away(false) {
                self.weather.is_well();
            }
            self.story.ended();
            let is_time = compacted.is_none_or(|at| at.elapsed() > COMPACT_EVERY);
            if dirty && is_time && !self.is_leaving() {
                if let Err(error) = self.spool.compact().await {
                    tracing::warn!(error = %error, "spool was not compacted, tried again");
                }
                (dirty, compacted) = (false, Some(Instant::now()));
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
        if self.weather.is_away(false) {
            let Some(turn) = self.lanes.next(1) else {
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
                let Some(turn) = self.lanes.next(TOGETHER) else {
                    break;
                };
                under_way.push(self.serve(turn));
            }
            if under_way.next().await.is_none() {
                return;
            }
        }
    }

    /// Delivers one turn.
    async fn serve(&self, turn: Turn) {
        let channel = &turn.key.channel;
        let Some(reading) = self.readings.get(channel) else {
            return self.lanes.rests(turn);
        };
        if self.registry.shared().is_full(channel, self.owed) {
            return self.lanes.rests(turn);
        }
        let mut events = Vec::with_capacity(turn.held.len());
        for held in &turn.held {
            match self.spool.read(&turn.key, held) {
                Ok(Some(raw)) => events.extend(again(reading, Bytes::from_owner(raw), held)),
                Ok(None) => {
                    tracing::error!(conversation = %turn.key, number = held.number,
                        "a spooled event is not there");
                }
                Err(error) => {
                    self.story.because(&error.to_string());
                    meter::spool_drain_failed();
                    return self.lanes.rests(turn);
                }
            }
        }
        let gate = Gate::default();
        let delivery = self
            .registry
            .deliver_through(&turn.key, events, Some(&gate));
        let delivery = AssertUnwindSafe(delivery).catch_unwind();
        match tokio::time::timeout(DELIVERY, delivery).await {
            Ok(Ok(Ok(()))) => {
                if self.weather.is_well() {
                    self.lanes.rouse_all();
                }
                for held in &turn.held {
                    self.spool.remove(&turn.key, held);
                }
                meter::spool_drained(turn.held.len());
                self.story.drained(turn.held.len());
                return self.lanes.drained(&turn);
            }
            Ok(Ok(Err(Refusal::Overloaded | Refusal::Behind))) => {}
            Ok(Ok(Err(Refusal::Store(error)))) => {
                self.story.because(&error.to_string());
                self.weather.failed();
            }
            Ok(Err(_)) => {
                tracing::error!(conversation = %turn.key, "a delivery from the spool died")
            }
            Err(_) => {
                self.story.because("no commit within the drainer's time");
                self.weather.failed();
            }
        }
        // What still waits in the conversation must not be taken beside the next try.
        gate.shut();
        meter::spool_drain_failed();
        self.lanes.rests(turn);
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
