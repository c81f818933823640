//! The crossing to people, and the way back.
//!
//! Law: while a conversation waits for a person, the automation says nothing of its own accord: bot xor
//! human. What it still owed an answer to goes along as a draft.

use super::fact::{Fact, Outcome};
use super::moment::{Cause, Moment};
use super::question::Stage;
use super::state::{Conversation, Phase};
use crate::domain::handoff::Reason;
use crate::domain::playbook::Phrase;
use crate::domain::time::Millis;
use serde::Serialize;

/// Somebody waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handoff {
    /// Why; the most urgent of what was said.
    pub reason: Reason,
    /// Since when.
    pub since: Millis,
    /// What the assistant would have said, or said too late to be read.
    pub draft: Option<Box<str>>,
    /// Fields of a newer build.
    pub(super) unknown: Box<[u8]>,
}

/// How a conversation came back to the automation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Back {
    /// The customer left the waiting line.
    Customer,
    /// It was resolved.
    Resolved,
    /// Nobody took it for as long as the policy allows.
    Time,
    /// The customer cannot be reached any more.
    Unreachable,
}

impl Back {
    /// Its name in facts and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Back::Customer => "customer",
            Back::Resolved => "resolved",
            Back::Time => "time",
            Back::Unreachable => "unreachable",
        }
    }
}

impl Phase {
    /// Whether a person is wanted.
    pub fn is_with_people(self) -> bool {
        match self {
            Phase::Waiting | Phase::Ticketed => true,
            Phase::Automated | Phase::Unreachable => false,
        }
    }
}

impl Conversation {
    /// Gives the conversation to people: to the waiting line while somebody is there, else as a ticket.
    pub(super) fn hand_off(&mut self, moment: &mut Moment<'_>, reason: Reason, cause: Cause) {
        if self.phase.is_with_people() {
            self.raise(moment, reason);
            return;
        }
        let open = moment.playbook.is_open(moment.now.wall);
        self.phase = if open {
            Phase::Waiting
        } else {
            Phase::Ticketed
        };
        let draft = self.give_up_question(moment);
        self.handoff = Some(Box::new(Handoff {
            reason,
            since: moment.now.time,
            draft,
            unknown: Box::default(),
        }));
        // A ticket waits until somebody takes it; a line in which nobody serves does not last for ever.
        let until = moment.now.time + moment.playbook.policy().give_back;
        self.give_back = open.then_some(until);
        self.leave_flow(moment, "handoff");
        moment.learn(Fact::HandedOff {
            reason,
            priority: reason.priority(),
            ticketed: !open,
        });
        let phrase = if open {
            Phrase::Waiting
        } else {
            Phrase::Ticketed
        };
        if let Some(answer) = moment.playbook.phrase(phrase) {
            self.say(moment, answer, cause);
        }
    }

    /// Something more urgent was said while a person is waited for.
    pub(super) fn raise(&mut self, moment: &mut Moment<'_>, reason: Reason) {
        let Some(handoff) = &mut self.handoff else {
            return;
        };
        if reason.priority() < handoff.reason.priority() {
            handoff.reason = reason;
            moment.learn(Fact::HandedOff {
                reason,
                priority: reason.priority(),
                ticketed: self.phase == Phase::Ticketed,
            });
        }
    }

    /// The automation goes on. What was said to or with people is no context of its own.
    pub(super) fn come_back(&mut self, moment: &mut Moment<'_>, why: Back) {
        let Some(handoff) = self.handoff.take() else {
            return;
        };
        self.give_back = None;
        self.phase = match why {
            Back::Unreachable => Phase::Unreachable,
            _ => Phase::Automated,
        };
        self.forget_talk();
        moment.learn(Fact::CameBack {
            why,
            waited: moment.now.time.since(handoff.since),
        });
    }

    /// Forgets what was said and what is known from it: the next words begin anew.
    pub(super) fn forget_talk(&mut self) {
        self.context = Default::default();
        self.memory.clear();
        self.run = None;
        self.question = None;
    }

    /// What time means for who waits for a person.
    pub(super) fn settle_handoff(&mut self, moment: &mut Moment<'_>) {
        if self.give_back.is_some_and(|at| at <= moment.now.time) {
            self.come_back(moment, Back::Time);
        }
    }

    /// Drops the open question; what was answered and not read comes back as a draft.
    fn give_up_question(&mut self, moment: &mut Moment<'_>) -> Option<Box<str>> {
        match self.question.take()?.stage {
            Stage::Ready { text, .. } => Some(text),
            Stage::Gathering { .. } | Stage::Asked { .. } => {
                moment.learn(Fact::Assisted {
                    outcome: Outcome::Dropped,
                    by: None,
                    confidence: 0,
                    failing: None,
                });
                None
            }
        }
    }

    /// The row for the agents' lists: without the customer's words.
    pub fn desk_row(&self) -> Option<Box<[u8]>> {
        let handoff = self.handoff.as_ref()?;
        let phase = match self.phase {
            Phase::Waiting => "waiting",
            Phase::Ticketed => "ticketed",
            Phase::Automated | Phase::Unreachable => return None,
        };
        let row = format!(
            "{{\"phase\":\"{phase}\",\"reason\":\"{}\",\"priority\":{},\"since\":{}}}",
            handoff.reason.as_str(),
            handoff.reason.priority(),
            handoff.since
        );
        Some(row.into_bytes().into())
    }
}
