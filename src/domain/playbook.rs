//! What the core needs to know of the automation config: checked answers and policies.
//!
//! The playbook is one immutable value, swapped whole on reload. Big tables (matchers) stay
//! outside: they turn words into an [`Understanding`] before the decision, the core only looks up.

use crate::domain::time::Span;
use std::sync::Arc;

/// One message of an answer, checked against LINE's limits when it was built.
///
/// The JSON is kept without its `quickReply`: LINE shows quick replies of the last message only
/// (reference, "Quick reply"), so they are attached when the outbox freezes a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bubble {
    json: Arc<str>,
    quick_reply: Option<Arc<str>>,
}

impl Bubble {
    /// Takes a message that has passed `line_wire`'s checks: a JSON object without `quickReply`,
    /// and the quick reply object. Whoever builds one vouches for the check.
    pub fn checked(json: &str, quick_reply: Option<&str>) -> Bubble {
        debug_assert!(json.starts_with('{') && json.ends_with('}'));
        Bubble {
            json: Arc::from(json),
            quick_reply: quick_reply.map(Arc::from),
        }
    }

    /// The message object.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The quick reply object, if the message carries one.
    pub fn quick_reply(&self) -> Option<&str> {
        self.quick_reply.as_deref()
    }
}

/// A canned answer: what to send, and which rule said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Id of the rule, for facts and `hotline explain`.
    pub rule: Arc<str>,
    /// One to five bubbles (LINE's limit for one call).
    pub bubbles: Arc<[Bubble]>,
    /// A plain-text gist for the conversation's context, at most 200 characters.
    pub gist: Arc<str>,
}

/// What the intent stage made of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Understanding {
    /// Index of the keyword rule that answers, in the playbook with this digest.
    pub rule: Option<u32>,
    /// Digest of the playbook that understood; another playbook's rule numbers mean nothing.
    pub digest: u64,
}

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
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            context_messages: 10,
            late_answers: LateAnswers::Wait,
            max_wait: Span::mins(10),
            fetch_profile: false,
        }
    }
}

/// The automation config as the core sees it.
pub trait Playbook: Send + Sync + 'static {
    /// Fingerprint of everything that can change a decision.
    fn digest(&self) -> u64;
    /// The policies.
    fn policy(&self) -> &Policy;
    /// The answer of a keyword rule; `None` when there is no such rule.
    fn rule(&self, index: u32) -> Option<&Answer>;
    /// The answer to a postback, by its data; `None` when the data is not ours.
    fn postback(&self, data: &str) -> Option<&Answer>;
    /// The answer to a text nothing matched, or to a picture, sticker or file.
    fn fallback(&self) -> Option<&Answer>;
    /// The greeting to a new friend; `returning` when a block was lifted.
    fn greeting(&self, returning: bool) -> Option<&Answer>;
    /// The greeting to a group or room the account was invited to.
    fn group_greeting(&self) -> Option<&Answer>;
}
