//! Synonyms: groups of equivalent words, from `automation/synonyms.toml`. Data, not rules.
//!
//! A term that is or holds a word of a group also stands for the same term with each other word of
//! the group. Words are whole words where an alphabet is used; a word may be in one group only.

use crate::automation::fold::{Folded, fold};
use crate::config::section::Section;
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::HashMap;

/// Most variants of one term; a term with many synonyms in it multiplies.
pub const MAX_VARIANTS: usize = 256;

/// The groups, folded.
#[derive(Debug, Default)]
pub struct Synonyms {
    groups: Vec<Vec<String>>,
    words: Vec<(String, usize)>,
    automaton: Option<AhoCorasick>,
}

/// Collects groups from the files before they are built.
#[derive(Debug, Default)]
pub struct Collector {
    groups: Vec<Vec<String>>,
    home: HashMap<String, (usize, String)>,
}

impl Collector {
    /// Reads the `[[synonyms]]` of one file.
    pub fn read(&mut self, root: &Section<'_>) {
        for section in root.sections("synonyms") {
            section.require("words", "a list of 2 to 64 equivalent words");
            let words = section.texts("words", 2..=64, 1..=40);
            let group = self.groups.len();
            let mut folded_words = Vec::with_capacity(words.len());
            for (word, at) in words {
                let folded = fold(word);
                let note = |found: String, allowed: &str| {
                    let key = section.path("words");
                    let findings = section.findings();
                    findings.fault(section.file(), at, &key, &found, allowed);
                };
                if folded.is_empty() {
                    note(format!("{word:?}"), "a word with letters or digits");
                    continue;
                }
                match self.home.get(&folded) {
                    Some((home, _)) if *home == group => continue,
                    Some((_, first)) => {
                        note(format!("{word:?}, already at {first}"), "one group a word");
                    }
                    None => {
                        let place = format!("{}:{}", section.file(), at.line);
                        self.home.insert(folded.clone(), (group, place));
                        folded_words.push(folded);
                    }
                }
            }
            self.groups.push(folded_words);
            section.finish();
        }
    }

    /// Builds the groups.
    ///
    /// # Errors
    /// The automaton's own bound on its size, in words.
    pub fn build(self) -> Result<Synonyms, String> {
        let words: Vec<(String, usize)> = self
            .groups
            .iter()
            .enumerate()
            .flat_map(|(group, words)| words.iter().map(move |word| (word.clone(), group)))
            .collect();
        let automaton = if words.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(words.iter().map(|(word, _)| word))
                .map_err(|error| error.to_string())?;
            Some(built)
        };
        Ok(Synonyms {
            groups: self.groups,
            words,
            automaton,
        })
    }
}

impl Synonyms {
    /// The folded term and its variants, at most [`MAX_VARIANTS`]; the second value tells whether
    /// some were left out.
    pub fn expand(&self, term: &str) -> (Vec<String>, bool) {
        let mut folded = Folded::default();
        folded.fill(term);
        let text = folded.text();
        let mut variants = vec![String::new()];
        let mut cut = false;
        let mut done = 0;
        let found = self.automaton.iter().flat_map(|all| all.find_iter(text));
        for hit in found {
            if !folded.is_boundary(hit.start()) || !folded.is_boundary(hit.end()) {
                continue;
            }
            let words = &self.groups[self.words[hit.pattern().as_usize()].1];
            let between = &text[done..hit.start()];
            let found = &text[hit.start()..hit.end()];
            // The word itself comes first, so the term as written is always variant 0.
            let others = words.iter().filter(|word| *word != found);
            let spelt = std::iter::once(found).chain(others.map(String::as_str));
            let mut next = Vec::new();
            for word in spelt {
                for head in &variants {
                    if next.len() == MAX_VARIANTS {
                        cut = true;
                        break;
                    }
                    next.push(format!("{head}{between}{word}"));
                }
            }
            variants = next;
            done = hit.end();
        }
        for variant in &mut variants {
            variant.push_str(&text[done..]);
        }
        (variants, cut)
    }
}
