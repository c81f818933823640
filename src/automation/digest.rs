//! The fingerprint of a playbook: equal for equal content, whatever machine or run built it.

use crate::domain::playbook::{Answer, Assistance, LateAnswers, Policy, Tap};
use sha2::{Digest as _, Sha256};

/// Raise when the same files are understood differently by a newer program.
const ENGINE: &str = "keywords/1";

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
