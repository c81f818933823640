//! The matcher: every term of every rule in one automaton, one winner.
//!
//! All overlapping hits are seen, so a short term of high priority is not hidden inside a longer
//! one. The winner: highest priority, then longest, then earliest, then first in the files. It
//! does not judge meaning ("no shipping fee question"): a later engine behind the same port does.

use crate::automation::fold::Folded;
use aho_corasick::{AhoCorasick, MatchKind};
use std::cmp::Reverse;
use std::ops::Range;

/// One term of one rule, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The folded term, never empty.
    pub folded: String,
    /// The rule it belongs to, by its order in the files.
    pub rule: u32,
    /// The rule's priority; higher wins.
    pub priority: i32,
}

/// A term found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Index of the term.
    pub term: usize,
    /// Index of the rule.
    pub rule: u32,
    /// Where, in bytes of the folded text.
    pub span: Range<usize>,
}

/// The automaton over all terms.
#[derive(Debug, Default)]
pub struct Matcher {
    automaton: Option<AhoCorasick>,
    terms: Vec<Term>,
}

impl Matcher {
    /// Builds the automaton.
    ///
    /// # Errors
    /// The automaton's own bound on its size, in words.
    pub fn build(terms: Vec<Term>) -> Result<Matcher, String> {
        let automaton = if terms.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(terms.iter().map(|term| &term.folded))
                .map_err(|error| error.to_string())?;
            Some(built)
        };
        Ok(Matcher { automaton, terms })
    }

    /// The terms, by index.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Every term that stands in the text, by where it ends.
    pub fn hits<'m>(&'m self, text: &'m Folded) -> impl Iterator<Item = Hit> + 'm {
        self.automaton
            .iter()
            .flat_map(|automaton| automaton.find_overlapping_iter(text.text()))
            .filter(|found| text.is_boundary(found.start()) && text.is_boundary(found.end()))
            .map(|found| {
                let term = found.pattern().as_usize();
                Hit {
                    term,
                    rule: self.terms[term].rule,
                    span: found.span().range(),
                }
            })
    }

    /// The one hit that answers.
    pub fn winner(&self, text: &Folded) -> Option<Hit> {
        self.hits(text).max_by_key(|hit| {
            (
                self.terms[hit.term].priority,
                hit.span.len(),
                Reverse(hit.span.start),
                Reverse((hit.rule, hit.term)),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::automation::fold::fold;

    fn matcher(terms: &[(&str, i32)]) -> Matcher {
        let terms = terms.iter().zip(0..).map(|((term, priority), rule)| Term {
            folded: fold(term),
            rule,
            priority: *priority,
        });
        Matcher::build(terms.collect()).unwrap()
    }

    fn winner(matcher: &Matcher, text: &str) -> Option<u32> {
        let mut folded = Folded::default();
        folded.fill(text);
        matcher.winner(&folded).map(|hit| hit.rule)
    }

    #[test]
    fn priority_then_length_then_place_then_order() {
        let m = matcher(&[("優惠", 0), ("運費優惠", 0), ("運費", 5)]);
        assert_eq!(winner(&m, "運費優惠"), Some(2));
        let m = matcher(&[("優惠", 0), ("運費優惠", 0), ("地址", 0)]);
        assert_eq!(winner(&m, "有運費優惠嗎"), Some(1));
        assert_eq!(winner(&m, "地址和優惠"), Some(2));
        assert_eq!(winner(&m, "優惠和地址"), Some(0));
    }

    #[test]
    fn english_terms_are_whole_words() {
        let m = matcher(&[("hi", 0), ("price", 0)]);
        assert_eq!(winner(&m, "shipping"), None);
        assert_eq!(winner(&m, "PRICE?"), Some(1));
        assert_eq!(winner(&m, "這個price多少"), Some(1));
        assert_eq!(winner(&m, "priceless"), None);
    }

    #[test]
    fn no_terms_no_answer() {
        assert_eq!(winner(&matcher(&[]), "運費"), None);
        assert_eq!(winner(&matcher(&[("運費", 0)]), ""), None);
    }
}
