//! The outbox: what we owe LINE, in order, and the one call that holds the lane.
//!
//! Outgoing messages are a FIFO. Only its head may be in flight; the commit that puts it in flight
//! freezes it. Followers merge behind it: five bubbles are one call, and calls are money.

use super::fact::{Ending, Fact, Why};
use super::flight::{Flight, Way};
use super::tokens::TokenBank;
use super::transition::Now;
use crate::domain::ids::Fingerprint;
use crate::domain::playbook::{Bubble, LateAnswers, Policy};
use crate::domain::time::Millis;

/// Messages in one call (reference, "Send reply message": at most 5).
pub const MAX_BUBBLES_PER_CALL: u8 = 5;
/// Effects owed at once; beyond it the oldest that merely waits is flagged and dropped.
pub const MAX_EFFECTS: usize = 20;
/// Bytes of messages owed at once: keeps the value under the store's 64 KiB.
pub const MAX_OUTBOX_BYTES: usize = 40 * 1024;

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
    /// The message it answers, while it answers only one: an unsend withdraws it.
    pub(super) origin: Option<Fingerprint>,
    pub(super) wait: Wait,
    pub(super) unknown: Box<[u8]>,
}

impl Parcel {
    /// Packs an answer.
    pub(super) fn pack(
        effect: u32,
        bubbles: &[Bubble],
        origin: Option<Fingerprint>,
        created: Millis,
        expires: Millis,
    ) -> Parcel {
        let mut messages = String::with_capacity(bubbles.iter().map(|b| b.json().len() + 1).sum());
        for bubble in bubbles {
            if !messages.is_empty() {
                messages.push(',');
            }
            messages.push_str(bubble.json());
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
            unknown: Box::default(),
        }
    }

    /// Takes a follower into the same call.
    fn merge(&mut self, follower: Parcel) {
        let mut messages = String::with_capacity(self.messages.len() + follower.messages.len() + 1);
        messages.push_str(&self.messages);
        messages.push(',');
        messages.push_str(&follower.messages);
        self.messages = messages.into_boxed_str();
        self.bubbles += follower.bubbles;
        self.effects.extend(follower.effects);
        self.quick_reply = follower.quick_reply.or_else(|| self.quick_reply.take());
        self.expires = self.expires.max(follower.expires);
        self.origin = None;
    }

    /// The `messages` array as LINE gets it, quick replies on the very last bubble.
    pub(super) fn messages_json(&self) -> String {
        match &self.quick_reply {
            Some(quick_reply) => {
                let open = self.messages.strip_suffix('}').unwrap_or(&self.messages);
                format!("[{open},\"quickReply\":{quick_reply}}}]")
            }
            None => format!("[{}]", self.messages),
        }
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

/// What is owed and has not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outbox {
    /// Not yet in flight, in order.
    pub(super) queue: Vec<Parcel>,
    /// Calls that were committed: at most one holds the lane, the others were set aside.
    pub(super) flights: Vec<Flight>,
}

impl Outbox {
    /// Effects owed.
    pub(super) fn effects(&self) -> usize {
        self.parcels().map(|parcel| parcel.effects.len()).sum()
    }

    fn bytes(&self) -> usize {
        self.parcels()
            .map(|p| p.messages.len() + p.quick_reply.as_ref().map_or(0, |q| q.len()))
            .sum()
    }

    fn parcels(&self) -> impl Iterator<Item = &Parcel> {
        self.flights
            .iter()
            .map(|flight| &flight.parcel)
            .chain(&self.queue)
    }

    /// Queues an answer; makes room by flagging the oldest that waits.
    pub(super) fn push(&mut self, parcel: Parcel, now: Millis, facts: &mut Vec<Fact>) {
        let size = parcel.messages.len() + parcel.quick_reply.as_ref().map_or(0, |q| q.len());
        while self.effects() >= MAX_EFFECTS || self.bytes() + size > MAX_OUTBOX_BYTES {
            if self.queue.is_empty() {
                facts.push(parcel.ended(Ending::Failed, Why::Overflow, false, 0, now));
                return;
            }
            let oldest = self.queue.remove(0);
            facts.push(oldest.ended(Ending::Expired, Why::Overflow, false, 0, now));
        }
        self.queue.push(parcel);
    }

    /// Drops what no longer has a reader or a question.
    pub(super) fn withdraw(
        &mut self,
        why: Why,
        now: Millis,
        facts: &mut Vec<Fact>,
        mut gone: impl FnMut(&Parcel) -> bool,
    ) {
        self.queue.retain(|parcel| {
            let drop = gone(parcel);
            if drop {
                facts.push(parcel.ended(Ending::Withdrawn, why, false, 0, now));
            }
            !drop
        });
    }

    /// Flags what waited too long.
    pub(super) fn expire(&mut self, now: Millis, facts: &mut Vec<Fact>) {
        self.queue.retain(|parcel| {
            let dead = parcel.expires <= now;
            if dead {
                facts.push(parcel.ended(Ending::Expired, Why::Age, false, 0, now));
            }
            !dead
        });
    }

    /// Puts the head in flight when the lane is free and a way is open.
    pub(super) fn launch(
        &mut self,
        tokens: &mut TokenBank,
        policy: &Policy,
        now: &Now<'_>,
        facts: &mut Vec<Fact>,
    ) {
        if self.flights.iter().any(|flight| !flight.aside) || self.queue.is_empty() {
            return;
        }
        if let Some(token) = tokens.spend(now.time) {
            let parcel = self.take_head(|_| true);
            self.flights
                .push(Flight::launch(parcel, Way::Reply(token), now));
            return;
        }
        if let Some(at) = self
            .queue
            .iter()
            .position(|parcel| parcel.wait == Wait::Granted)
        {
            // What waits for a token does not hold the lane.
            let parcel = self.queue.remove(at);
            self.flights.push(Flight::launch(parcel, Way::Push, now));
            return;
        }
        self.settle_waiting(policy, now.time, facts);
    }

    /// No token is left: says so for each parcel, by policy.
    fn settle_waiting(&mut self, policy: &Policy, now: Millis, facts: &mut Vec<Fact>) {
        if policy.late_answers == LateAnswers::Drop {
            for parcel in self.queue.drain(..) {
                facts.push(parcel.ended(Ending::Expired, Why::Policy, false, 0, now));
            }
            return;
        }
        for parcel in &mut self.queue {
            if parcel.wait == Wait::Fresh {
                facts.push(Fact::AwaitsToken {
                    effects: parcel.effects.clone().into(),
                });
                parcel.wait = match policy.late_answers {
                    LateAnswers::Push => Wait::Budget,
                    _ => Wait::Token,
                };
            }
        }
    }

    /// Takes the first parcel and all that fit behind it into one call.
    fn take_head(&mut self, mut may_join: impl FnMut(&Parcel) -> bool) -> Parcel {
        let mut head = self.queue.remove(0);
        while let Some(next) = self.queue.first() {
            if head.bubbles + next.bubbles > MAX_BUBBLES_PER_CALL || !may_join(next) {
                break;
            }
            let next = self.queue.remove(0);
            head.merge(next);
        }
        head
    }

    /// Brings back a parcel that was certainly never accepted: it waits at the head.
    pub(super) fn take_back(&mut self, mut parcel: Parcel) {
        parcel.wait = Wait::Fresh;
        let place = self
            .queue
            .partition_point(|queued| queued.effects[0] < parcel.effects[0]);
        self.queue.insert(place, parcel);
    }
}
