//! The assistant port: a question to a verdict, under supervision.

use crate::domain::conversation::From;
use crate::domain::ids::{AttemptId, ConversationKey};
use crate::domain::time::Span;
use crate::domain::verdict::Verdict;
use futures_util::future::BoxFuture;

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
}
