//! The fingerprint of a playbook: equal for equal content, whatever machine or run built it.

use crate::automation::lessons::Taught;
use crate::automation::matcher::Matcher;
use crate::automation::schedule::Schedule;
use crate::automation::understanding::corpus::{Corpus, Thresholds};
use crate::domain::playbook::{Answer, Assistance, Intent, LateAnswers, Policy, Tap};
use sha2::{Digest as _, Sha256};

/// Raise when the same files are understood differently by a newer program.
const ENGINE: &str = "understanding/1";

/// Collects everything that can change a decision; every part is length-prefixed.
pub struct Digest(Sha256);

impl Default for Digest {
    fn default() -> Digest {
        let mut digest = Digest(Sha256::new());
        digest.text(ENGINE);
        digest
    }
}

impl Digest {
    /// Adds a text.
    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    /// The fingerprint of what terms, examples and word lists teach: all that a reader is made of, and
    /// the cues.
    pub(crate) fn of_lessons(taught: &Taught, matcher: &Matcher) -> u64 {
        let Taught {
            corpus,
            intents: _,
            flows: _,
            talks: _,
            cues,
            unless,
        } = taught;
        let Corpus {
            intents,
            rules,
            priorities,
            whole,
            texts,
            groups,
            human_terms,
            talk_terms,
            negation,
            thresholds,
        } = corpus;
        let mut digest = Digest::default();
        digest.number(*intents as u64);
        digest.all(rules, |digest, id| digest.text(id));
        digest.all(priorities, |digest, priority| {
            digest.number(u64::from(priority.cast_unsigned()));
        });
        digest.all(whole, |digest, whole| digest.number(u64::from(*whole)));
        digest.all(texts, |digest, text| {
            digest.text(&text.words);
            digest.number(text.intent.map_or(0, |intent| u64::from(intent) + 1));
            digest.number(text.rule.map_or(0, |rule| u64::from(rule) + 1));
            digest.number(u64::from(text.human));
        });
        digest.all(groups, |digest, group| {
            digest.text(&group.id);
            digest.all(&group.words, |digest, word| digest.text(word));
            digest.all(&group.not_sound, |digest, word| digest.text(word));
            digest.number(u64::from(group.sound));
        });
        digest.all(human_terms, |digest, term| digest.text(term));
        digest.all(talk_terms, |digest, (term, talk)| {
            digest.text(term);
            digest.number(u64::from(*talk));
        });
        digest.all(negation, |digest, (word, sense)| {
            digest.text(word);
            digest.number(*sense as u64);
        });
        let Thresholds {
            intent,
            margin,
            faq,
            human,
        } = thresholds;
        for share in [intent, margin, faq, human] {
            digest.number(u64::from(share.to_bits()));
        }
        digest.all(matcher.terms(), |digest, term| {
            digest.text(&term.folded);
            digest.number(u64::from(term.rule));
            digest.number(u64::from(term.priority.cast_unsigned()));
        });
        digest.all(cues, |digest, cue| {
            digest.text(&cue.word);
            digest.number(u64::from(cue.cue.0));
        });
        digest.all(unless, |digest, phrase| {
            digest.text(&phrase.folded);
            digest.number(u64::from(phrase.rule));
        });
        digest.finish()
    }

    fn all<T>(&mut self, items: &[T], mut add: impl FnMut(&mut Digest, &T)) {
        self.number(items.len() as u64);
        for item in items {
            add(self, item);
        }
    }

    /// Adds when a rule answers.
    pub fn schedule(&mut self, schedule: &Schedule) {
        let Schedule { open, from, until } = schedule;
        self.number(open.map_or(0, |open| 1 + u64::from(open)));
        for day in [from, until] {
            self.number(day.map_or(u64::MAX, i64::cast_unsigned));
        }
    }

    /// Adds what is done about an intent.
    pub fn intent(&mut self, intent: &Intent) {
        let Intent {
            id,
            reply,
            flow,
            flow_on_wish,
            handoff,
        } = intent;
        self.text(id);
        self.answer(reply.as_ref());
        self.number(flow.map_or(0, |flow| u64::from(flow) + 1));
        self.number(u64::from(*flow_on_wish));
        self.text(handoff.map_or("", |reason| reason.as_str()));
    }

    /// Adds the policies.
    pub fn policy(&mut self, policy: &Policy) {
        let Policy {
            context_messages,
            late_answers,
            max_wait,
            fetch_profile,
            assistant,
            give_back,
        } = policy;
        self.number(*context_messages as u64);
        self.number(match late_answers {
            LateAnswers::Wait => 0,
            LateAnswers::Push => 1,
            LateAnswers::Drop => 2,
        });
        self.number(max_wait.0);
        self.number(u64::from(*fetch_profile));
        let Assistance {
            enabled,
            min_confidence,
            debounce,
            timeout,
            show_loading,
        } = assistant;
        self.number(u64::from(*enabled) | u64::from(*show_loading) << 1);
        self.number(u64::from(*min_confidence));
        self.number(debounce.0);
        self.number(timeout.0);
        self.number(give_back.0);
    }

    /// Adds what a tap does.
    pub fn tap(&mut self, tap: &Tap) {
        match tap {
            Tap::Answer(answer) => self.answer(Some(answer)),
            Tap::Flow(flow) => {
                self.text("flow");
                self.number(u64::from(*flow));
            }
            Tap::Handoff => self.text("handoff"),
        }
    }

    /// Adds an answer, or its absence.
    pub fn answer(&mut self, answer: Option<&Answer>) {
        let Some(answer) = answer else {
            self.number(0);
            return;
        };
        self.number(1 + answer.bubbles.len() as u64);
        self.text(&answer.rule);
        self.text(&answer.gist);
        for bubble in answer.bubbles.iter() {
            self.text(bubble.json());
            for hole in bubble.holes() {
                self.number(hole.at as u64);
                self.text(&hole.name);
                self.number(hole.max as u64);
            }
            self.text(bubble.quick_reply().unwrap_or_default());
        }
    }

    /// The fingerprint.
    pub fn finish(self) -> u64 {
        let hash = self.0.finalize();
        let mut head = [0; 8];
        head.copy_from_slice(&hash[..8]);
        u64::from_le_bytes(head)
    }
}
