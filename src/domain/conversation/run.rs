//! A guided dialogue under way, as it is kept: by the names of its flow, step and slots.

use super::moment::Cause;
use super::now::Now;
use crate::domain::ids::{AttemptId, Fingerprint, Incarnation};
use crate::domain::playbook::Flow;
use crate::domain::time::{Millis, Span};

pub(super) use crate::domain::playbook::MAX_SLOTS;

/// How long a later flow may use what an earlier one learned.
pub(super) const MEMORY_LIFE: Span = Span::hours(24);
/// How long a flow that is over is remembered, so that a correction finds it.
pub(super) const REMEMBERED: Span = Span::mins(30);

/// A flow under way, or just over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) flow: Box<str>,
    pub(super) step: Box<str>,
    pub(super) slots: Vec<Value>,
    /// What the last call answered.
    pub(super) fields: Vec<(Box<str>, Box<str>)>,
    pub(super) status: Status,
    /// Answers in a row that did not fit.
    pub(super) failures: u8,
    /// Times it was sent back to ask again.
    pub(super) rounds: u8,
    /// When it is over without a word, or forgotten.
    pub(super) until: Millis,
    pub(super) unknown: Box<[u8]>,
}

/// The value of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) name: Box<str>,
    pub(super) value: Box<str>,
    /// The message that said it; an unsend takes it back.
    pub(super) message: Fingerprint,
    /// When it was said.
    pub(super) at: Millis,
}

/// How far a flow is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    /// It waits for the customer's answer.
    #[default]
    Asking,
    /// It waits, and something else was talked of last.
    Suspended,
    /// It waits for another system.
    Calling(Errand),
    /// It reached its end; a correction begins it again.
    Complete,
    /// The customer ended it.
    Cancelled,
}

/// A call to another system under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Errand {
    pub(super) attempt: AttemptId,
    pub(super) incarnation: Incarnation,
    /// The same at every try.
    pub(super) key: u64,
    pub(super) deadline: Millis,
    pub(super) tries: u8,
    pub(super) cause: Cause,
}

impl Run {
    pub(super) fn new(flow: &Flow, now: Millis) -> Run {
        Run {
            flow: (&*flow.id).into(),
            step: Box::default(),
            slots: Vec::new(),
            fields: Vec::new(),
            status: Status::Asking,
            failures: 0,
            rounds: 0,
            until: now + flow.timeout,
            unknown: Box::default(),
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(known, _)| **known == *name);
        found.map(|(_, value)| &**value)
    }

    pub(super) fn slot(&self, name: &str) -> Option<&str> {
        let mut slots = self.slots.iter();
        slots
            .find(|slot| *slot.name == *name)
            .map(|slot| &*slot.value)
    }

    /// Whether another system is being asked.
    pub(super) fn is_calling(&self) -> bool {
        matches!(self.status, Status::Calling(_))
    }

    /// Whether it waits for the customer.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.status, Status::Asking | Status::Suspended)
    }
}

/// Puts a value in, in the place of an older one.
pub(super) fn put(slots: &mut Vec<Value>, value: Value) {
    slots.retain(|known| known.name != value.name);
    if slots.len() == MAX_SLOTS {
        slots.remove(0);
    }
    slots.push(value);
}

impl Errand {
    /// Whether nobody will ever tell how it ended.
    pub(super) fn is_lost(&self, now: &Now<'_>) -> bool {
        // Begun by this very decision, it is in nobody's hand yet.
        self.attempt != now.attempt_of_call() && now.is_lost(self.attempt, self.incarnation)
    }
}
