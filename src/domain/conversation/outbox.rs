//! The outbox: what we owe LINE, in order, and the one call that holds the lane.
//!
//! Outgoing messages are a FIFO. Only its head may be in flight; the commit that puts it in flight
//! freezes it. Followers merge behind it: five bubbles are one call, and calls are money.

use super::event::SendEnd;
use super::fact::{Ending, Fact, Why};
use super::flight::{Flight, LANE_HOLD, Next, Way};
use super::now::Now;
use super::parcel::{Parcel, Wait};
use super::tokens::TokenBank;
use crate::domain::ids::{AttemptId, Fingerprint};
use crate::domain::playbook::{LateAnswers, Policy};
use crate::domain::time::{Millis, Span};

/// Messages in one call (reference, "Send reply message": at most 5).
pub const MAX_BUBBLES_PER_CALL: u8 = 5;
/// Effects owed at once; beyond it the oldest that merely waits is flagged and dropped.
pub const MAX_EFFECTS: usize = 20;
/// Bytes of messages owed at once: keeps the value under the store's 64 KiB.
pub const MAX_OUTBOX_BYTES: usize = 32 * 1024;

/// How long an answer may be held back for the channel's way out, from the arrival of its token:
/// short enough that a process that starts anew finds it due at once, and that the token's life leaves
/// time for more than one try.
pub const HELD: Span = Span::secs(20);

/// An answer that grows too old is not held back any longer than until this long before.
const BEFORE_AGE: Span = Span::secs(2);

/// What is owed and has not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outbox {
    /// Not yet in flight, in order.
    pub(super) queue: Vec<Parcel>,
    /// Calls that were committed: at most one holds the lane, the others were set aside.
    pub(super) flights: Vec<Flight>,
}

impl Outbox {
    /// Whether no call holds the lane.
    pub(super) fn lane_is_free(&self) -> bool {
        self.flights.iter().all(|flight| flight.aside)
    }

    /// Effects owed.
    pub(super) fn effects(&self) -> usize {
        self.parcels().map(|parcel| parcel.effects.len()).sum()
    }

    fn bytes(&self) -> usize {
        self.parcels().map(Parcel::size).sum()
    }

    fn parcels(&self) -> impl Iterator<Item = &Parcel> {
        self.flights
            .iter()
            .map(|flight| &flight.parcel)
            .chain(&self.queue)
    }

