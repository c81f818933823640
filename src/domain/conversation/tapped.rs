//! Taps on buttons that carry data: the rich menu's, a reply's, and the house's own.

use super::handing::Back;
use super::moment::{Cause, Moment};
use super::run::Run;
use super::state::{Conversation, Phase};
use crate::domain::handoff::Reason;
use crate::domain::ids::Fingerprint;
use crate::domain::playbook::{Phrase, TAP_FOR_ANSWER, TAP_TO_LEAVE, Tap};

/// How data of our own buttons begins.
const OURS: [&str; 3] = ["flow:", "menu:", "hotline:"];

impl Conversation {
    /// Does what a button promises.
    pub(super) fn tapped(&mut self, moment: &mut Moment<'_>, data: &str, event: Fingerprint) {
        let cause = Cause {
            event,
            message: None,
        };
        match data {
            TAP_FOR_ANSWER => return self.tapped_for_answer(moment, cause),
            TAP_TO_LEAVE if self.phase.is_with_people() => {
                self.come_back(moment, Back::Customer);
                if let Some(answer) = moment.playbook.phrase(Phrase::Back) {
                    self.say(moment, answer, cause);
                }
                return;
            }
            _ => {}
        }
        if self.phase != Phase::Automated {
            return;
        }
        self.deliver_kept(moment);
        let playbook = moment.playbook;
        match playbook.tap(data) {
            // The answer of the system that is being asked comes with this tap's token.
            Some(Tap::Flow(_)) if self.run.as_deref().is_some_and(Run::is_calling) => {}
            Some(Tap::Answer(answer)) => {
                self.say(moment, answer, cause);
                self.suspend_flow();
            }
            Some(Tap::Flow(flow)) => match playbook.flow(*flow) {
                Some(flow) => self.begin_flow(moment, flow, None, cause),
                None => self.say_phrase(moment, Phrase::FlowGone, cause),
            },
            Some(Tap::Handoff) => self.hand_off(moment, Reason::UserRequest, cause),
            None if data == TAP_TO_LEAVE => self.say_phrase(moment, Phrase::Back, cause),
            // A button of an older menu; what is somebody else's is not ours to answer.
            None if OURS.iter().any(|ours| data.starts_with(ours)) => {
                self.say_phrase(moment, Phrase::FlowGone, cause);
            }
            None => {}
        }
        self.note_later(moment);
    }

    fn say_phrase(&mut self, moment: &mut Moment<'_>, phrase: Phrase, cause: Cause) {
        if let Some(answer) = moment.playbook.phrase(phrase) {
            self.say(moment, answer, cause);
        }
    }
}
