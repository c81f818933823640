//! What is said between registry and conversations.

use crate::domain::conversation::{Event, Kind, Received};
use crate::domain::ids::Fingerprint;
use crate::ports::store::Error;
use actix::prelude::*;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// One event from outside, with what is kept if it cannot be decided.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// What happened.
    pub received: Received,
    /// The event as it came.
    pub raw: Bytes,
    /// LINE's `type`.
    pub event_type: Box<str>,
}

/// Why events are not known to be durable.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// Too much is under way on this node or in this conversation.
    #[error("too much is under way")]
    Overloaded,
    /// An earlier event of the conversation is kept for later: this one must not overtake it.
    #[error("an earlier event of the conversation is not decided yet")]
    Behind,
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What deliveries to one conversation have in common that must not overtake each other: open until
/// one of them fails on the store (or whoever delivers gives up), then shut for ever, and no delivery
/// that comes to its turn later is taken.
///
/// Looked at where turns begin, on the conversation's own thread: nothing that came after a failed
/// delivery through the same gate is decided, however the threads that deliver are scheduled.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<AtomicBool>);

impl Gate {
    /// Shuts it.
    pub fn shut(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it is shut.
    pub fn is_shut(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Inbound {
    /// The message whose words the event carries.
    pub(super) fn message(&self) -> Option<Fingerprint> {
        match &self.received.kind {
            Kind::Message { message, .. } | Kind::Edited { message, .. } => Some(*message),
            Kind::Quarantined { message, .. } => *message,
            _ => None,
        }
    }
}

/// Why events were not made durable.
#[derive(Clone, Debug)]
pub(super) enum Undelivered {
    /// The store refused or failed.
    Store(Error),
    /// The stored value cannot be read.
    Unreadable(String),
    /// Too much is waiting for this conversation.
    Full,
    /// Its gate is shut.
    Behind,
}

/// Asks a conversation to take events in. Answered when they are durable, or known not to be; the
/// channel closes when the actor dies.
pub(super) struct Deliver {
    /// What happened, in order.
    pub(super) events: Vec<Event>,
    /// Taken alone, not folded with others: used to find which event kills the actor.
    pub(super) alone: bool,
    /// What must not be overtaken; `None`: nothing.
    pub(super) gate: Option<Gate>,
    /// Where the answer goes.
    pub(super) done: oneshot::Sender<Result<(), Undelivered>>,
}

impl Deliver {
    /// Whether its gate was shut before its turn came.
    pub(super) fn is_behind(&self) -> bool {
        self.gate.as_ref().is_some_and(Gate::is_shut)
    }
}

impl Message for Deliver {
    type Result = ();
}
