//! Deciding: events in, a transition out.

use super::codec;
use super::event::Event;
use super::fact::{Rejected, Why};
use super::handing::Back;
use super::invariants;
use super::moment::Moment;
use super::now::Now;
use super::parcel::Wait;
use super::state::{Conversation, Phase, is_taken_back};
use super::transition::{Gathered, Transition};
use crate::domain::commit::Revision;
use crate::domain::playbook::Playbook;
use std::sync::Arc;

/// Above this many bytes a value gives up its memories; the store takes 64 KiB.
const MAX_STORED: usize = 60 * 1024;

impl Conversation {
    /// Decides what the events mean. Pure: the same arguments give the same transition.
    ///
    /// `proposed` is the token of the commit that will carry the transition, drawn at random by the
    /// caller. Applying an event that was applied before changes nothing.
    pub fn apply(
        &self,
        events: &[Event],
        playbook: &dyn Playbook,
        now: &Now<'_>,
        proposed: Revision,
    ) -> Transition {
        let mut next = self.clone();
        let mut gathered = Gathered::default();
        next.catch_up(playbook, now, &mut gathered);
        for event in events {
            next.take(event, playbook, now, &mut gathered);
        }
        next.settle(playbook, now, &mut gathered);
        gathered.changed |= !gathered.facts.is_empty() || next.outbox != self.outbox;
        // A token that died while its answer was held back: otherwise the answer stays due for ever.
        gathered.changed |= next.held_since() != self.held_since();
        // Likewise while the assistant is asked: its button would stay due.
        gathered.changed |=
            next.question.is_some() && next.tokens.last_received() != self.tokens.last_received();
        gathered.launched |= next.outbox.flights.iter().any(|flight| {
            flight.under_way()
                && !self
                    .outbox
                    .flights
                    .iter()
                    .any(|f| f.attempt == flight.attempt)
        });
        if gathered.accepted {
            next.digest = playbook.digest();
        }
        debug_assert_eq!(invariants::check(&next), Ok(()));
        let mut packed = Arc::default();
        if gathered.changed {
            packed = codec::encode(&next);
            if packed.len() > MAX_STORED {
                // Everything at its bound at once: what is owed stays, what was said goes.
                next.slim();
                packed = codec::encode(&next);
            }
        }
        Transition {
            next,
            packed,
            gathered,
            proposed,
        }
    }

    /// What was over before these events came is over for them.
    fn catch_up(&mut self, playbook: &dyn Playbook, now: &Now<'_>, gathered: &mut Gathered) {
        let mut moment = Moment {
            playbook,
            now,
            gathered,
        };
        self.settle_handoff(&mut moment);
        if self.run.as_deref().is_some_and(|run| !run.is_calling()) {
            self.settle_flow(&mut moment);
        }
    }

    fn take(
        &mut self,
        event: &Event,
        playbook: &dyn Playbook,
        now: &Now<'_>,
        gathered: &mut Gathered,
    ) {
        match event {
            Event::Received(received) => self.received(received, playbook, now, gathered),
            Event::SendEnded { attempt, end } => {
                if !self
                    .outbox
                    .send_ended(*attempt, *end, now, &mut gathered.facts)
                {
                    gathered.rejected.push(Rejected::Stale);
                }
            }
            Event::PushAnswered { effects, granted } => {
                let mut queue = self.outbox.queue.iter_mut();
                let asked =
                    queue.find(|parcel| parcel.wait == Wait::Budget && parcel.effects == *effects);
                match asked {
                    Some(parcel) => {
                        parcel.wait = if *granted { Wait::Granted } else { Wait::Token };
                        gathered.changed = true;
                    }
                    None => gathered.rejected.push(Rejected::Stale),
                }
            }
            Event::ProfileAnswered { name } => {
                gathered.changed |= self.profile_wanted || self.name != *name;
                self.name = name.clone().or_else(|| self.name.take());
                self.profile_wanted = false;
            }
            Event::AssistantAnswered { attempt, verdict } => {
                let mut moment = Moment {
                    playbook,
                    now,
                    gathered,
                };
                self.answered_by_assistant(&mut moment, *attempt, verdict);
            }
            Event::CallAnswered {
                attempt,
                outcome,
                fields,
            } => {
                let mut moment = Moment {
                    playbook,
                    now,
                    gathered,
                };
                if !self.call_answered(&mut moment, *attempt, outcome, fields) {
                    gathered.rejected.push(Rejected::Stale);
                }
            }
            Event::Resolved => {
                let mut moment = Moment {
                    playbook,
                    now,
                    gathered,
                };
                self.come_back(&mut moment, Back::Resolved);
            }
            Event::Forget => {
                self.forget_talk();
                gathered.changed = true;
            }
            Event::LineIsWell => self.outbox.hurry(),
            Event::Woken => {}
        }
    }

    /// After the events: moves every flight, flags what is too old, fills the free lane.
    fn settle(&mut self, playbook: &dyn Playbook, now: &Now<'_>, gathered: &mut Gathered) {
        if !self.unsent.is_empty() {
            // A call that was under way when its question was taken back may have come home.
            let (unsent, burst) = (&self.unsent, &self.burst);
            self.outbox.withdraw_answers(
                Why::Unsend,
                &mut self.tokens,
                now.time,
                &mut gathered.facts,
                |origin| is_taken_back(unsent, burst, origin),
            );
        }
        self.outbox.look(now, &mut gathered.facts);
        if self.phase == Phase::Unreachable {
            // A call that came back unaccepted after the customer left must not wait for a token.
            self.outbox
                .withdraw(Why::Unreachable, now.time, &mut gathered.facts);
        }
        self.outbox.expire(now.time, &mut gathered.facts);
        self.tokens.prune(now.time);
        let mut moment = Moment {
            playbook,
            now,
            gathered,
        };
        self.settle_flow(&mut moment);
        self.settle_question(&mut moment);
        self.settle_handoff(&mut moment);
        self.outbox.launch(
            &mut self.tokens,
            playbook.policy(),
            now,
            &mut gathered.facts,
        );
    }
}
