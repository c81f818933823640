//! Cues: what words do in a dialogue, whatever they are about.
//!
//! A short word (好, 取消, 是) counts only where it is a clause of its own, particles aside: in 是這個嗎 it
//! is no yes. A phrase of three pieces or more counts wherever it stands, unless it is negated.

use crate::automation::understanding::scan::Scan;
use crate::automation::understanding::tokens;
use crate::domain::playbook::Cues;
use aho_corasick::{AhoCorasick, MatchKind};

/// What may stand before a short word without taking its meaning, one piece each.
const BEFORE: &str = "那 我 请 先 诶 啊 哦 嗯 就 都 帮 你 麻 烦 呃 哈 好 想 要 ok well please so";
/// What may stand after it.
const AFTER: &str = "了 吧 啦 哦 啊 呀 的 呢 耶 诶 哈 嘛 谢 就 好 你 喽 噜 鸟 唉 呗 please pls thanks thx it that thank you";

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
                is_clause(scan, first, end)
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

/// Whether the pieces are a clause by themselves, particles aside.
fn is_clause(scan: &Scan, first: usize, end: usize) -> bool {
    let pieces = &scan.pieces;
    let clause = pieces[first].clause;
    let idle = |at: usize, list: &str| {
        let piece = &scan.folded.text()[pieces[at].start as usize..pieces[at].end as usize];
        list.split(' ').any(|idle| idle == piece)
    };
    let before = (0..first)
        .rev()
        .take_while(|at| pieces[*at].clause == clause);
    let after = (end..pieces.len()).take_while(|at| pieces[*at].clause == clause);
    pieces[end - 1].clause == clause
        && before.into_iter().all(|at| idle(at, BEFORE))
        && after.into_iter().all(|at| idle(at, AFTER))
}
