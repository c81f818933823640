//! Cues: what words do in a dialogue, whatever they are about.
//!
//! Yes and no, and short words that end or restart (取消), count only as a clause of their own, particles
//! aside: in 是這個嗎 there is no yes. Short words that correct or ask for a moment begin a clause. A phrase
//! of three pieces or more, and every wish, counts wherever it stands unless it is negated. What asks,
//! asks wherever it stands; so does a question mark.

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
        let mut cues = match scan.asks {
            true => Cues::QUESTION,
            false => Cues::default(),
        };
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
            let short = end - first < 3;
            let holds = match cue {
                Cues::YES | Cues::NO => particles::is_clause(scan, first, end),
                Cues::STALL | Cues::CORRECTION if short => particles::begins_clause(scan, first),
                Cues::CANCEL | Cues::START_OVER if short => particles::is_clause(scan, first, end),
                // 沒有…嗎 asks, too.
                Cues::QUESTION => true,
                _ => !scan.is_negated(first, end),
            };
            if holds {
                cues = cues.and(cue);
            }
        }
        cues
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::automation::fold::fold;
    use crate::automation::matcher::Matcher;
    use crate::automation::understanding::scan::Vocabulary;

    fn cues(text: &str) -> Cues {
        let listed = [
            ("取消", Cues::CANCEL),
            ("不用了", Cues::CANCEL),
            ("更正", Cues::CORRECTION),
            ("等一下", Cues::STALL),
            ("是", Cues::YES),
            ("對", Cues::YES),
            ("yes", Cues::YES),
            ("不要", Cues::NO),
            ("我要", Cues::WISH),
            ("嗎", Cues::QUESTION),
        ];
        let listed = listed.map(|(word, cue)| CueWord {
            word: fold(word),
            cue,
        });
        let words = CueWords::build(listed.to_vec()).unwrap();
        let mut scan = Scan::default();
        scan.fill(text, &Vocabulary::default(), &Matcher::default());
        words.read(&scan)
    }

    #[test]
    fn a_short_answer_stands_alone() {
        for yes in ["是", "是的", "對啊！", "嗯 對 就是這個", "Yes please"] {
            assert_eq!(cues(yes), Cues::YES, "{yes}");
        }
        assert_eq!(cues("是這個嗎"), Cues::QUESTION);
        for other in ["這是什麼", "對面那家", "yesterday", ""] {
            assert_eq!(cues(other), Cues::default(), "{other}");
        }
        assert_eq!(cues("那不要了"), Cues::NO);
    }

    #[test]
    fn cancelling_a_dialogue_is_not_cancelling_an_order() {
        assert_eq!(cues("先取消好了"), Cues::CANCEL);
        assert_eq!(cues("我要取消"), Cues::CANCEL.and(Cues::WISH));
        assert_eq!(cues("我要取消訂單"), Cues::WISH);
        assert_eq!(cues("謝謝不用了我自己看"), Cues::CANCEL);
    }

    #[test]
    fn a_question_mark_asks() {
        for asks in ["寄到哪？", "really?", "沒有附發票嗎"] {
            assert_eq!(cues(asks), Cues::QUESTION, "{asks}");
        }
    }

    #[test]
    fn a_correction_begins_what_is_said() {
        assert_eq!(cues("更正是 A123456"), Cues::CORRECTION);
        assert_eq!(cues("你們可以更正嗎"), Cues::QUESTION);
        assert_eq!(cues("我等一下再找"), Cues::STALL);
    }
}
