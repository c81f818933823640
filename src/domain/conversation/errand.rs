//! Calls of a flow to another system: begun by a commit, made again with the same key when the caller
//! died, and answered by an event that names the attempt.

use super::fact::Fact;
use super::moment::Moment;
use super::run::Status;
use super::state::Conversation;
use super::transition::Call;
use crate::domain::ids::{AttemptId, Incarnation};
use crate::domain::playbook::{Act, MAX_VALUE, cut};
use crate::domain::time::{Millis, Span};

/// How long all tries of one call may take.
pub const CALL_PATIENCE: Span = Span::secs(15);
/// How long the shell may be late with the outcome.
const GRACE: Span = Span::secs(2);
/// Fields kept of one answer.
const MAX_FIELDS: usize = 12;
/// How often a call is made whose caller died.
const MAX_TRIES: u8 = 3;
/// The outcome of a call that had none.
const FAILED: &str = "failed";

impl Conversation {
    /// Another system answered. False: nobody waits for this answer.
    pub(super) fn call_answered(
        &mut self,
        moment: &mut Moment<'_>,
        attempt: AttemptId,
        outcome: &str,
        fields: &[(Box<str>, Box<str>)],
    ) -> bool {
        let Some(run) = &mut self.run else {
            return false;
        };
        let cause = match &run.status {
            Status::Calling(errand) if errand.attempt == attempt => errand.cause,
            _ => return false,
        };
        // So many, so long: the value has its bound.
        let kept = fields.iter().take(MAX_FIELDS);
        let kept = kept.map(|(name, value)| (name.clone(), cut(value, MAX_VALUE).into()));
        run.fields = kept.collect();
        run.status = Status::Suspended;
        let playbook = moment.playbook;
        let Some(flow) = playbook.flow_named(&run.flow) else {
            self.flow_gone(moment, cause);
            return true;
        };
        let next = flow
            .step(&run.step)
            .and_then(|at| match &flow.steps[at].act {
                Act::Call {
                    connector,
                    on,
                    failed,
                } => {
                    moment.gathered.facts.push(Fact::Called {
                        connector: (&**connector).into(),
                        outcome: outcome.into(),
                    });
                    let mut on = on.iter();
                    let found = on.find(|(name, _)| **name == *outcome);
                    Some(found.map_or(*failed, |(_, to)| *to))
                }
                _ => None,
            });
        moment.gathered.changed = true;
        match next {
            Some(next) => self.go_on(moment, flow, next, cause),
            None => self.flow_gone(moment, cause),
        }
        self.note_later(moment);
        true
    }

    /// What time, or a lost caller, means for the flow.
    pub(super) fn settle_flow(&mut self, moment: &mut Moment<'_>) {
        let now = moment.now;
        let Some(run) = &mut self.run else { return };
        match &mut run.status {
            Status::Calling(errand) => {
                let lost = errand.is_lost(now);
                let over = errand.deadline + GRACE <= now.time;
                if over || (lost && errand.tries >= MAX_TRIES) {
                    let attempt = errand.attempt;
                    self.call_answered(moment, attempt, FAILED, &[]);
                } else if lost {
                    errand.attempt = now.attempt_of_call();
                    errand.incarnation = now.incarnation;
                    errand.tries += 1;
                    errand.deadline = now.time + CALL_PATIENCE;
                    moment.gathered.launched = true;
                    moment.gathered.changed = true;
                }
            }
            Status::Asking | Status::Suspended | Status::Complete | Status::Cancelled => {
                if run.until <= now.time {
                    self.leave_flow(moment, "timeout");
                    moment.gathered.changed = true;
                }
            }
        }
    }

    /// What this process has to ask another system now.
    pub(super) fn call_owed(&self, me: Incarnation) -> Option<Call> {
        let run = self.run.as_deref()?;
        let Status::Calling(errand) = &run.status else {
            return None;
        };
        let slots = run.slots.iter();
        (errand.incarnation == me).then(|| Call {
            attempt: errand.attempt,
            flow: run.flow.clone(),
            step: run.step.clone(),
            slots: slots.map(|s| (s.name.clone(), s.value.clone())).collect(),
            key: errand.key,
            deadline: errand.deadline,
        })
    }

    /// When the flow wants to be looked at.
    pub(super) fn flow_due(&self) -> Option<Millis> {
        self.run.as_deref().map(|run| match &run.status {
            Status::Calling(errand) => errand.deadline + GRACE,
            _ => run.until,
        })
    }
}
