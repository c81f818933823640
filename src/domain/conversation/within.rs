//! A text while a flow is under way or just over: what it means for the flow.
//!
//! Law: a person always wins, then what the flow asked for, then what ends it, then what somebody asks
//! in between: that is answered, and the flow stays where it was.

use super::last::Handler;
use super::moment::Moment;
use super::route::Heard;
use super::run::{Run, Status};
use super::state::Conversation;
use crate::domain::handoff::Reason;
use crate::domain::playbook::{Cues, Flow, Reading};

/// From this confidence (percent) another wish ends the flow under way.
const SURE: u8 = 60;

impl Conversation {
    /// A text while a flow is under way or just over. `None`: it has nothing to do with the flow.
    pub(super) fn within_flow(
        &mut self,
        moment: &mut Moment<'_>,
        heard: &Heard<'_>,
    ) -> Option<(Handler, Option<FlowTurn>)> {
        let run = self.run.as_deref()?;
        let playbook = moment.playbook;
        let cause = heard.said.cause;
        let Some(flow) = playbook.flow_named(&run.flow) else {
            // Only what was under way is missed.
            if !matches!(run.status, Status::Complete | Status::Cancelled) {
                self.flow_gone(moment, cause);
            }
            self.run = None;
            return None;
        };
        let gone = flow.step(&run.step).is_none();
        match run.status {
            Status::Complete => return self.after_flow(moment, flow, heard),
            Status::Cancelled => return None,
            Status::Asking | Status::Suspended | Status::Calling(_) => {}
        }
        if gone {
            self.flow_gone(moment, cause);
            return None;
        }
        let asked = self.asked(flow).map(|(_, slot)| &flow.slots[slot]);
        let free = asked.is_some_and(|slot| slot.free);
        let own = |handler| Some((handler, Some(FlowTurn::own(flow))));
        let aside = |handler| Some((handler, Some(FlowTurn::aside(flow))));
        // What somebody says about a broken cup, asked for the reason, is no complaint about us.
        let complaint = heard.intent.and_then(|intent| intent.handoff);
        // Nor is a plain answer, for all it sounds like: 確定取消.
        let sure = heard.understood.confidence >= SURE;
        let answers = !sure && self.answers(moment, flow, heard);
        if let (Some(reason), false) = (complaint, free || answers) {
            self.hand_off(moment, reason, cause);
            return aside(Handler::Human);
        }
        if heard.understood.wants_human {
            self.hand_off(moment, Reason::UserRequest, cause);
            return aside(Handler::Human);
        }
        if self.run.as_deref().is_some_and(Run::is_calling) {
            // What was sent to another system cannot be called back: its answer tells how it ended.
            if let Some(answer) = heard.rule.or(heard.talk) {
                self.say(moment, answer, cause);
                return aside(Handler::Auto);
            }
            return own(Handler::Flow);
        }
        if let Some(run) = &mut self.run {
            // Who talks to us is still there.
            run.until = run.until.max(moment.now.time + flow.timeout);
        }
        if free && heard.cues(Cues::CANCEL) {
            self.cancel_flow(moment, flow, cause);
            return aside(Handler::Flow);
        }
        if heard.starts_over() {
            self.memory.clear();
            self.begin_flow(moment, flow, None, cause);
            return own(Handler::Flow);
        }
        if heard.cues(Cues::CORRECTION) && self.correct(moment, flow, &heard.said) {
            return own(Handler::Flow);
        }
        let stalls = heard.cues(Cues::STALL);
        // A doubt confirms nothing: 要想一下 is no yes.
        let confirms = asked.is_some_and(|slot| slot.confirms);
        let doubts = confirms && (stalls || heard.cues(Cues::QUESTION));
        let aside_first = doubts || (free && (stalls || heard.digresses(flow)));
        if !aside_first && self.fill(moment, flow, &heard.said) {
            return own(Handler::Flow);
        }
        if heard.cues(Cues::CANCEL) {
            self.cancel_flow(moment, flow, cause);
            return aside(Handler::Flow);
        }
        if stalls {
            if let Some(answer) = &flow.stall {
                self.say(moment, answer, cause);
            }
            return own(Handler::Flow);
        }
        self.aside(moment, flow, heard)
    }