    /// Queues an answer; makes room by flagging the oldest that waits.
    pub(super) fn push(&mut self, parcel: Parcel, now: Millis, facts: &mut Vec<Fact>) {
        let size = parcel.size();
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

    /// Drops all that waits: it has no reader any more.
    pub(super) fn withdraw(&mut self, why: Why, now: Millis, facts: &mut Vec<Fact>) {
        for parcel in self.queue.drain(..) {
            facts.push(parcel.ended(Ending::Withdrawn, why, false, 0, now));
        }
    }

    /// Drops the answers to messages that are gone, also out of what was merged. A call that was
    /// certainly not accepted and rests is taken apart, and its token is good for the others; one
    /// under way or in doubt cannot be called back.
    pub(super) fn withdraw_answers(
        &mut self,
        why: Why,
        tokens: &mut TokenBank,
        now: Millis,
        facts: &mut Vec<Fact>,
        gone: impl Fn(Fingerprint) -> bool,
    ) {
        let recalled = |flight: &Flight| {
            !flight.under_way() && !flight.doubtful && flight.parcel.answers(&gone)
        };
        while let Some(at) = self.flights.iter().position(recalled) {
            let flight = self.flights.remove(at);
            if let Way::Reply(token) = flight.way {
                tokens.put(&token.token, token.received);
            }
            self.take_back(flight.parcel);
        }
        let struck: Vec<Parcel> = self
            .queue
            .extract_if(.., |parcel| parcel.answers(&gone))
            .collect();
        for parcel in struck {
            let mut kept: Option<Parcel> = None;
            for answer in parcel.into_answers() {
                match &mut kept {
                    _ if answer.answers(&gone) => {
                        facts.push(answer.ended(Ending::Withdrawn, why, false, 0, now));
                    }
                    Some(kept) => kept.merge(answer),
                    None => kept = Some(answer),
                }
            }
            if let Some(kept) = kept {
                self.take_back(kept);
            }
        }
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

    /// Until when an answer that has its token may be held back; `None` when none could be.
    pub(super) fn held_until(&self, tokens: &TokenBank) -> Option<Millis> {
        let first = tokens.first_received()?;
        // Not so long that it would be too old before it was tried.
        let aged = self.queue.iter().map(|parcel| parcel.expires).min()?;
        Some((first + HELD).min(Millis(aged.0.saturating_sub(BEFORE_AGE.0))))
    }

    /// Puts the head in flight when the lane is free and a way is open.
    pub(super) fn launch(
        &mut self,
        tokens: &mut TokenBank,
        policy: &Policy,
        now: &Now<'_>,
        facts: &mut Vec<Fact>,
    ) {
        if !tokens.is_empty() {
            self.recall_pushes();
        }
        if !self.lane_is_free() || self.queue.is_empty() {
            return;
        }
        tokens.prune(now.time);
        if !now.way_is_free
            && self
                .held_until(tokens)
                .is_some_and(|until| now.time < until)
        {
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

    /// A token came while a push that certainly was not accepted waits for its next try: it goes
    /// free instead.
    fn recall_pushes(&mut self) {
        let paid = |flight: &Flight| flight.is_push() && !flight.doubtful && !flight.under_way();
        while let Some(at) = self.flights.iter().position(paid) {
            let parcel = self.flights.remove(at).parcel;
            self.take_back(parcel);
        }
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

    /// Brings back what was certainly never accepted: its answers wait in their order. Calls that
    /// passed one another interleave: those are taken apart and merged again.
    pub(super) fn take_back(&mut self, mut parcel: Parcel) {
        parcel.wait = Wait::Fresh;
        let (first, last) = (parcel.effects[0], parcel.last_effect());
        let from = self.queue.partition_point(|p| p.last_effect() < first);
        let upto = self.queue.partition_point(|p| p.effects[0] < last);
        if from >= upto {
            self.queue.insert(from, parcel);
            return;
        }
        let crossed = self.queue.drain(from..upto).chain([parcel]);
        let mut answers: Vec<Parcel> = crossed.flat_map(Parcel::into_answers).collect();
        answers.sort_by_key(|answer| answer.effects[0]);
        let mut merged: Vec<Parcel> = Vec::new();
        for answer in answers {
            match merged.last_mut() {
                Some(head) if head.bubbles + answer.bubbles <= MAX_BUBBLES_PER_CALL => {
                    head.merge(answer);
                }
                _ => merged.push(answer),
            }
        }
        self.queue.splice(from..from, merged);
    }

    /// Applies the outcome of a call; `false` when the attempt is not under way.
    pub(super) fn send_ended(
        &mut self,
        attempt: AttemptId,
        end: SendEnd,
        now: &Now<'_>,
        facts: &mut Vec<Fact>,
    ) -> bool {
        let flight = self
            .flights
            .iter()
            .position(|f| f.under_way() && f.attempt == attempt);
        let Some(at) = flight else { return false };
        let next = self.flights[at].ended(end, now.time);
        let quota = end == SendEnd::QuotaExhausted;
        self.settle(at, next, quota, now.time, facts);
        true
    }

    /// Shortens the pauses between tries.
    pub(super) fn hurry(&mut self) {
        self.flights.iter_mut().for_each(Flight::hurry);
    }

    /// Looks at every flight: takes over, tries again, sets aside, gives up.
    pub(super) fn look(&mut self, now: &Now<'_>, facts: &mut Vec<Fact>) {
        let mut at = 0;
        while at < self.flights.len() {
            let next = self.flights[at].look(now, facts);
            let kept = matches!(next, Next::Keep);
            self.settle(at, next, false, now.time, facts);
            if kept {
                let flight = &mut self.flights[at];
                flight.aside |= flight.started + LANE_HOLD <= now.time;
                at += 1;
            }
        }
    }

    fn settle(&mut self, at: usize, next: Next, quota: bool, now: Millis, facts: &mut Vec<Fact>) {
        match next {
            Next::Keep => {}
            Next::End(ending, why) => {
                let flight = self.flights.remove(at);
                let billed = flight.is_push();
                facts.push(flight.parcel.ended(ending, why, billed, flight.tries, now));
            }
            Next::TakeBack => {
                let parcel = self.flights.remove(at).parcel;
                facts.push(Fact::AwaitsToken {
                    effects: parcel.effects.clone().into(),
                });
                self.take_back(parcel);
                if quota {
                    // Asking the budget again would only be refused again.
                    self.queue
                        .iter_mut()
                        .for_each(|parcel| parcel.wait = Wait::Token);
                }
            }
        }
    }
}
