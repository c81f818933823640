//! Negation: which words of a text are taken back by words around them.
//!
//! A negation reaches a few pieces forward within its clause (不是要退貨), a phrase of the `after` list
//! as far back (退貨不用了). What only looks like one (有沒有, 沒收到) is listed as such and covers it.
//! All words come from the config.

use crate::automation::fold::Folded;
use crate::automation::understanding::tokens::{self, Token};
use aho_corasick::{AhoCorasick, MatchKind};

/// How far a negation reaches forward, in pieces between it and the word.
const REACH: usize = 4;
/// How far a phrase that takes back what was said reaches, in pieces.
const REACH_BACK: usize = 3;

/// What a listed phrase does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Negates what follows.
    Before,
    /// Negates what stood before.
    After,
    /// Looks like a negation and is none.
    None,
}

/// A negation found in a text; numbers are of pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negation {
    first: usize,
    end: usize,
    clause: (u16, u16),
    sense: Sense,
}

/// The listed phrases.
#[derive(Debug, Default)]
pub struct Guards {
    automaton: Option<AhoCorasick>,
    senses: Vec<Sense>,
}

impl Guards {
    /// Builds the guards from folded phrases; of one phrase given twice the first sense holds.
    ///
    /// # Errors
    /// The automaton's own bound on its size, in words.
    pub fn build(phrases: &[(String, Sense)]) -> Result<Guards, String> {
        if phrases.is_empty() {
            return Ok(Guards::default());
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(phrases.iter().map(|(phrase, _)| phrase))
            .map_err(|error| error.to_string())?;
        Ok(Guards {
            automaton: Some(automaton),
            senses: phrases.iter().map(|(_, sense)| *sense).collect(),
        })
    }

    /// Finds the negations of a text. `covered` tells whether a stretch of bytes lies inside a longer
    /// word that means something of its own (不滿意).
    pub fn find(
        &self,
        folded: &Folded,
        pieces: &[Token],
        covered: impl Fn(usize, usize) -> bool,
        found: &mut Vec<Negation>,
    ) {
        found.clear();
        let Some(automaton) = &self.automaton else {
            return;
        };
        for hit in automaton.find_iter(folded.text()) {
            let sense = self.senses[hit.pattern().as_usize()];
            if sense == Sense::None
                || !folded.is_boundary(hit.start())
                || !folded.is_boundary(hit.end())
                || covered(hit.start(), hit.end())
            {
                continue;
            }
            let first = tokens::at(pieces, hit.start());
            let last = tokens::at(pieces, hit.end() - 1);
            found.push(Negation {
                first,
                end: last + 1,
                clause: (pieces[first].clause, pieces[last].clause),
                sense,
            });
        }
    }
}

/// Whether the pieces `first..end` are negated.
pub fn negated(found: &[Negation], pieces: &[Token], first: usize, end: usize) -> bool {
    let (Some(head), Some(tail)) = (pieces.get(first), pieces.get(end.wrapping_sub(1))) else {
        return false;
    };
    found.iter().any(|negation| match negation.sense {
        Sense::Before => {
            negation.end <= first
                && first - negation.end <= REACH
                && negation.clause.1 == head.clause
        }
        Sense::After => {
            end <= negation.first
                && negation.first - end <= REACH_BACK
                && (negation.clause.0 == tail.clause || negation.first == end)
        }
        Sense::None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::automation::fold::fold;

    fn is_negated(text: &str, word: &str) -> bool {
        let listed = [
            ("不", Sense::Before),
            ("不是", Sense::Before),
            ("沒", Sense::Before),
            ("有沒有", Sense::None),
            ("不用了", Sense::After),
        ];
        let listed = listed.map(|(phrase, sense)| (fold(phrase), sense));
        let guards = Guards::build(&listed).unwrap();
        let (mut folded, mut pieces, mut found) = Default::default();
        Folded::fill(&mut folded, text);
        tokens::cut(&folded, &mut pieces);
        guards.find(&folded, &pieces, |_, _| false, &mut found);
        let at = folded.text().find(&fold(word)).unwrap();
        let first = tokens::at(&pieces, at);
        let last = tokens::at(&pieces, at + fold(word).len() - 1);
        negated(&found, &pieces, first, last + 1)
    }

    #[test]
    fn a_negation_reaches_a_few_pieces_of_its_clause() {
        assert!(is_negated("不是要退貨", "退貨"));
        assert!(is_negated("退貨不用了", "退貨"));
        assert!(is_negated("退貨 不用了", "退貨"));
        assert!(!is_negated("不要換貨 我要退錢", "退錢"));
        assert!(!is_negated("有沒有運費", "運費"));
        assert!(!is_negated("不知道你們那邊現在的運費", "運費"));
    }
}