    /// Whether a text holds what the flow asks for.
    fn answers(&self, moment: &Moment<'_>, flow: &Flow, heard: &Heard<'_>) -> bool {
        let asked = self.asked(flow).map(|(_, slot)| slot);
        let text = heard.said.text;
        asked.is_some_and(|slot| {
            let reading = moment.playbook.read_slot(flow, slot, text, true);
            matches!(reading, Reading::Found(_))
        })
    }

    /// Something that is no answer to what the flow asks.
    fn aside(
        &mut self,
        moment: &mut Moment<'_>,
        flow: &Flow,
        heard: &Heard<'_>,
    ) -> Option<(Handler, Option<FlowTurn>)> {
        let cause = heard.said.cause;
        if let Some(other) = heard
            .meant(moment.playbook)
            .filter(|other| other.id != flow.id)
        {
            self.begin_flow(moment, other, Some(&heard.said), cause);
            return Some((Handler::Flow, Some(FlowTurn::own(other))));
        }
        let sure = heard.understood.confidence >= SURE;
        let other = heard.intent.and_then(|intent| intent.flow);
        let other = other.and_then(|index| moment.playbook.flow(index));
        if let Some(other) = other.filter(|other| other.id != flow.id && sure)
            && (heard.cues(Cues::WISH) || heard.rule.is_none())
        {
            self.begin_flow(moment, other, Some(&heard.said), cause);
            return Some((Handler::Flow, Some(FlowTurn::own(other))));
        }
        if let Some(answer) = heard.rule.or(heard.talk) {
            self.say(moment, answer, cause);
            self.suspend_flow();
            return Some((Handler::Auto, Some(FlowTurn::aside(flow))));
        }
        let question = heard.intent.is_some_and(|intent| {
            intent.flow.is_none() && intent.reply.is_none() && intent.handoff.is_none()
        });
        if question && sure && moment.playbook.policy().assistant.enabled {
            self.suspend_flow();
            let said = &heard.said;
            self.ask(moment, said.text, cause.event, said.message);
            return Some((Handler::Ai, Some(FlowTurn::aside(flow))));
        }
        self.miss(moment, flow, cause);
        Some((Handler::Flow, Some(FlowTurn::own(flow))))
    }

    /// A text after a flow came to its end: a correction begins it again with what is right.
    fn after_flow(
        &mut self,
        moment: &mut Moment<'_>,
        flow: &Flow,
        heard: &Heard<'_>,
    ) -> Option<(Handler, Option<FlowTurn>)> {
        let corrects = heard.cues(Cues::CORRECTION) && !heard.understood.wants_human;
        (corrects && self.correct(moment, flow, &heard.said))
            .then(|| (Handler::Flow, Some(FlowTurn::own(flow))))
    }
}

impl Heard<'_> {
    /// Whether it asks something of its own, where any words would be an answer.
    fn digresses(&self, flow: &Flow) -> bool {
        let other = self.intent.is_some() && self.understood.intent != flow.intent;
        let sure = self.understood.confidence >= SURE;
        self.cues(Cues::QUESTION) && (self.rule.is_some() || (other && sure))
    }
}

/// A turn that a flow had to do with.
pub(super) struct FlowTurn {
    pub(super) flow: Box<str>,
    /// The intent it is counted under; `None`: what was said was about something else.
    pub(super) topic: Option<u16>,
}

impl FlowTurn {
    pub(super) fn own(flow: &Flow) -> FlowTurn {
        FlowTurn {
            flow: (&*flow.id).into(),
            topic: flow.intent,
        }
    }

    fn aside(flow: &Flow) -> FlowTurn {
        FlowTurn {
            topic: None,
            ..FlowTurn::own(flow)
        }
    }
}
