//! Why a text is answered the way it is, for people.

use crate::automation::understanding::lexicon::How;
use crate::domain::playbook::Understanding;
use std::ops::Range;
use std::sync::Arc;

/// Why a text is answered the way it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The text as it was matched.
    pub folded: String,
    /// The term that answers; `None`: no rule answers, or the examples speak for it.
    pub winner: Option<Found>,
    /// Every other word that was found.
    pub hits: Vec<Found>,
    /// Intents and how likely each is, `unknown` last; empty when none was taught.
    pub scores: Vec<(Arc<str>, f32)>,
    /// What the core is told.
    pub understanding: Understanding,
}

/// A word found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The keyword rule it is a term of; `None`: a word of the lexicon.
    pub rule: Option<u32>,
    /// Id of the rule or the lexicon group.
    pub of: Arc<str>,
    /// The word, folded.
    pub term: String,
    /// The rule's priority.
    pub priority: Option<i32>,
    /// How it was found.
    pub how: How,
    /// Words around it take it back.
    pub negated: bool,
    /// Where, in bytes of the original text.
    pub span: Range<usize>,
}
