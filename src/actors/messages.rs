//! What is said between registry and conversations.

use crate::domain::conversation::{Event, Kind, Received};
use crate::domain::ids::Fingerprint;
use crate::ports::store::Error;
use actix::prelude::*;
use bytes::Bytes;
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
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] Error),
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
}

/// Asks a conversation to take events in. Answered when they are durable, or known not to be; the
/// channel closes when the actor dies.
pub(super) struct Deliver {
    /// What happened, in order.
    pub(super) events: Vec<Event>,
    /// Taken alone, not folded with others: used to find which event kills the actor.
    pub(super) alone: bool,
    /// Where the answer goes.
    pub(super) done: oneshot::Sender<Result<(), Undelivered>>,
}

impl Message for Deliver {
    type Result = ();
}
