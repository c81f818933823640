//! What becomes of an answer that takes long: the button that fetches it, and the answer kept for the tap.
//!
//! A reply token lives about a minute and a push is billed, so an answer that will not make it spends
//! the token on a button: the tap brings a fresh token, and the answer goes free.

use super::fact::{Fact, Outcome};
use super::last::Handler;
use super::moment::{Cause, Moment};
use super::question::{Question, Stage, promise_at, short};
use super::state::{Conversation, Phase};
use crate::domain::playbook::{Answer, Bubble, Phrase};
use crate::domain::verdict::{By, Draft};
use std::sync::Arc;

impl Conversation {
    /// The token that would carry the answer dies before it comes: it carries the button instead.
    pub(super) fn promise(&mut self, moment: &mut Moment<'_>) {
        let waits = self.outbox.queue.is_empty() && self.outbox.lane_is_free();
        let (Some(question), Some(token), true) =
            (&self.question, self.tokens.last_received(), waits)
        else {
            return;
        };
        let open = !question.promised && !matches!(question.stage, Stage::Ready { .. });
        if !open || moment.now.time < promise_at(token) {
            return;
        }
        let cause = question.cause();
        if let Some(question) = &mut self.question {
            question.promised = true;
        }
        if let Some(answer) = moment.playbook.phrase(Phrase::Thinking) {
            self.say(moment, answer, cause);
        }
    }

    /// Says the answer, or keeps it for the tap when the token went to the button.
    pub(super) fn give(&mut self, moment: &mut Moment<'_>, mut question: Question, draft: Draft) {
        self.tokens.prune(moment.now.time);
        moment.learn(Fact::Assisted {
            outcome: Outcome::Answered,
            by: Some(draft.by),
            confidence: draft.confidence,
            failing: None,
        });
        if question.promised && self.tokens.is_empty() {
            question.stage = Stage::Ready {
                text: short(draft.text),
                by: draft.by,
                confidence: draft.confidence,
                expires: moment.now.time + moment.playbook.policy().max_wait,
            };
            self.question = Some(Box::new(question));
            return;
        }
        self.deliver(moment, &question, &draft.text, draft.by);
    }

    fn deliver(&mut self, moment: &mut Moment<'_>, question: &Question, text: &str, by: By) {
        let answer = Answer {
            rule: Arc::from(match by {
                By::Knowledge => "knowledge",
                By::Model => "assistant",
            }),
            bubbles: Arc::new([Bubble::text(text)]),
            gist: Arc::from(text),
        };
        self.say(moment, &answer, question.cause());
        self.last.handler = match by {
            By::Knowledge => Handler::Auto,
            By::Model => Handler::Ai,
        };
        self.burst = question.bubbles.iter().map(|b| b.message).collect();
    }

    /// Says an answer that was kept: a fresh token has come. False: there is none.
    pub(super) fn deliver_kept(&mut self, moment: &mut Moment<'_>) -> bool {
        let kept = self
            .question
            .take_if(|question| matches!(question.stage, Stage::Ready { .. }));
        let Some(question) = kept else { return false };
        if let Stage::Ready { text, by, .. } = &question.stage {
            self.deliver(moment, &question, text, *by);
        }
        true
    }

    /// The customer came for the answer.
    pub(super) fn tapped_for_answer(&mut self, moment: &mut Moment<'_>, cause: Cause) {
        if self.deliver_kept(moment) {
            return;
        }
        match &mut self.question {
            // The tap's own token carries it when it comes, or another button.
            Some(question) => question.promised = false,
            // Tapped twice: it has been read.
            None if !self.burst.is_empty() => {}
            None => {
                if let (Some(answer), Phase::Automated) = (moment.playbook.fallback(), self.phase) {
                    self.say(moment, answer, cause);
                }
            }
        }
    }
}
