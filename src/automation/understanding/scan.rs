//! One look at a text: pieces, words found, what is negated.
//!
//! A scan is reused from text to text and forgets each before the next; it holds no customer's words
//! once [`Scan::clear`] was called.

use crate::automation::fold::Folded;
use crate::automation::matcher::Matcher;
use crate::automation::understanding::guards::{self, Guards, Negation};
use crate::automation::understanding::lexicon::{Hit, How, Keys, Lexicon, Owner};
use crate::automation::understanding::tokens::{self, Token};

/// What was found in a text, and room for what is made of it.
#[derive(Debug, Default)]
pub struct Scan {
    /// The folded text.
    pub folded: Folded,
    /// Its pieces.
    pub pieces: Vec<Token>,
    /// Words found: of groups as written, terms of rules as written, misspelt ones.
    pub hits: Vec<Hit>,
    /// It bears a question mark.
    pub asks: bool,
    negations: Vec<Negation>,
    keys: Keys,
}

/// What a text is searched for.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// Words of groups and terms of rules.
    pub lexicon: Lexicon,
    /// Negations.
    pub guards: Guards,
    /// Phrases that cover a hit of a rule, by the number of the rule.
    pub unless: Matcher,
}

impl Scan {
    /// Reads a text.
    pub fn fill(&mut self, text: &str, vocabulary: &Vocabulary, matcher: &Matcher) {
        self.clear();
        self.folded.fill(text);
        self.asks = text.contains(['?', '？']);
        let (folded, pieces) = (&self.folded, &mut self.pieces);
        tokens::cut(folded, pieces);
        if pieces.is_empty() {
            return;
        }
        vocabulary.lexicon.exact(folded, pieces, &mut self.hits);
        let grouped = self.hits.len();
        for found in matcher.hits(folded) {
            self.hits.push(Hit {
                word: u32::MAX,
                owner: Owner::Term(u32::try_from(found.term).unwrap_or(u32::MAX)),
                how: How::Exact,
                first: tokens::at(pieces, found.span.start),
                end: tokens::at(pieces, found.span.end - 1) + 1,
                negated: false,
            });
        }
        vocabulary
            .lexicon
            .misspelt(folded, pieces, &mut self.keys, &mut self.hits);
        for phrase in vocabulary.unless.hits(folded) {
            let first = tokens::at(pieces, phrase.span.start);
            let end = tokens::at(pieces, phrase.span.end - 1) + 1;
            self.hits.retain(|hit| {
                !matches!(hit.owner, Owner::Term(term)
                    if matcher.terms()[term as usize].rule == phrase.rule
                        && first <= hit.first
                        && hit.end <= end)
            });
        }
        let words = &self.hits[..grouped];
        let covered = |start: usize, end: usize| {
            let (first, end) = (tokens::at(pieces, start), tokens::at(pieces, end - 1) + 1);
            words.iter().any(|word| {
                word.first <= first && end <= word.end && word.end - word.first > end - first
            })
        };
        vocabulary
            .guards
            .find(folded, pieces, covered, &mut self.negations);
        if !self.negations.is_empty() {
            for hit in &mut self.hits {
                hit.negated = guards::negated(&self.negations, pieces, hit.first, hit.end);
            }
        }
    }

    /// Whether the pieces `first..end` are negated.
    pub fn is_negated(&self, first: usize, end: usize) -> bool {
        guards::negated(&self.negations, &self.pieces, first, end)
    }

    /// Forgets the text, keeps the room.
    pub fn clear(&mut self) {
        self.folded.clear();
        self.pieces.clear();
        self.hits.clear();
        self.negations.clear();
    }
}
