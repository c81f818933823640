//! What the config teaches: examples, words and thresholds, without the places they stand at.

use crate::automation::understanding::guards::Sense;

/// One labelled text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// What a customer writes.
    pub words: String,
    /// What is meant: an intent, or as many as there are intents for *unknown*; `None`: not said.
    pub intent: Option<u16>,
    /// The keyword rule that helps.
    pub rule: Option<u32>,
    /// A person is wanted.
    pub human: bool,
}

/// Words that say the same to the classifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its words, folded.
    pub words: Vec<String>,
    /// Whether misspellings count.
    pub sound: bool,
    /// Folded texts that are no misspelling of a word of the group.
    pub not_sound: Vec<String>,
}

/// When the classifier is believed, as shares of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Below this an intent is unknown.
    pub intent: f32,
    /// The best intent leads the second by at least this, or it is unknown.
    pub margin: f32,
    /// From here on an example answers for a keyword rule.
    pub faq: f32,
    /// From here on a person is wanted.
    pub human: f32,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds {
            intent: 0.45,
            margin: 0.08,
            faq: 0.5,
            human: 0.5,
        }
    }
}

/// Everything the reader is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Corpus {
    /// How many intents there are.
    pub intents: usize,
    /// Ids of the keyword rules.
    pub rules: Vec<String>,
    /// The priority of each.
    pub priorities: Vec<i32>,
    /// Whether the terms of each count only where (nearly) nothing else is said.
    pub whole: Vec<bool>,
    /// The examples.
    pub texts: Vec<Text>,
    /// The lexicon.
    pub groups: Vec<Group>,
    /// Strong signs that a person is wanted, folded.
    pub human_terms: Vec<String>,
    /// Phrases of small talk, folded, and whose they are.
    pub talk_terms: Vec<(String, u16)>,
    /// Negations and their exceptions, folded.
    pub negation: Vec<(String, Sense)>,
    /// When the classifier is believed.
    pub thresholds: Thresholds,
}
