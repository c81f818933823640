//! The assistant port: a question to a verdict, under supervision.

use crate::domain::conversation::From;
use crate::domain::ids::{AttemptId, ConversationKey};
use crate::domain::time::Span;
use crate::domain::verdict::Verdict;
use futures_util::future::BoxFuture;
use serde::Serialize;

/// One message of the talk so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// By whom.
    pub from: From,
    /// What.
    pub text: Box<str>,
}

/// One committed question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Names the asking; whoever waits drops the answer to another.
    pub attempt: AttemptId,
    /// Whose; names the channel whose budget pays. Never sent to the assistant.
    pub conversation: ConversationKey,
    /// The customer's words, bubbles of one burst joined by line ends.
    pub text: Box<str>,
    /// What was said before, oldest first, the question not among it.
    pub history: Vec<Said>,
    /// How long the answer may take from now.
    pub patience: Span,
}

/// The assistant stage.
///
/// # Contract
/// Always answers, at most one second after the question's patience: a worker that panics, hangs or is overrun
/// answers [`Verdict::Failed`]. It never sends anything to the customer.
pub trait AssistantStage: Send + Sync + 'static {
    /// Asks.
    fn ask(&self, question: Question) -> BoxFuture<'static, Verdict>;

    /// How it is, for health pages; `None`: it does not say.
    fn health(&self) -> Option<Health> {
        None
    }
}

/// How the stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// `knowledge` or `openai`.
    pub provider: &'static str,
    /// State of the server's breaker: `closed`, `open`, `half_open`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<&'static str>,
    /// The form of answer the server takes: `json_schema`, `json_object`, `plain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'static str>,
    /// Questions that may be worked on at once.
    pub places: usize,
    /// Questions being worked on.
    pub in_flight: usize,
    /// Questions that wait for a place.
    pub waiting: usize,
    /// Workers alive, over all threads.
    pub workers: u64,
    /// Workers replaced since the start.
    pub restarts: u64,
}
