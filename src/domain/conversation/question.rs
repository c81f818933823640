//! The question to the assistant: gathered, asked, answered, and kept for who did not wait.
//!
//! Law: one question at a time, named by the attempt that asks it. A newer message makes it another
//! question, a person who takes over makes it none: the answer to what is not asked any more is
//! stale and dropped. Whatever becomes of it, the customer gets an answer, a button or a person.

use super::context::From;
use super::fact::{Fact, Outcome, Rejected};
use super::last::Handler;
use super::moment::{Cause, Moment};
use super::state::Conversation;
use super::tokens::TOKEN_USABLE;
use super::transition::Ask;
use crate::domain::handoff::Reason;
use crate::domain::ids::{AttemptId, Fingerprint, Incarnation};
use crate::domain::playbook::cut;
use crate::domain::time::{Millis, Span};
use crate::domain::verdict::{By, Failing, Verdict};

/// Bubbles one question may hold; the oldest go.
pub(super) const MAX_BUBBLES: usize = 10;
/// UTF-16 units kept of an answer that waits: for a tap, or as a draft.
pub(super) const MAX_DRAFT: usize = 2_000;
/// Bytes of one question.
pub(super) const MAX_QUESTION_BYTES: usize = 6_000;
/// How often a question is asked whose asker died.
const MAX_TRIES: u8 = 3;
/// However fast the bubbles follow one another, the assistant is asked after so many pauses.
const LONGEST_BURST: u64 = 3;
/// How long the stage may be late with its answer, by its contract, and as long again.
const GRACE: Span = Span::secs(2);
/// So long before its end a reply token is spent on the button that fetches the answer.
const PROMISE_BEFORE: Span = Span::secs(10);

/// What the assistant is, or will be, asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Question {
    /// The bubbles it consists of.
    pub(super) bubbles: Vec<Bubbles>,
    /// The webhook event of the last.
    pub(super) event: Fingerprint,
    /// When the first bubble came.
    pub(super) opened: Millis,
    pub(super) stage: Stage,
    /// Times it was asked.
    pub(super) tries: u8,
    /// The customer was told that it takes longer.
    pub(super) promised: bool,
    pub(super) unknown: Box<[u8]>,
}

/// One bubble of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bubbles {
    pub(super) message: Fingerprint,
    pub(super) text: Box<str>,
}

impl Default for Stage {
    fn default() -> Stage {
        Stage::Gathering { until: Millis(0) }
    }
}

/// How far a question is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Further bubbles may follow; it is asked then.
    Gathering { until: Millis },
    /// Somebody asks.
    Asked {
        attempt: AttemptId,
        incarnation: Incarnation,
        deadline: Millis,
    },
    /// Answered when no token was left: kept for the tap.
    Ready {
        text: Box<str>,
        by: By,
        confidence: u8,
        expires: Millis,
    },
}

impl Question {
    /// The customer's words.
    pub(super) fn text(&self) -> Box<str> {
        let texts: Vec<&str> = self.bubbles.iter().map(|bubble| &*bubble.text).collect();
        texts.join("\n").into()
    }

    pub(super) fn cause(&self) -> Cause {
        Cause {
            event: self.event,
            message: self.bubbles.last().map(|bubble| bubble.message),
        }
    }

    fn bound(&mut self) {
        let size = |bubbles: &[Bubbles]| bubbles.iter().map(|b| b.text.len()).sum::<usize>();
        while self.bubbles.len() > MAX_BUBBLES
            || (self.bubbles.len() > 1 && size(&self.bubbles) > MAX_QUESTION_BYTES)
        {
            self.bubbles.remove(0);
        }
    }

    /// When it wants to be looked at; `token`: when the token came that its answer would use.
    pub(super) fn due(&self, token: Option<Millis>) -> Millis {
        let own = match self.stage {
            Stage::Gathering { until } => until,
            Stage::Asked { deadline, .. } => deadline + GRACE,
            Stage::Ready { expires, .. } => return expires,
        };
        match token {
            Some(token) if !self.promised => own.min(promise_at(token)),
            _ => own,
        }
    }
}

pub(super) fn promise_at(token: Millis) -> Millis {
    token + TOKEN_USABLE - PROMISE_BEFORE
}

impl Conversation {
    /// Asks the assistant, once no further bubble follows. An open question takes the words in and is
    /// another question from now on.
    pub(super) fn ask(
        &mut self,
        moment: &mut Moment<'_>,
        text: &str,
        event: Fingerprint,
        message: Fingerprint,
    ) {
        let now = moment.now.time;
        let pause = moment.playbook.policy().assistant.debounce;
        let mut question = match self.question.take() {
            Some(open) if !matches!(open.stage, Stage::Ready { .. }) => open,
            _ => Box::new(Question {
                bubbles: Vec::new(),
                event,
                opened: now,
                stage: Stage::Gathering { until: now },
                tries: 0,
                promised: false,
                unknown: Box::default(),
            }),
        };
        let longest = question.opened + Span(pause.0 * LONGEST_BURST);
        let was_asked = matches!(question.stage, Stage::Asked { .. });
        let until = match was_asked {
            true => now + pause,
            false => (now + pause).min(longest.max(now)),
        };
        question.bubbles.push(Bubbles {
            message,
            text: text[..text.floor_char_boundary(MAX_QUESTION_BYTES)].into(),
        });
        question.bound();
        question.event = event;
        question.stage = Stage::Gathering { until };
        question.tries = 0;
        self.question = Some(question);
        moment.gathered.changed = true;
    }

