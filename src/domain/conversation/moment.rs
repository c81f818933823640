//! What every handler is given: the playbook, the moment, and where it puts what it learns.

use super::fact::Fact;
use super::now::Now;
use super::parcel::Parcel;
use super::state::Conversation;
use super::transition::Gathered;
use super::{From, Words};
use crate::domain::ids::Fingerprint;
use crate::domain::playbook::{Answer, Playbook};
use std::borrow::Cow;

/// One decision under way.
pub(super) struct Moment<'a> {
    pub(super) playbook: &'a dyn Playbook,
    pub(super) now: &'a Now<'a>,
    pub(super) gathered: &'a mut Gathered,
}

/// What an answer answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cause {
    /// The webhook event.
    pub(super) event: Fingerprint,
    /// The message, when it is one: an unsend withdraws the answer.
    pub(super) message: Option<Fingerprint>,
}

impl Moment<'_> {
    pub(super) fn learn(&mut self, fact: Fact) {
        self.gathered.facts.push(fact);
        self.gathered.changed = true;
    }
}

impl Conversation {
    /// Queues an answer, its holes filled with what is known.
    pub(super) fn say(&mut self, moment: &mut Moment<'_>, answer: &Answer, cause: Cause) {
        self.last_effect = self.last_effect.wrapping_add(1).max(1);
        let effect = self.last_effect;
        let now = moment.now.time;
        moment.learn(Fact::Answered {
            effect,
            rule: (&*answer.rule).into(),
            event: cause.event,
        });
        let expires = now + moment.playbook.policy().max_wait;
        let value = |name: &str| self.value(name);
        let parcel = Parcel::pack(effect, &answer.bubbles, cause.message, now, expires, value);
        self.outbox.push(parcel, now, &mut moment.gathered.facts);
        let keep = moment.playbook.policy().context_messages;
        let words = Words {
            from: From::Bot,
            at: now,
            message: Fingerprint(0),
            text: &answer.gist,
        };
        self.context.push(words, keep);
    }

    /// The value of a variable of an answer.
    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        let (kind, rest) = name.split_once('.')?;
        let found = match kind {
            "customer" if rest == "name" => self.name.as_deref(),
            "slot" => self.slot(rest),
            "call" => self.run.as_deref().and_then(|run| run.field(rest)),
            _ => None,
        };
        found.map(Cow::Borrowed)
    }
}
