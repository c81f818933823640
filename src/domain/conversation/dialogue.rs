//! Guided dialogues: what a text, a tap or an answer of another system means for the flow under way.
//!
//! Law: a running flow is kept by the names of its flow, step and slots. Whatever goes wrong ends with
//! a person, never in silence.

use super::errand::CALL_PATIENCE;
use super::fact::Fact;
use super::moment::{Cause, Moment};
use super::run::{Errand, MEMORY_LIFE, REMEMBERED, Run, Status, Value, put};
use super::state::Conversation;
use crate::domain::handoff::Reason;
use crate::domain::ids::Fingerprint;
use crate::domain::playbook::{Act, Answer, Flow, Phrase, Reading, Step};
use crate::domain::time::Millis;

/// A text, as a running flow sees it.
pub(super) struct Said<'a> {
    pub(super) text: &'a str,
    pub(super) message: Fingerprint,
    pub(super) at: Millis,
    pub(super) cause: Cause,
}

impl Conversation {
    /// The value of a slot: of the flow under way, else of an earlier one.
    pub(super) fn slot(&self, name: &str) -> Option<&str> {
        let running = self.run.as_deref().and_then(|run| run.slot(name));
        let mut earlier = self.memory.iter();
        running.or_else(|| {
            let found = earlier.find(|slot| *slot.name == *name);
            found.map(|slot| &*slot.value)
        })
    }

    /// Begins a flow. What the text already says, and what an earlier flow learned, is not asked again.
    pub(super) fn begin_flow(
        &mut self,
        moment: &mut Moment<'_>,
        flow: &Flow,
        said: Option<&Said<'_>>,
        cause: Cause,
    ) {
        self.leave_flow(moment, "switched");
        // What was asked before is not what is talked of now: its answer would cut in.
        self.question = None;
        let mut run = Run::new(flow, moment.now.time);
        for (index, slot) in flow.slots.iter().enumerate() {
            let known = self.memory.iter().find(|known| *known.name == *slot.name);
            let known = known.filter(|known| moment.now.time.since(known.at) < MEMORY_LIFE);
            if let (Some(known), true) = (known, slot.remember) {
                put(&mut run.slots, known.clone());
            }
            if let Some(said) = said
                && let Reading::Found(value) =
                    moment.playbook.read_slot(flow, index, said.text, false)
            {
                put(&mut run.slots, slot_value(flow, index, value, said));
            }
        }
        self.run = Some(Box::new(run));
        moment.learn(Fact::FlowBegan {
            flow: (&*flow.id).into(),
        });
        self.go_on(moment, flow, 0, cause);
    }

    /// Walks from a step to the next that waits: for the customer, for another system, for nobody.
    pub(super) fn go_on(
        &mut self,
        moment: &mut Moment<'_>,
        flow: &Flow,
        from: usize,
        cause: Cause,
    ) {
        let mut at = from;
        // Every circle asks, and so ends here; the bound holds even for a flow that was not checked.
        for _ in 0..=flow.steps.len() * 2 {
            let (Some(step), Some(run)) = (flow.steps.get(at), &mut self.run) else {
                break;
            };
            run.step = (&*step.id).into();
            run.until = moment.now.time + step.timeout.unwrap_or(flow.timeout);
            match &step.act {
                Act::Ask {
                    slot, prompt, next, ..
                } => {
                    if run.slot(&flow.slots[*slot].name).is_none() {
                        run.status = Status::Asking;
                        self.say(moment, prompt, cause);
                        return;
                    }
                    at = *next;
                }
                Act::Branch {
                    slot,
                    cases,
                    otherwise,
                } => {
                    let value = run.slot(&flow.slots[*slot].name).unwrap_or_default();
                    let mut cases = cases.iter();
                    at = cases
                        .find(|(case, _)| **case == *value)
                        .map_or(*otherwise, |(_, to)| *to);
                }
                Act::Say { answer, next } => {
                    at = *next;
                    self.say(moment, answer, cause);
                }
                Act::Again {
                    forget,
                    answer,
                    next,
                } => {
                    run.rounds = run.rounds.saturating_add(1);
                    let too_often = run.rounds.max(run.failures) >= flow.max_failures;
                    // Said before it is forgotten: "no order of this number".
                    if let (Some(answer), false) = (answer, too_often) {
                        self.say(moment, answer, cause);
                    }
                    let names = || forget.iter().map(|slot| &flow.slots[*slot].name);
                    let is_kept = |known: &Value| names().all(|name| **name != *known.name);
                    if let Some(run) = &mut self.run {
                        run.slots.retain(is_kept);
                    }
                    self.memory.retain(is_kept);
                    if too_often {
                        self.hand_off(moment, Reason::ComplexQuery, cause);
                        return;
                    }
                    at = *next;
                }
                Act::Call { .. } => {
                    run.status = Status::Calling(Errand {
                        attempt: moment.now.attempt_of_call(),
                        incarnation: moment.now.incarnation,
                        key: moment.now.attempt_of_call().0,
                        deadline: moment.now.time + CALL_PATIENCE,
                        tries: 1,
                        cause,
                    });
                    moment.gathered.launched = true;
                    return;
                }
                Act::End { answer, handoff } => {
                    self.end(moment, flow, answer.as_ref(), *handoff, cause);
                    return;
                }
            }
        }
        self.hand_off(moment, Reason::ComplexQuery, cause);
    }

