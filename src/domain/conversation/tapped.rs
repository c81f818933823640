//! Taps on buttons that carry data: the rich menu's, a reply's, and the house's own.

use super::handing::Back;
use super::moment::{Cause, Moment};
use super::state::{Conversation, Phase};
use crate::domain::handoff::Reason;
use crate::domain::ids::Fingerprint;
use crate::domain::playbook::{Phrase, TAP_FOR_ANSWER, TAP_TO_LEAVE, Tap};

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
            Some(Tap::Answer(answer)) => {
                self.say(moment, answer, cause);
                self.suspend_flow();
            }
            Some(Tap::Flow(flow)) => {
                if let Some(flow) = playbook.flow(*flow) {
                    self.begin_flow(moment, flow, None, cause);
                }
            }
            Some(Tap::Handoff) => self.hand_off(moment, Reason::UserRequest, cause),
            None => {}
        }
    }
}
