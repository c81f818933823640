//! One or more answers that will leave in one call.

use super::fact::{Ending, Fact, Why};
use super::parts::{Part, Quick};
use crate::domain::ids::Fingerprint;
use crate::domain::playbook::Bubble;
use crate::domain::time::Millis;
use std::borrow::Cow;

/// How far a parcel is from leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Wait {
    /// Wants a free token; none was looked for yet.
    #[default]
    Fresh,
    /// No live token: waits for the customer's next event.
    Token,
    /// Asked the channel's push budget.
    Budget,
    /// The budget granted one push.
    Granted,
}

/// One or more answers that will leave in one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parcel {
    /// Effect ids, ascending.
    pub(super) effects: Vec<u32>,
    /// The message objects, joined by commas, without quick replies.
    pub(super) messages: Box<str>,
    /// How many message objects.
    pub(super) bubbles: u8,
    /// Quick replies for the last bubble.
    pub(super) quick_reply: Option<Box<str>>,
    /// When the oldest answer was decided.
    pub(super) created: Millis,
    /// When the newest answer is too old to be of use.
    pub(super) expires: Millis,
    /// The message it answers, when it is one answer: an unsend withdraws it.
    pub(super) origin: Option<Fingerprint>,
    pub(super) wait: Wait,
    /// What it was merged from; empty when it is one answer.
    pub(super) parts: Vec<Part>,
    pub(super) unknown: Box<[u8]>,
}

impl Parcel {
    /// Packs an answer, its holes filled.
    pub(super) fn pack<'v>(
        effect: u32,
        bubbles: &[Bubble],
        origin: Option<Fingerprint>,
        created: Millis,
        expires: Millis,
        value: impl Fn(&str) -> Option<Cow<'v, str>>,
    ) -> Parcel {
        let mut messages = String::with_capacity(bubbles.iter().map(|b| b.json().len() + 1).sum());
        for bubble in bubbles {
            if !messages.is_empty() {
                messages.push(',');
            }
            messages.push_str(&bubble.filled(&value));
        }
        Parcel {
            effects: vec![effect],
            messages: messages.into_boxed_str(),
            bubbles: bubbles.len() as u8,
            // LINE shows the last message's only: what an earlier bubble carried moves there.
            quick_reply: bubbles
                .iter()
                .rev()
                .find_map(|b| b.quick_reply())
                .map(Into::into),
            created,
            expires,
            origin,
            wait: Wait::Fresh,
            parts: Vec::new(),
            unknown: Box::default(),
        }
    }

    /// The last effect in it.
    pub(super) fn last_effect(&self) -> u32 {
        *self.effects.last().expect("a parcel carries an effect")
    }

    /// Takes a follower into the same call.
    pub(super) fn merge(&mut self, mut follower: Parcel) {
        if self.parts.is_empty() {
            self.parts.push(self.as_part());
        }
        let theirs = match follower.parts.is_empty() {
            true => vec![follower.as_part()],
            false => std::mem::take(&mut follower.parts),
        };
        if let Some(shown) = follower.quick_reply
            && let Some(hidden) = self.quick_reply.replace(shown)
        {
            let before = self.parts.iter_mut();
            before
                .filter(|part| part.quick_reply == Quick::Shown)
                .for_each(|part| part.quick_reply = Quick::Hidden(hidden.clone()));
        }
        self.parts.extend(theirs);
        let mut messages = String::with_capacity(self.messages.len() + follower.messages.len() + 1);
        messages.push_str(&self.messages);
        messages.push(',');
        messages.push_str(&follower.messages);
        self.messages = messages.into_boxed_str();
        self.bubbles += follower.bubbles;
        self.effects.extend(follower.effects);
        self.expires = self.expires.max(follower.expires);
        self.origin = None;
        // What was granted, refused or asked for was another call.
        self.wait = Wait::Fresh;
    }

    /// Writes the `messages` array as LINE gets it, quick replies on the very last bubble.
    pub(super) fn write_messages(&self, out: &mut String) {
        out.push('[');
        match &self.quick_reply {
            Some(quick_reply) => {
                out.push_str(self.messages.strip_suffix('}').unwrap_or(&self.messages));
                out.push_str(",\"quickReply\":");
                out.push_str(quick_reply);
                out.push('}');
            }
            None => out.push_str(&self.messages),
        }
        out.push(']');
    }

    pub(super) fn ended(
        &self,
        ending: Ending,
        why: Why,
        billed: bool,
        tries: u8,
        now: Millis,
    ) -> Fact {
        Fact::Ended {
            effects: self.effects.clone().into_boxed_slice(),
            ending,
            why,
            billed,
            tries,
            took: now.since(self.created),
        }
    }
}