    fn end(
        &mut self,
        moment: &mut Moment<'_>,
        flow: &Flow,
        answer: Option<&Answer>,
        handoff: Option<Reason>,
        cause: Cause,
    ) {
        if let Some(answer) = answer {
            self.say(moment, answer, cause);
        }
        self.keep_slots(flow);
        if let Some(reason) = handoff {
            self.hand_off(moment, reason, cause);
        } else if let Some(run) = &mut self.run {
            run.status = Status::Complete;
            run.until = moment.now.time + REMEMBERED;
            run.failures = 0;
            moment.learn(Fact::FlowEnded {
                flow: run.flow.clone(),
                how: "complete".into(),
            });
        }
    }

    /// Remembers what later flows may use.
    fn keep_slots(&mut self, flow: &Flow) {
        let Some(run) = &self.run else { return };
        for value in &run.slots {
            let slot = flow.slot(&value.name).map(|index| &flow.slots[index]);
            if slot.is_some_and(|slot| slot.remember) {
                put(&mut self.memory, value.clone());
            }
        }
    }

    /// Takes a text as the answer to what the flow asks. False: it says nothing about it.
    pub(super) fn fill(&mut self, moment: &mut Moment<'_>, flow: &Flow, said: &Said<'_>) -> bool {
        let Some((at, slot)) = self.asked(flow) else {
            return false;
        };
        let reading = moment.playbook.read_slot(flow, slot, said.text, true);
        let Reading::Found(value) = reading else {
            return false;
        };
        self.put_slot(flow, slot, value, said);
        self.go_on(moment, flow, at, said.cause);
        true
    }

    /// Takes what a text says about slots that were filled before. False: nothing.
    pub(super) fn correct(
        &mut self,
        moment: &mut Moment<'_>,
        flow: &Flow,
        said: &Said<'_>,
    ) -> bool {
        let mut corrected = false;
        for index in 0..flow.slots.len() {
            let name = &flow.slots[index].name;
            let known = self.run.as_deref().and_then(|run| run.slot(name));
            if known.is_none() || flow.slots[index].free {
                continue;
            }
            if let Reading::Found(value) = moment.playbook.read_slot(flow, index, said.text, false)
            {
                self.put_slot(flow, index, value, said);
                corrected = true;
            }
        }
        if corrected {
            // What was agreed to before is not what is right now.
            if let Some(run) = &mut self.run {
                let confirms = |name: &str| {
                    let slot = flow.slot(name).map(|index| &flow.slots[index]);
                    slot.is_some_and(|slot| slot.confirms)
                };
                run.slots.retain(|known| !confirms(&known.name));
            }
            self.go_on(moment, flow, 0, said.cause);
        }
        corrected
    }

