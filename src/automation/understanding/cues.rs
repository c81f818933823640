//! Cues: what words do in a dialogue, whatever they are about.
//!
//! A short word (好, 取消, 是) counts only where it is a clause of its own, particles aside: in 是這個嗎 it
//! is no yes. A phrase of three pieces or more counts wherever it stands, unless it is negated.

use crate::automation::understanding::particles;
use crate::automation::understanding::scan::Scan;
use crate::automation::understanding::tokens;
use crate::domain::playbook::Cues;
use aho_corasick::{AhoCorasick, MatchKind};

/// One listed word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CueWord {
    /// The word, folded.
    pub word: String,
    /// What it does.
    pub cue: Cues,
}

/// The listed words.
#[derive(Debug, Default)]
pub struct CueWords {
    automaton: Option<AhoCorasick>,
    words: Vec<CueWord>,
}

impl CueWords {
    /// Builds the list.
    ///
    /// # Errors
    /// The automaton's own bound on its size, in words.
    pub fn build(words: Vec<CueWord>) -> Result<CueWords, String> {
        if words.is_empty() {
            return Ok(CueWords::default());
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(words.iter().map(|word| &word.word))
            .map_err(|error| error.to_string())?;
        Ok(CueWords {
            automaton: Some(automaton),
            words,
        })
    }

    /// The words, for the fingerprint.
    pub fn words(&self) -> &[CueWord] {
        &self.words
    }

    /// What the words of a text do.
    pub fn read(&self, scan: &Scan) -> Cues {
        let mut cues = Cues::default();
        let Some(automaton) = &self.automaton else {
            return cues;
        };
        let (folded, pieces) = (&scan.folded, &scan.pieces);
        for found in automaton.find_overlapping_iter(folded.text()) {
            let cue = self.words[found.pattern().as_usize()].cue;
            if cues.has(cue)
                || !folded.is_boundary(found.start())
                || !folded.is_boundary(found.end())
            {
                continue;
            }
            let first = tokens::at(pieces, found.start());
            let end = tokens::at(pieces, found.end() - 1) + 1;
            let short = end - first < 3 && cue != Cues::WISH;
            let answer = cue == Cues::YES || cue == Cues::NO;
            let holds = if short || answer {
                particles::is_clause(scan, first, end)
            } else {
                !scan.is_negated(first, end)
            };
            if holds {
                cues = cues.and(cue);
            }
        }
        cues
    }
}
