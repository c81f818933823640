//! What the assistant made of a question.

use serde::Serialize;
use std::sync::Arc;

/// How a question to the assistant ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// There is an answer; whether it is sure enough the core decides.
    Answered(Draft),
    /// There is none.
    Failed(Failing),
}

/// An answer of the assistant.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What it would say, sources named; at most 5,000 UTF-16 units.
    pub text: Box<str>,
    /// How sure, in percent.
    pub confidence: u8,
    /// Who said it.
    pub by: By,
    /// Ids of the articles it stands on.
    pub sources: Box<[Arc<str>]>,
    /// It says that a person should answer.
    pub needs_human: bool,
}

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// An article of the knowledge base, as it stands: counts as automatic.
    Knowledge,
    /// The assistant's own words.
    Model,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failing {
    /// It took too long.
    Timeout,
    /// The server failed, or could not be reached.
    Server,
    /// The server has no room for us (429).
    Throttled,
    /// What came back could not be read.
    Malformed,
    /// The breaker is open: it was not asked.
    BreakerOpen,
    /// Today's token budget of the channel is spent.
    Budget,
    /// Too many questions are under way.
    Full,
    /// The stage's worker died.
    Died,
}

impl Failing {
    /// Its name in facts and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Failing::Timeout => "timeout",
            Failing::Server => "server",
            Failing::Throttled => "throttled",
            Failing::Malformed => "malformed",
            Failing::BreakerOpen => "breaker_open",
            Failing::Budget => "budget",
            Failing::Full => "full",
            Failing::Died => "died",
        }
    }
}