    fn put_slot(&mut self, flow: &Flow, slot: usize, value: Box<str>, said: &Said<'_>) {
        if let Some(run) = &mut self.run {
            put(&mut run.slots, slot_value(flow, slot, value, said));
            run.failures = 0;
        }
        self.keep_slots(flow);
    }

    /// The step and slot the flow waits for.
    pub(super) fn asked(&self, flow: &Flow) -> Option<(usize, usize)> {
        let run = self.run.as_deref()?;
        let at = flow.step(&run.step)?;
        match &flow.steps[at].act {
            Act::Ask { slot, .. } if run.is_open() => Some((at, *slot)),
            _ => None,
        }
    }

    /// The answer did not fit: asks again, or gives the conversation to a person.
    pub(super) fn miss(&mut self, moment: &mut Moment<'_>, flow: &Flow, cause: Cause) {
        let Some(run) = &mut self.run else { return };
        run.status = Status::Asking;
        run.failures = run.failures.saturating_add(1);
        let step = flow.step(&run.step).map(|at| &flow.steps[at]);
        match step {
            Some(Step {
                act: Act::Ask { prompt, retry, .. },
                ..
            }) if run.failures < flow.max_failures => {
                let answer = retry.as_ref().unwrap_or(prompt);
                self.say(moment, answer, cause);
            }
            _ => self.hand_off(moment, Reason::ComplexQuery, cause),
        }
    }

    /// The customer ended it.
    pub(super) fn cancel_flow(&mut self, moment: &mut Moment<'_>, flow: &Flow, cause: Cause) {
        let Some(run) = &mut self.run else { return };
        run.status = Status::Cancelled;
        run.until = moment.now.time + REMEMBERED;
        moment.learn(Fact::FlowEnded {
            flow: run.flow.clone(),
            how: "cancelled".into(),
        });
        let own = flow.cancelled.as_ref();
        if let Some(answer) = own.or_else(|| moment.playbook.phrase(Phrase::Cancelled)) {
            self.say(moment, answer, cause);
        }
    }

    /// The flow is over, without a word.
    pub(super) fn leave_flow(&mut self, moment: &mut Moment<'_>, how: &'static str) {
        let Some(run) = self.run.take() else { return };
        if !matches!(run.status, Status::Complete | Status::Cancelled) {
            moment.learn(Fact::FlowEnded {
                flow: run.flow,
                how: how.into(),
            });
        }
    }

    /// Something else was talked of; the flow waits.
    pub(super) fn suspend_flow(&mut self) {
        if let Some(run) = &mut self.run
            && run.is_open()
        {
            run.status = Status::Suspended;
        }
    }

    /// What a message said about slots was taken back: it is asked again.
    pub(super) fn unlearn(&mut self, moment: &Moment<'_>, message: Fingerprint) {
        self.memory.retain(|slot| slot.message != message);
        let Some(run) = &mut self.run else { return };
        let before = run.slots.len();
        run.slots.retain(|slot| slot.message != message);
        if run.slots.len() == before || !run.is_open() {
            return;
        }
        run.fields.clear();
        let Some(flow) = moment.playbook.flow_named(&run.flow) else {
            return;
        };
        run.slots.retain(|known| {
            let slot = flow.slot(&known.name).map(|index| &flow.slots[index]);
            !slot.is_some_and(|slot| slot.confirms)
        });
        let missing = flow.steps.iter().find(|step| match &step.act {
            Act::Ask { slot, .. } => run.slot(&flow.slots[*slot].name).is_none(),
            _ => false,
        });
        if let Some(step) = missing {
            run.step = (&*step.id).into();
        }
    }

    /// The flow is not offered any more: says so kindly.
    pub(super) fn flow_gone(&mut self, moment: &mut Moment<'_>, cause: Cause) {
        self.leave_flow(moment, "gone");
        if let Some(answer) = moment.playbook.phrase(Phrase::FlowGone) {
            self.say(moment, answer, cause);
        }
    }
}

fn slot_value(flow: &Flow, slot: usize, value: Box<str>, said: &Said<'_>) -> Value {
    Value {
        name: (&*flow.slots[slot].name).into(),
        value,
        message: said.message,
        at: said.at,
    }
}
