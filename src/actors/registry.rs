//! Delivers to conversations, wakes them, and answers for what became of it.
//!
//! What an actor's death left undone is delivered again, one event at a time; the seen ids make that
//! safe.

use super::conversation::Conversation;
use super::messages::{Deliver, Gate, Inbound, Refusal, Undelivered};
use super::parking::Parking;
use super::quarantine;
use super::resting::Retire;
use super::shared::Shared;
use super::slots::Slots;
use crate::domain::conversation::{Event, Kind};
use crate::domain::ids::ConversationKey;
use crate::domain::time::{Millis, Span};
use crate::telemetry::meter;
use actix::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::oneshot;

/// Bounds of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// An idle conversation leaves memory after this.
    pub idle: Span,
    /// Above this many live conversations, idle ones leave at the next look.
    pub live: usize,
    /// Events being made durable at once; more are refused.
    pub deliveries: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            idle: Span::mins(10),
            live: 1_000_000,
            deliveries: 20_000,
        }
    }
}

impl Limits {
    /// For a store that other nodes write to: what is in memory is old when the customer's next message
    /// went elsewhere, and saves a reading when it came here.
    pub fn shared() -> Limits {
        Limits {
            idle: Span::secs(20),
            ..Limits::default()
        }
    }
}

/// All conversation actors of this node.
pub struct Registry {
    slots: Slots,
    parking: Parking,
    /// Conversations that died when told of an unsend: not told again for a while, served all the
    /// same.
    untold: Parking,
    shared: Arc<Shared>,
    limits: Limits,
    delivering: AtomicUsize,
}

/// How one delivery to one actor ended.
pub(super) enum Ended {
    Durable,
    Refused(Refusal),
    Unreadable(String),
    Died,
}

impl Registry {
    /// An empty registry.
    pub fn new(shared: Arc<Shared>, limits: Limits) -> Arc<Registry> {
        Arc::new(Registry {
            slots: Slots::default(),
            parking: Parking::default(),
            untold: Parking::default(),
            shared,
            limits,
            delivering: AtomicUsize::new(0),
        })
    }

    /// What the conversations work with.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Conversations in memory.
    pub fn live(&self) -> usize {
        self.slots.len()
    }

    /// Events being made durable now.
    pub fn delivering(&self) -> usize {
        self.delivering.load(Ordering::Relaxed)
    }

    /// Makes a customer's events durable. Runs on the caller's arbiter; a conversation that is not
    /// in memory is started there.
    ///
    /// # Errors
    /// When some event is not known to be durable.
    pub async fn deliver(
        &self,
        key: &ConversationKey,
        events: Vec<Inbound>,
    ) -> Result<(), Refusal> {
        self.deliver_through(key, events, None).await
    }

    /// As [`Registry::deliver`], through a gate: refused with [`Refusal::Behind`] once it is shut. A
    /// delivery that the store refuses shuts it.
    ///
    /// # Errors
    /// When some event is not known to be durable.
    pub async fn deliver_through(
        &self,
        key: &ConversationKey,
        events: Vec<Inbound>,
        gate: Option<&Gate>,
    ) -> Result<(), Refusal> {
        let _counted = self.admit(events.len())?;
        self.delivered(key, &events, gate).await?;
        // Not before: asking the store first would let a later request overtake this one.
        self.forget_unsent(key, &events).await
    }

    async fn delivered(
        &self,
        key: &ConversationKey,
        events: &[Inbound],
        gate: Option<&Gate>,
    ) -> Result<(), Refusal> {
        // An unsend is tried even on a parked conversation: what it holds should not outlive it.
        let unsends = |inbound: &Inbound| matches!(inbound.received.kind, Kind::Unsent { .. });
        if self.is_parked(key) && !events.iter().any(unsends) {
            return self.set_aside(key, events, "parked").await;
        }
        let batch = events
            .iter()
            .map(|inbound| Event::Received(inbound.received.clone()))
            .collect();
        match self.once(key, batch, false, gate).await {
            Ended::Durable => {
                self.parking.leave(key);
                Ok(())
            }
            Ended::Refused(refusal) => Err(refusal),
            Ended::Unreadable(why) => {
                self.park(key, &why);
                self.set_aside(key, events, &why).await
            }
            Ended::Died => self.one_by_one(key, events.to_vec(), gate).await,
        }
    }

    /// Wakes a conversation that owes something. One that is parked is left alone: the due index
    /// asks again.
    ///
    /// # Errors
    /// When it was not looked at, and another try is worth while.
    pub async fn wake(&self, key: &ConversationKey) -> Result<(), Refusal> {
        if self.is_parked(key) {
            return Ok(());
        }
        let mut ended = self.once(key, vec![Event::Woken], true, None).await;
        if let Ended::Died = ended {
            // Twice: once may have been a neighbour's fault on the same turn.
            ended = self.once(key, vec![Event::Woken], true, None).await;
        }
        match ended {
            Ended::Durable => self.parking.leave(key),
            Ended::Refused(refusal) => return Err(refusal),
            Ended::Unreadable(why) => self.park(key, &why),
            Ended::Died => self.park(key, "died twice when woken"),
        }
        Ok(())
    }

