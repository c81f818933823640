//! The conversation actor: one turn at a time; what arrives meanwhile is folded into the next.
//!
//! Unsupervised on purpose: `actix::Supervisor` does not see panics. When this actor dies, its
//! waiters see their channel close and the registry starts it again from the store.

use super::known::Known;
use super::messages::{Deliver, Gate, Undelivered};
use super::outside::{
    Begun, asking, calling, dispatch, end_of, errand, name_of, retry_after, undelivered,
};
use super::shared::Shared;
use super::turn::{Core, Failure, Turned};
use crate::domain::conversation::{Event, Live, Owed, SendEnd};
use crate::domain::ids::{AttemptId, ConversationKey};
use crate::domain::time::Millis;
use crate::ports::store::{EntityKey, Revision};
use crate::telemetry::meter;
use actix::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Events folded into one commit.
const MAX_FOLD: usize = 64;
/// Events that may wait for the turn under way: a group of 500 people fits.
const MAX_PENDING: usize = 1_024;
/// Messages in the mailbox: bounded by `MAX_PENDING` in practice, since each is taken at once.
const MAILBOX: usize = 64;

/// One customer's conversation on this node.
pub(super) struct Conversation {
    pub(super) key: Arc<ConversationKey>,
    pub(super) shared: Arc<Shared>,
    /// The state as the store has it, while idle; `None`: to be read again. A million of these are
    /// in memory: with all of actix around it, an actor fits 512 bytes (`an_idle_actor_is_small`).
    rest: Option<(Revision, Arc<[u8]>)>,
    busy: Option<Box<Busy>>,
    /// It stands in the line of its channel.
    pub(super) in_line: bool,
    /// It is counted among those that hold an answer back.
    pub(super) holds: bool,
    /// An answer waits for another try or for the way out, which being called would bring nearer.
    /// Also known while idle: a pause of minutes is the due index's, and the line's.
    pub(super) wants_call: bool,
}

/// What a working conversation has in hand.
#[derive(Default)]
struct Busy {
    /// Absent while a turn has it.
    core: Option<Core>,
    pending: VecDeque<Deliver>,
    pending_events: usize,
    /// Attempts and questions already begun: each is begun once.
    begun: Vec<Begun>,
    timer: Option<(Millis, SpawnHandle)>,
    /// The first in line are outcomes of a turn that was refused.
    kept: bool,
    /// The turn under way only settles old work and may be waiting for company.
    lazy_turn: bool,
}

impl Busy {
    /// The next delivery that may be taken; those behind a shut gate are told so.
    fn next(&mut self) -> Option<Deliver> {
        while let Some(next) = self.pending.pop_front() {
            if !next.is_behind() {
                return Some(next);
            }
            self.refuse(next);
        }
        None
    }

    /// Tells all that wait behind a shut gate; the others keep their places.
    fn turn_away(&mut self) {
        for next in std::mem::take(&mut self.pending) {
            if next.is_behind() {
                self.refuse(next);
            } else {
                self.pending.push_back(next);
            }
        }
    }

    fn refuse(&mut self, behind: Deliver) {
        self.pending_events -= behind.events.len();
        let _ = behind.done.send(Err(Undelivered::Behind));
    }
}

impl Conversation {
    pub(super) fn new(key: Arc<ConversationKey>, shared: Arc<Shared>) -> Conversation {
        Conversation {
            key,
            shared,
            rest: None,
            busy: None,
            in_line: false,
            holds: false,
            wants_call: false,
        }
    }

    fn busy(&mut self) -> &mut Busy {
        if self.busy.is_none() {
            let loaded = self.rest.take().map(|(r, value)| Live::loaded(r, value));
            let known = match loaded {
                Some(Ok(live)) => Known::Live(Box::new(live)),
                Some(Err(_)) | None => Known::Unread,
            };
            let core = Core {
                key: self.key.clone(),
                entity: EntityKey::conversation(&self.key),
                shared: self.shared.clone(),
                known,
            };
            self.busy = Some(Box::new(Busy {
                core: Some(core),
                ..Busy::default()
            }));
        }
        self.busy.as_mut().expect("was just filled")
    }

