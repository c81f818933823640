//! The policies the core decides by.

use crate::domain::time::Span;

/// What becomes of an automatic answer that has no live reply token left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LateAnswers {
    /// It waits for the customer's next free token, up to `max_wait`.
    #[default]
    Wait,
    /// It is pushed (billed) while the hourly budget lasts, then waits.
    Push,
    /// It is dropped, visibly.
    Drop,
}

/// The policies the core decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Messages kept as context, 0–50.
    pub context_messages: usize,
    /// Late automatic answers.
    pub late_answers: LateAnswers,
    /// Greatest age of an answer that waits for a token.
    pub max_wait: Span,
    /// Whether a customer's profile is asked for when it is unknown or a week old.
    pub fetch_profile: bool,
    /// What the assistant may do.
    pub assistant: Assistance,
    /// After how long a conversation that waits for a person goes back to the automation.
    pub give_back: Span,
}

/// What the assistant may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assistance {
    /// Whether there is one; without it what nothing answers gets the fallback.
    pub enabled: bool,
    /// Below this confidence (percent) a person is asked.
    pub min_confidence: u8,
    /// How long a question waits for further bubbles of the same burst.
    pub debounce: Span,
    /// How long one answer may take.
    pub timeout: Span,
    /// Whether LINE shows the customer that somebody is typing.
    pub show_loading: bool,
}

impl Default for Assistance {
    fn default() -> Assistance {
        Assistance {
            enabled: false,
            min_confidence: 60,
            debounce: Span(500),
            timeout: Span::secs(20),
            show_loading: true,
        }
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            context_messages: 10,
            late_answers: LateAnswers::Wait,
            max_wait: Span::mins(10),
            fetch_profile: false,
            assistant: Assistance::default(),
            give_back: Span::hours(24),
        }
    }
}
