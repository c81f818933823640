//! Decided → committed → owed: three types, so that sending early does not compile.

use super::codec::{self, DecodeError};
use super::context::From;
use super::fact::{Fact, Rejected};
use super::flight::Way;
use super::parcel::Wait;
use super::state::Conversation;
use crate::domain::commit::{Committed, Revision};
use crate::domain::ids::{AttemptId, ConversationKey, Fingerprint, Incarnation};
use crate::domain::playbook::escape;
use crate::domain::time::Millis;
use std::sync::Arc;

/// What one decision gathers on its way.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) facts: Vec<Fact>,
    pub(super) erase: Vec<Fingerprint>,
    pub(super) rejected: Vec<Rejected>,
    /// Some event was new work, not the end of old work.
    pub(super) accepted: bool,
    /// A call to LINE begins with this decision: somebody waits for the commit.
    pub(super) launched: bool,
    /// Something was applied that must be stored.
    pub(super) changed: bool,
}

/// A decision that is not durable yet. It can be written, not acted upon.
#[derive(Debug)]
pub struct Transition {
    pub(super) next: Conversation,
    /// The stored form of `next`; empty when nothing changed.
    pub(super) packed: Arc<[u8]>,
    pub(super) gathered: Gathered,
    pub(super) proposed: Revision,
}

/// What a commit must write.
#[derive(Debug, PartialEq)]
pub struct Draft {
    /// The stored form of the next state.
    pub value: Arc<[u8]>,
    /// When it owes something next.
    pub due: Option<Millis>,
    /// New work (`true`) or the end of old work.
    pub accepting: bool,
    /// Nobody waits for it: it may ride along with another commit.
    pub lazy: bool,
    /// The row for the agents' lists.
    pub desk: Option<Box<[u8]>>,
}

impl Transition {
    /// Whether there is anything to store. `false`: every event had been applied before.
    pub fn changed(&self) -> bool {
        self.gathered.changed
    }

    /// What was learned, to be written in the same step.
    pub fn facts(&self) -> &[Fact] {
        &self.gathered.facts
    }

    /// Messages whose words must vanish from the feed.
    pub fn erase(&self) -> &[Fingerprint] {
        &self.gathered.erase
    }

    /// Events that were refused.
    pub fn rejected(&self) -> &[Rejected] {
        &self.gathered.rejected
    }

    /// The token of the commit that will carry this.
    pub fn proposed(&self) -> Revision {
        self.proposed
    }

    /// What the commit must write.
    pub fn draft(&self) -> Draft {
        Draft {
            value: Arc::clone(&self.packed),
            due: self.next.due(),
            accepting: self.gathered.accepted,
            lazy: !self.gathered.accepted && !self.gathered.launched,
            desk: self.next.desk_row(),
        }
    }

    /// Opens the decision with the proof that it is durable.
    ///
    /// # Panics
    /// When the proof belongs to another commit: a fault of the shell, never of input.
    pub fn release(self, proof: &Committed) -> Live {
        assert_eq!(
            proof.revision(),
            self.proposed,
            "the proof must be of this very commit"
        );
        Live {
            state: self.next,
            packed: self.packed,
            revision: self.proposed,
        }
    }
}

/// A state the store has confirmed: the only source of effects.
#[derive(Clone, Debug)]
pub struct Live {
    state: Conversation,
    packed: Arc<[u8]>,
    revision: Revision,
}

/// Something to be done in the outside world, committed before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owed {
    /// Make this call to LINE.
    Send(Send),
    /// Ask the channel's push budget for one push.
    AskPush {
        /// The effects it would carry, ascending: they name the question.
        effects: Vec<u32>,
    },
    /// Ask LINE who the customer is.
    FetchProfile,
    /// Ask the assistant.
    Ask(Ask),
    /// Ask another system for a flow.
    Call(Call),
}

/// One committed question to the assistant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Names the asking; the answer must bear it.
    pub attempt: AttemptId,
    /// The customer's words, bubbles joined by line ends.
    pub text: Box<str>,
    /// What was said before, oldest first.
    pub history: Vec<(From, Box<str>)>,
    /// The answer is of no use after this.
    pub deadline: Millis,
}

/// One committed call to another system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Names the call; the answer must bear it.
    pub attempt: AttemptId,
    /// The flow and its step: with the playbook in force they tell the connector.
    pub flow: Box<str>,
    /// The step.
    pub step: Box<str>,
    /// Values of the flow's slots.
    pub slots: Vec<(Box<str>, Box<str>)>,
    /// The same for every try of this call.
    pub key: u64,
    /// The answer is of no use after this.
    pub deadline: Millis,
}

/// One frozen call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    /// Names the try; the outcome must bear it.
    pub attempt: AttemptId,
    /// The effects in it, ascending.
    pub effects: Vec<u32>,
    /// Push (billed, retry key) or reply.
    pub push: bool,
    /// The request body, the same bytes at every try.
    pub body: String,
    /// After this the call must not begin.
    pub not_after: Millis,
}

impl Live {
    /// A conversation the store has never heard of has no `Live` state; one it returned has.
    ///
    /// # Errors
    /// When the value cannot be read by this build.
    pub fn loaded(revision: Revision, value: Arc<[u8]>) -> Result<Live, DecodeError> {
        Ok(Live {
            state: codec::decode(&value)?,
            packed: value,
            revision,
        })
    }

    /// The stored form.
    pub fn packed(&self) -> &Arc<[u8]> {
        &self.packed
    }

    /// The same state after a commit that stored the same form again.
    pub fn confirmed(self, proof: &Committed) -> Live {
        Live {
            revision: proof.revision(),
            ..self
        }
    }

    /// Only the stored form, for keeping an idle conversation small.
    pub fn into_packed(self) -> Arc<[u8]> {
        self.packed
    }

    /// The state.
    pub fn state(&self) -> &Conversation {
        &self.state
    }

    /// The revision to expect in the next commit.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// What this process owes the world now. Asking twice gives the same answer: the shell starts
    /// each attempt once.
    pub fn owed(&self, key: &ConversationKey, incarnation: Incarnation) -> Vec<Owed> {
        let flights = self.state.outbox.flights.iter();
        let mut owed: Vec<Owed> = flights
            .filter(|flight| flight.under_way() && flight.incarnation == incarnation)
            .map(|flight| {
                let push = flight.is_push();
                let mut body = String::with_capacity(flight.parcel.size() + 128);
                match &flight.way {
                    Way::Reply(token) => {
                        body.push_str("{\"replyToken\":");
                        quote(&mut body, &token.token);
                    }
                    Way::Push => {
                        body.push_str("{\"to\":");
                        quote(&mut body, &key.chat.to_string());
                    }
                }
                body.push_str(",\"messages\":");
                flight.parcel.write_messages(&mut body);
                body.push('}');
                Owed::Send(Send {
                    attempt: flight.attempt,
                    effects: flight.parcel.effects.clone(),
                    push,
                    body,
                    not_after: flight.last_call().min(flight.call_end()),
                })
            })
            .collect();
        let asking = self
            .state
            .outbox
            .queue
            .iter()
            .filter(|parcel| parcel.wait == Wait::Budget);
        owed.extend(asking.map(|parcel| Owed::AskPush {
            effects: parcel.effects.clone(),
        }));
        if self.state.profile_wanted {
            owed.push(Owed::FetchProfile);
        }
        owed.extend(self.state.question_owed(incarnation).map(Owed::Ask));
        owed.extend(self.state.call_owed(incarnation).map(Owed::Call));
        owed
    }
}

/// Writes a JSON string.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    escape(out, text);
    out.push('"');
}
