//! What the core needs to know of the automation config: checked answers, flows and policies.
//!
//! The playbook is one immutable value, swapped whole on reload. Big tables (matchers, patterns) stay
//! outside: they turn words into an [`Understanding`] before the decision, or answer one small
//! question of the core ([`Playbook::read_slot`]); the core only looks up.
//!
//! | file | what |
//! |---|---|
//! | `answer` | canned answers with holes for values |
//! | `understanding` | what the intent stage made of a text |
//! | `flow` | guided dialogues as data |
//! | `policy` | what may be done, and how long it may take |

mod answer;
mod flow;
mod policy;
mod understanding;

pub(in crate::domain) use answer::escape;
pub use answer::{Answer, Bubble, Hole, MAX_VALUE, cut};
pub use flow::{Act, Flow, MAX_SLOTS, Reading, Slot, Step};
pub use policy::{Assistance, LateAnswers, Policy};
pub use understanding::{Cues, Understanding};

use super::handoff::Reason;
use super::time::Millis;
use std::sync::Arc;

/// What is done about an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its id: `order_status`.
    pub id: Arc<str>,
    /// What is said.
    pub reply: Option<Answer>,
    /// Index of the flow it begins.
    pub flow: Option<u16>,
    /// The flow begins only when the customer wants the thing done ([`Cues::WISH`]) or already says
    /// what the flow asks for; to a question about it the keyword rule answers, if one does.
    pub flow_on_wish: bool,
    /// A person takes it at once.
    pub handoff: Option<Reason>,
}

/// What a tap does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tap {
    /// Gets an answer.
    Answer(Answer),
    /// Begins a flow, by its index.
    Flow(u16),
    /// Asks for a person.
    Handoff,
}

/// What the house itself has to say. A playbook without its own words for one has built-in ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phrase {
    /// A person will answer: it is in the waiting line.
    Waiting,
    /// Nobody is there: it became a ticket.
    Ticketed,
    /// The flow the customer was in is not offered any more.
    FlowGone,
    /// The answer takes longer than the reply token lives: with the button that fetches it
    /// ([`TAP_FOR_ANSWER`]).
    Thinking,
    /// The automation is back: the customer left the waiting line, or was given back.
    Back,
    /// Cancelled where no flow of its own words was under way.
    Cancelled,
}

/// Data of the button that fetches an answer that took long.
pub const TAP_FOR_ANSWER: &str = "hotline:answer";
/// Data of the button that leaves the waiting line and goes back to the automation.
pub const TAP_TO_LEAVE: &str = "hotline:back";

/// The automation config as the core sees it.
pub trait Playbook: Send + Sync + 'static {
    /// Fingerprint of everything that can change a decision.
    fn digest(&self) -> u64;
    /// The policies.
    fn policy(&self) -> &Policy;
    /// Whether people answer at this moment of wall time.
    fn is_open(&self, at: Millis) -> bool {
        let _ = at;
        true
    }
    /// The answer of a keyword rule; `None` when there is no such rule.
    fn rule(&self, index: u32) -> Option<&Answer>;
    /// An intent; `None` when there is no such intent.
    fn intent(&self, index: u16) -> Option<&Intent> {
        let _ = index;
        None
    }
    /// A small-talk reply; `None` when there is no such reply.
    fn talk(&self, index: u16) -> Option<&Answer> {
        let _ = index;
        None
    }
    /// A flow; `None` when there is no such flow.
    fn flow(&self, index: u16) -> Option<&Flow> {
        let _ = index;
        None
    }
    /// The flow with this id.
    fn flow_named(&self, id: &str) -> Option<&Flow> {
        let _ = id;
        None
    }
    /// The flow that the words themselves name, among those of this intent, or among all when it is not
    /// known. It comes before the flow the intent begins.
    fn flow_meant(&self, intent: Option<u16>, text: &str) -> Option<&Flow> {
        let _ = (intent, text);
        None
    }
    /// What a text says about a slot. `asked`: the flow has just asked for it; otherwise the value must
    /// stand out by itself.
    fn read_slot(&self, flow: &Flow, slot: usize, text: &str, asked: bool) -> Reading {
        let _ = (flow, slot, text, asked);
        Reading::Absent
    }
    /// What a tap does, by its data; `None` when the data is not ours.
    fn tap(&self, data: &str) -> Option<&Tap> {
        let _ = data;
        None
    }
    /// The answer to a text nothing else answers, or to a picture, sticker or file.
    fn fallback(&self) -> Option<&Answer>;
    /// The greeting to a new friend; `returning` when a block was lifted.
    fn greeting(&self, returning: bool) -> Option<&Answer>;
    /// The greeting to a group or room the account was invited to.
    fn group_greeting(&self) -> Option<&Answer>;
    /// What the house itself says; `None`: nothing.
    fn phrase(&self, phrase: Phrase) -> Option<&Answer> {
        let _ = phrase;
        None
    }
}