    /// Begins a turn when none is under way and something waits.
    pub(super) fn pump(&mut self, ctx: &mut Context<Self>) {
        let busy = self.busy();
        if busy.core.is_none() {
            if busy.lazy_turn {
                // Somebody waits behind a turn that may be waiting for company.
                self.shared.store.nudge();
            }
            return;
        }
        let Some(first) = busy.next() else {
            self.doze();
            return;
        };
        let alone = first.alone;
        let mut events = first.events;
        let mut waiters = vec![(first.done, first.gate)];
        while let Some(next) = busy.pending.front() {
            if alone
                || next.alone
                || next.is_behind()
                || events.len() + next.events.len() > MAX_FOLD
            {
                break;
            }
            let next = busy.pending.pop_front().expect("front was there");
            events.extend(next.events);
            waiters.push((next.done, next.gate));
        }
        busy.pending_events -= events.len();
        busy.lazy_turn = events
            .iter()
            .all(|event| !matches!(event, Event::Received(_)));
        let mut core = busy.core.take().expect("checked above");
        let in_hand: Vec<AttemptId> = busy
            .begun
            .iter()
            .filter_map(|begun| match begun {
                Begun::Send(attempt) | Begun::Ask(attempt) | Begun::Call(attempt) => Some(*attempt),
                Begun::AskPush(_) | Begun::Profile => None,
            })
            .collect();
        // Outcomes are told once: if this turn is refused, they must not go with it.
        let outcomes: Vec<Event> = events
            .iter()
            .filter(|event| event.is_outcome())
            .cloned()
            .collect();
        let turn = async move {
            let result = core.turn(events, &in_hand).await;
            (core, result)
        };
        ctx.spawn(
            turn.into_actor(self)
                .map(move |(core, result), actor, ctx| {
                    actor.turned(core, result, outcomes, waiters, ctx);
                }),
        );
    }

    fn turned(
        &mut self,
        mut core: Core,
        result: Result<Turned, Failure>,
        outcomes: Vec<Event>,
        waiters: Vec<(oneshot::Sender<Result<(), Undelivered>>, Option<Gate>)>,
        ctx: &mut Context<Self>,
    ) {
        let (answer, turned) = match result {
            Ok(turned) => (Ok(()), turned),
            Err(failure) => {
                // What the store has is not known any more.
                core.known = Known::Unread;
                let pause = retry_after(&failure, !outcomes.is_empty());
                self.keep(outcomes);
                let again = Turned {
                    wake: pause.map(|pause| self.shared.store.now() + pause),
                    ..Turned::default()
                };
                (Err(undelivered(failure)), again)
            }
        };
        for (waiter, gate) in waiters {
            if let (Err(Undelivered::Store(_)), Some(gate)) = (&answer, gate) {
                // Before anybody is told: what stands behind must not be taken.
                gate.shut();
            }
            // A waiter that gave up (deadline) is no loss: the events are durable or not without it.
            let _ = waiter.send(answer.clone());
        }
        if answer.is_err() {
            self.busy().turn_away();
        }
        let waits = answer.is_err() && turned.wake.is_some();
        self.busy().core = Some(core);
        self.release(turned, ctx);
        let kept_only = self.busy().pending.len() == usize::from(self.busy().kept);
        if !(waits && kept_only) {
            self.pump(ctx);
        }
    }

    /// Puts outcomes of a refused turn first in line, apart from new work that may be refused again.
    fn keep(&mut self, outcomes: Vec<Event>) {
        self.busy().kept = !outcomes.is_empty();
        if outcomes.is_empty() {
            return;
        }
        let (done, _) = oneshot::channel();
        let busy = self.busy();
        busy.pending_events += outcomes.len();
        busy.pending.push_front(Deliver {
            events: outcomes,
            alone: true,
            gate: None,
            done,
        });
    }

    /// Begins what is owed and has not been begun.
    fn release(&mut self, turned: Turned, ctx: &mut Context<Self>) {
        if let Some(owed) = &turned.owed {
            // Forgotten when the state no longer owes it, not when it is over: its outcome may
            // still wait behind the turn that owes it.
            let names: Vec<Begun> = owed.iter().map(name_of).collect();
            self.busy().begun.retain(|begun| names.contains(begun));
            self.wait(&turned, ctx);
        }
        for owed in turned.owed.into_iter().flatten() {
            let name = name_of(&owed);
            if self.busy().begun.contains(&name) {
                continue;
            }
            self.busy().begun.push(name);
            self.begin(owed, ctx);
        }
        if let Some(at) = turned.wake {
            self.arm(at, ctx);
        }
    }