    /// One delivery to whichever actor serves the conversation now.
    pub(super) async fn once(
        &self,
        key: &ConversationKey,
        events: Vec<Event>,
        alone: bool,
        gate: Option<&Gate>,
    ) -> Ended {
        let (done, answer) = oneshot::channel();
        let mut deliver = Deliver {
            events,
            alone,
            gate: gate.cloned(),
            done,
        };
        let addr = loop {
            let addr = self.slots.checkout(key, &self.shared);
            match addr.try_send(deliver) {
                Ok(()) => break addr,
                Err(SendError::Full(_)) => {
                    self.slots.checkin(key, &addr);
                    meter::mailbox_refused("conversation");
                    return Ended::Refused(Refusal::Overloaded);
                }
                Err(SendError::Closed(back)) => {
                    // It died between look-up and sending; the next look-up starts it anew.
                    self.slots.forget(key, &addr);
                    deliver = back;
                }
            }
        };
        let checked_in = self.slots.lent(key, &addr);
        let answer = answer.await;
        drop(checked_in);
        match answer {
            Ok(Ok(())) => Ended::Durable,
            Ok(Err(Undelivered::Store(error))) => Ended::Refused(error.into()),
            Ok(Err(Undelivered::Full)) => Ended::Refused(Refusal::Overloaded),
            Ok(Err(Undelivered::Behind)) => Ended::Refused(Refusal::Behind),
            Ok(Err(Undelivered::Unreadable(why))) => Ended::Unreadable(why),
            Err(_) => {
                self.slots.forget(key, &addr);
                meter::actor_died();
                Ended::Died
            }
        }
    }

    /// Asks idle conversations to leave memory; called from time to time.
    pub fn passivate_idle(self: &Arc<Self>) {
        let crowded = self.slots.len() > self.limits.live;
        let idle = if crowded {
            1
        } else {
            (self.limits.idle.0 / 1_000) as u32
        };
        self.slots.passivate(idle, self.shared.store.now(), self);
    }

    /// Asks every conversation that nobody uses at this moment to leave memory.
    pub fn retire_all_idle(self: &Arc<Self>) {
        self.slots.passivate(0, self.shared.store.now(), self);
    }

    /// Conversations left alone now, until when (store time), and why.
    pub fn parked(&self) -> Vec<(ConversationKey, Millis, Box<str>)> {
        self.parking.list(self.shared.store.now())
    }

    pub(super) fn is_parked(&self, key: &ConversationKey) -> bool {
        self.parking.is_parked(key, self.shared.store.now())
    }

    pub(super) fn park(&self, key: &ConversationKey, why: &str) {
        let pause = self.parking.park(key, why, self.shared.store.now());
        tracing::error!(conversation = %key, reason = why, pause_ms = pause.0,
            "conversation parked; its events are kept raw in quarantine");
        meter::parked();
    }

    /// Whether a conversation may be told of unsends now.
    pub(super) fn may_tell(&self, key: &ConversationKey) -> bool {
        !self.is_parked(key) && !self.untold.is_parked(key, self.shared.store.now())
    }

    /// It died of being told.
    pub(super) fn cannot_tell(&self, key: &ConversationKey) {
        let why = "died when told of an unsend";
        let pause = self.untold.park(key, why, self.shared.store.now());
        tracing::error!(conversation = %key, pause_ms = pause.0,
            "conversation died when told of an unsend; it is told again later");
    }

    /// It was told.
    pub(super) fn is_told(&self, key: &ConversationKey) {
        self.untold.leave(key);
        self.parking.leave(key);
    }

    /// Keeps events raw, outside the conversation that cannot take them.
    pub(super) async fn set_aside(
        &self,
        key: &ConversationKey,
        events: &[Inbound],
        why: &str,
    ) -> Result<(), Refusal> {
        quarantine::keep(&*self.shared.store, key, events, why)
            .await
            .map_err(Refusal::Store)
    }

    fn admit(&self, events: usize) -> Result<Admitted<'_>, Refusal> {
        let before = self.delivering.fetch_add(events, Ordering::Relaxed);
        let admitted = Admitted {
            registry: self,
            events,
        };
        if before + events > self.limits.deliveries {
            return Err(Refusal::Overloaded);
        }
        Ok(admitted)
    }
}

impl Retire for Registry {
    fn retire(&self, key: &ConversationKey, addr: &Addr<Conversation>) -> bool {
        self.slots.retire(key, addr)
    }
}

struct Admitted<'a> {
    registry: &'a Registry,
    events: usize,
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.registry
            .delivering
            .fetch_sub(self.events, Ordering::Relaxed);
    }
}