    /// What time, a lost asker or a dying token means for the open question.
    pub(super) fn settle_question(&mut self, moment: &mut Moment<'_>) {
        self.promise(moment);
        let Some(question) = &mut self.question else {
            return;
        };
        let now = moment.now;
        match &question.stage {
            Stage::Gathering { until } if *until <= now.time => begin(question, moment),
            Stage::Asked { deadline, .. } if *deadline + GRACE <= now.time => {
                self.verdict(moment, Verdict::Failed(Failing::Timeout));
            }
            Stage::Asked {
                attempt,
                incarnation,
                ..
            } if now.is_lost(*attempt, *incarnation) => match question.tries < MAX_TRIES {
                true => begin(question, moment),
                false => self.verdict(moment, Verdict::Failed(Failing::Died)),
            },
            Stage::Ready { expires, by, .. } if *expires <= now.time => {
                let by = *by;
                self.question = None;
                moment.learn(Fact::Assisted {
                    outcome: Outcome::Expired,
                    by: Some(by),
                    confidence: 0,
                    failing: None,
                });
            }
            Stage::Gathering { .. } | Stage::Asked { .. } | Stage::Ready { .. } => {}
        }
    }

    /// The assistant answered, or will not.
    pub(super) fn answered_by_assistant(
        &mut self,
        moment: &mut Moment<'_>,
        attempt: AttemptId,
        verdict: &Verdict,
    ) {
        let asked = self.question.as_ref().map(|question| &question.stage);
        match asked {
            Some(Stage::Asked { attempt: open, .. }) if *open == attempt => {
                self.verdict(moment, verdict.clone());
            }
            _ => moment.gathered.rejected.push(Rejected::Stale),
        }
    }

    fn verdict(&mut self, moment: &mut Moment<'_>, verdict: Verdict) {
        let Some(question) = self.question.take() else {
            return;
        };
        let least = moment.playbook.policy().assistant.min_confidence;
        match verdict {
            Verdict::Answered(draft) if draft.confidence >= least && !draft.needs_human => {
                self.give(moment, *question, draft);
            }
            Verdict::Answered(draft) => {
                moment.learn(Fact::Assisted {
                    outcome: Outcome::Unsure,
                    by: Some(draft.by),
                    confidence: draft.confidence,
                    failing: None,
                });
                let reason = match draft.needs_human {
                    true => Reason::ComplexQuery,
                    false => Reason::AiFailed,
                };
                self.hand_over(moment, &question, reason, Some(draft.text));
            }
            Verdict::Failed(failing) => {
                moment.learn(Fact::Assisted {
                    outcome: Outcome::Failed,
                    by: None,
                    confidence: 0,
                    failing: Some(failing),
                });
                self.hand_over(moment, &question, Reason::AiFailed, None);
            }
        }
    }

    fn hand_over(
        &mut self,
        moment: &mut Moment<'_>,
        question: &Question,
        reason: Reason,
        draft: Option<Box<str>>,
    ) {
        self.hand_off(moment, reason, question.cause());
        if let Some(handoff) = &mut self.handoff {
            handoff.draft = draft.filter(|text| !text.is_empty()).map(short);
            self.last.handler = Handler::of_people(self.phase);
        }
    }

    /// What this process has to ask now.
    pub(super) fn question_owed(&self, me: Incarnation) -> Option<Ask> {
        let question = self.question.as_deref()?;
        let Stage::Asked {
            attempt,
            incarnation,
            deadline,
        } = question.stage
        else {
            return None;
        };
        let asked = |message| question.bubbles.iter().any(|b| b.message == message);
        let before = self.words().filter(|words| match words.from {
            From::Customer => !asked(words.message),
            From::Bot => true,
        });
        (incarnation == me).then(|| Ask {
            attempt,
            text: question.text(),
            history: before
                .map(|words| (words.from, words.text.into()))
                .collect(),
            deadline,
        })
    }

    /// A message was taken back: its words go, and what was asked with them is asked without.
    pub(super) fn unask(&mut self, moment: &mut Moment<'_>, message: Fingerprint) {
        let Some(question) = &mut self.question else {
            return;
        };
        let before = question.bubbles.len();
        question.bubbles.retain(|bubble| bubble.message != message);
        if question.bubbles.len() == before {
            return;
        }
        if question.bubbles.is_empty() {
            self.question = None;
        } else {
            question.stage = Stage::Gathering {
                until: moment.now.time,
            };
        }
    }
}

/// A draft is for a person's eye: its beginning is enough, and the value stays small.
pub(super) fn short(text: Box<str>) -> Box<str> {
    cut(&text, MAX_DRAFT).into()
}

fn begin(question: &mut Question, moment: &mut Moment<'_>) {
    let now = moment.now;
    question.tries = question.tries.saturating_add(1);
    question.stage = Stage::Asked {
        attempt: now.attempt_of_question(),
        incarnation: now.incarnation,
        deadline: now.time + moment.playbook.policy().assistant.timeout,
    };
    moment.gathered.launched = true;
    moment.gathered.changed = true;
}