    fn begin(&mut self, owed: Owed, ctx: &mut Context<Self>) {
        match owed {
            Owed::Send(send) => {
                let attempt = send.attempt;
                let sending = calling(&self.shared, dispatch(&self.key, send));
                ctx.spawn(sending.into_actor(self).map(move |report, actor, ctx| {
                    let end = end_of(&report.outcome);
                    if !matches!(end, SendEnd::NotAccepted | SendEnd::Unclear) {
                        let accepted = end == SendEnd::Accepted;
                        actor.shared.answered(&actor.key.channel, accepted);
                    }
                    actor.ended(Event::SendEnded { attempt, end }, ctx);
                }));
            }
            Owed::AskPush { effects } => {
                let shared = self.shared.clone();
                let key = self.key.clone();
                let asking = async move {
                    let granted = shared.pushes.ask(&*shared.store, &key, &effects).await;
                    Event::PushAnswered { effects, granted }
                };
                let asking = asking.into_actor(self);
                ctx.spawn(asking.map(|answer, actor, ctx| actor.ended(answer, ctx)));
            }
            Owed::FetchProfile => {
                let asking = self.shared.messenger.profile((*self.key).clone());
                ctx.spawn(asking.into_actor(self).map(move |answer, actor, ctx| {
                    // Not worth insisting: the next sign of life after a week asks again.
                    let display_name = |profile: crate::ports::messenger::Profile| {
                        profile.display_name.into_boxed_str()
                    };
                    let display = answer.ok().flatten().map(display_name);
                    actor.ended(Event::ProfileAnswered { name: display }, ctx);
                }));
            }
            Owed::Ask(ask) => {
                let asking = asking(&self.shared, &self.key, ask).into_actor(self);
                ctx.spawn(asking.map(|answer, actor, ctx| actor.ended(answer, ctx)));
            }
            Owed::Call(call) => {
                let calling = errand(&self.shared, &self.key, call).into_actor(self);
                ctx.spawn(calling.map(|answer, actor, ctx| actor.ended(answer, ctx)));
            }
        }
    }

    /// Something begun is over: its outcome is an event like any other.
    fn ended(&mut self, event: Event, ctx: &mut Context<Self>) {
        self.enqueue(event);
        self.pump(ctx);
    }

    pub(super) fn enqueue(&mut self, event: Event) {
        let (done, _) = oneshot::channel();
        let busy = self.busy();
        busy.pending_events += 1;
        busy.pending.push_back(Deliver {
            events: vec![event],
            alone: false,
            gate: None,
            done,
        });
    }

    fn arm(&mut self, at: Millis, ctx: &mut Context<Self>) {
        if let Some((armed, handle)) = self.busy().timer {
            if armed <= at {
                return;
            }
            ctx.cancel_future(handle);
        }
        let wait = at.since(self.shared.store.now()).std();
        let handle = ctx.run_later(wait, |actor, ctx| {
            actor.busy().timer = None;
            actor.enqueue(Event::Woken);
            actor.pump(ctx);
        });
        self.busy().timer = Some((at, handle));
    }

    /// Whether its state is packed away.
    pub(super) fn is_idle(&self) -> bool {
        self.busy.is_none()
    }

    /// Packs the state away when nothing is under way.
    fn doze(&mut self) {
        let Some(busy) = &self.busy else { return };
        if !busy.begun.is_empty() || busy.timer.is_some() || !busy.pending.is_empty() {
            return;
        }
        if busy.core.is_none() {
            return;
        }
        let core = self.busy.take().and_then(|busy| busy.core);
        self.rest = match core.map(|core| core.known) {
            Some(Known::Live(live)) => Some((live.revision(), live.into_packed())),
            None | Some(Known::Unread | Known::Absent(_)) => None,
        };
    }
}

impl Actor for Conversation {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
        // Holds nothing and never ends: the registry's address is weak, and an actor with nothing to
        // do and no address would stop.
        ctx.spawn(std::future::pending().into_actor(self));
        meter::actor_started();
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        meter::actor_stopped();
    }
}

impl Handler<Deliver> for Conversation {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, ctx: &mut Context<Self>) {
        let busy = self.busy();
        if busy.pending_events + deliver.events.len() > MAX_PENDING {
            let _ = deliver.done.send(Err(Undelivered::Full));
            return;
        }
        busy.pending_events += deliver.events.len();
        busy.pending.push_back(deliver);
        self.pump(ctx);
    }
}
