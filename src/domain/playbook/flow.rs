//! Guided dialogues as data: steps over slots.
//!
//! A flow is a graph of steps. A running one is kept by the *names* of its flow, step and slots, so it
//! survives a reload that leaves those names in place. Whoever builds a [`Flow`] vouches that every
//! step number is of a step, that every step can be left, and that no circle of steps goes round
//! without asking the customer.

use super::answer::Answer;
use crate::domain::handoff::Reason;
use crate::domain::time::Span;
use std::sync::Arc;

/// One guided dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Its id: `order_tracking`.
    pub id: Arc<str>,
    /// The intent its turns are counted under.
    pub intent: Option<u16>,
    /// What is asked for.
    pub slots: Box<[Slot]>,
    /// The steps; the first is where it begins.
    pub steps: Box<[Step]>,
    /// How long a customer may take over one step; after it the flow has ended silently.
    pub timeout: Span,
    /// Answers in a row that did not fit, after which a person takes over; 1–10.
    pub max_failures: u8,
    /// Said when the customer cancels.
    pub cancelled: Option<Answer>,
    /// Said to who asks for a moment; `None`: nothing.
    pub stall: Option<Answer>,
}

impl Flow {
    /// The number of the step with this id.
    pub fn step(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| *step.id == *id)
    }

    /// The number of the slot with this name.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|slot| *slot.name == *name)
    }
}

/// Slots a flow may have.
pub const MAX_SLOTS: usize = 16;

/// Something a flow wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name: `order_number`. Flows that name a slot alike mean the same thing.
    pub name: Arc<str>,
    /// Whether a later flow of the same conversation may use the value without asking.
    pub remember: bool,
    /// Any words are an answer: free text.
    pub free: bool,
    /// It agrees to what was said before: a correction takes it back, and it is asked anew.
    pub confirms: bool,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its id.
    pub id: Arc<str>,
    /// What happens.
    pub act: Act,
    /// How long a customer may take here; `None`: as long as the flow says.
    pub timeout: Option<Span>,
}

/// What happens in a step. Numbers are of steps and slots of the same flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Asks for a slot, unless its value is known.
    Ask {
        /// Which.
        slot: usize,
        /// The question.
        prompt: Answer,
        /// Said when the answer does not fit; `None`: the question again.
        retry: Option<Answer>,
        /// Where it goes on.
        next: usize,
    },
    /// Goes on by the value of a slot.
    Branch {
        /// Which slot.
        slot: usize,
        /// Values and where they lead.
        cases: Box<[(Arc<str>, usize)]>,
        /// Where every other value leads.
        otherwise: usize,
    },
    /// Asks another system.
    Call {
        /// Id of the connector.
        connector: Arc<str>,
        /// Outcomes it may tell and where they lead.
        on: Box<[(Arc<str>, usize)]>,
        /// Where every other outcome leads: time-out, refusal, breaker.
        failed: usize,
    },
    /// Says something and goes on.
    Say {
        /// What.
        answer: Answer,
        /// Where it goes on.
        next: usize,
    },
    /// Forgets slots, so that they are asked again, and goes on. Counts as a failed answer.
    Again {
        /// Which.
        forget: Box<[usize]>,
        /// Said first.
        answer: Option<Answer>,
        /// Where it goes on: a step that asks.
        next: usize,
    },
    /// It is over.
    End {
        /// The last words.
        answer: Option<Answer>,
        /// `Some`: a person goes on, for this reason.
        handoff: Option<Reason>,
    },
}

/// What a text says about a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// This value, in its normal form.
    Found(Box<str>),
    /// Something like it that cannot be: a telephone number for an order number.
    Unfit,
    /// Nothing.
    Absent,
}
