//! What becomes of a text: the funnel, in one place.
//!
//! people → the flow under way → flows → keyword rules and small talk → intents → the assistant → the
//! fallback. Law: each text gets exactly one of them, and [`Fact::Routed`] says which and why.

use super::dialogue::Said;
use super::fact::Fact;
use super::last::{Handler, Last};
use super::moment::{Cause, Moment};
use super::run::Status;
use super::state::Conversation;
use super::within::FlowTurn;
use crate::domain::handoff::Reason;
use crate::domain::ids::Fingerprint;
use crate::domain::playbook::{Answer, Cues, Flow, Intent, Playbook, Reading, Understanding};

/// From this confidence (percent) a flow begins without being named, wished for or answered.
const SURE: u8 = 50;
/// Words that begin anew mean it only when little else is said.
const SHORT: usize = 12;

/// A text with what was understood of it, looked up.
pub(super) struct Heard<'a> {
    pub(super) said: Said<'a>,
    pub(super) understood: Understanding,
    pub(super) intent: Option<&'a Intent>,
    pub(super) rule: Option<&'a Answer>,
    pub(super) talk: Option<&'a Answer>,
}

impl<'a> Heard<'a> {
    fn new(playbook: &'a dyn Playbook, said: Said<'a>, understood: &Understanding) -> Heard<'a> {
        // Numbers of a playbook that was swapped meanwhile mean nothing.
        let understood = match understood.digest == playbook.digest() {
            true => understood.clone(),
            false => Understanding::default(),
        };
        Heard {
            intent: understood.intent.and_then(|index| playbook.intent(index)),
            rule: understood.rule.and_then(|index| playbook.rule(index)),
            talk: understood.talk.and_then(|index| playbook.talk(index)),
            said,
            understood,
        }
    }

    pub(super) fn cues(&self, cues: Cues) -> bool {
        self.understood.cues.has(cues)
    }

    /// The flow these words name themselves.
    pub(super) fn meant(&self, playbook: &'a dyn Playbook) -> Option<&'a Flow> {
        playbook.flow_meant(self.understood.intent, self.said.text)
    }

    /// The flow these words begin.
    fn flow(&self, playbook: &'a dyn Playbook) -> Option<&'a Flow> {
        if let Some(flow) = self.meant(playbook) {
            return Some(flow);
        }
        let intent = self.intent?;
        let flow = playbook.flow(intent.flow?)?;
        let stands_out = |slot: usize| {
            let reading = playbook.read_slot(flow, slot, self.said.text, false);
            !flow.slots[slot].free && matches!(reading, Reading::Found(_))
        };
        let said = (0..flow.slots.len()).any(stands_out);
        let wish = self.cues(Cues::WISH);
        let asked_about = intent.flow_on_wish && self.rule.is_some();
        // A guess begins nothing: it would ask for an order number who asks about a cream.
        let sure = self.understood.confidence >= SURE && !asked_about;
        (said || wish || sure).then_some(flow)
    }

    /// Whether the customer wants to begin anew, and says little else.
    pub(super) fn starts_over(&self) -> bool {
        self.cues(Cues::START_OVER) && self.said.text.chars().count() <= SHORT
    }
}

impl Conversation {
    /// Finds who answers a text, and lets him.
    pub(super) fn route(
        &mut self,
        moment: &mut Moment<'_>,
        text: &str,
        understood: &Understanding,
        event: Fingerprint,
        message: Fingerprint,
    ) {
        let cause = Cause {
            event,
            message: Some(message),
        };
        let said = Said {
            text,
            message,
            at: moment.now.time,
            cause,
        };
        let heard = Heard::new(moment.playbook, said, understood);
        if self.phase.is_with_people() {
            self.listen(moment, &heard);
            return;
        }
        self.deliver_kept(moment);
        let within = self.within_flow(moment, &heard);
        let (handler, turn) = within.unwrap_or_else(|| self.outside_flow(moment, &heard));
        self.note(moment, &heard, handler, turn);
    }

    /// A person has the conversation: nothing is said, but what is understood is kept.
    fn listen(&mut self, moment: &mut Moment<'_>, heard: &Heard<'_>) {
        if let Some(reason) = heard.intent.and_then(|intent| intent.handoff) {
            self.raise(moment, reason);
        }
        let handler = Handler::of_people(self.phase);
        self.note(moment, heard, handler, None);
    }

    /// Keeps and tells how a text was understood. `topic`: the flow's intent, when it took the turn.
    fn note(
        &mut self,
        moment: &mut Moment<'_>,
        heard: &Heard<'_>,
        handler: Handler,
        turn: Option<FlowTurn>,
    ) {
        let handler = match self.phase.is_with_people() {
            true => Handler::of_people(self.phase),
            false => handler,
        };
        let own = heard.intent.map(|intent| &*intent.id);
        let topic = turn.as_ref().and_then(|turn| turn.topic);
        let topic = topic.and_then(|index| moment.playbook.intent(index));
        let flow = turn.map(|turn| (turn.flow, self.flow_state(moment.playbook)));
        self.last = Last {
            handler,
            intent: topic.map(|intent| &*intent.id).or(own).map(Into::into),
            confidence: heard.understood.confidence,
            wants_human: heard.understood.wants_human,
            rule: heard.rule.map(|rule| (&*rule.rule).into()),
            flow,
        };
        let last = self.last.clone();
        let (flow, flow_state) = last.flow.unzip();
        moment.learn(Fact::Routed {
            event: heard.said.cause.event,
            message: heard.said.message,
            handler,
            intent: last.intent,
            confidence: last.confidence,
            wants_human: last.wants_human,
            rule: last.rule,
            flow,
            flow_state: flow_state.flatten(),
        });
    }

    /// What became of the last text's flow since, without another text.
    pub(super) fn note_later(&mut self, moment: &Moment<'_>) {
        if self.phase.is_with_people() {
            self.last.handler = Handler::of_people(self.phase);
        }
        let state = self.flow_state(moment.playbook);
        match (&self.run, &mut self.last.flow) {
            (Some(run), flow) => *flow = Some((run.flow.clone(), state)),
            (None, Some((_, known))) => *known = None,
            (None, None) => {}
        }
    }

    /// How far the flow is, in one word.
    fn flow_state(&self, playbook: &dyn Playbook) -> Option<Box<str>> {
        let run = self.run.as_deref()?;
        let flow = playbook.flow_named(&run.flow)?;
        match &run.status {
            Status::Asking => {
                let (_, slot) = self.asked(flow)?;
                Some(format!("need_{}", flow.slots[slot].name).into())
            }
            Status::Suspended => Some("suspended".into()),
            Status::Calling(_) => Some("calling".into()),
            Status::Complete => Some("complete".into()),
            Status::Cancelled => Some("cancelled".into()),
        }
    }

    /// A text on its own.
    fn outside_flow(
        &mut self,
        moment: &mut Moment<'_>,
        heard: &Heard<'_>,
    ) -> (Handler, Option<FlowTurn>) {
        let cause = heard.said.cause;
        let playbook = moment.playbook;
        if let Some(reason) = heard.intent.and_then(|intent| intent.handoff) {
            self.hand_off(moment, reason, cause);
            return (Handler::Human, None);
        }
        if heard.understood.wants_human {
            self.hand_off(moment, Reason::UserRequest, cause);
            return (Handler::Human, None);
        }
        if let Some(flow) = heard.flow(playbook) {
            self.begin_flow(moment, flow, Some(&heard.said), cause);
            return (Handler::Flow, Some(FlowTurn::own(flow)));
        }
        if heard.starts_over() {
            self.forget_talk();
        }
        if let Some(answer) = heard.rule.or(heard.talk) {
            self.say(moment, answer, cause);
            return (Handler::Auto, None);
        }
        if let Some(answer) = heard.intent.and_then(|intent| intent.reply.as_ref()) {
            self.say(moment, answer, cause);
            return (Handler::Auto, None);
        }
        if playbook.policy().assistant.enabled {
            let said = &heard.said;
            self.ask(moment, said.text, cause.event, said.message);
            return (Handler::Ai, None);
        }
        if let Some(answer) = playbook.fallback() {
            self.say(moment, answer, cause);
        }
        (Handler::Fallback, None)
    }
}
