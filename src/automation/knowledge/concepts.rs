//! Concepts: words of one meaning for the search, `[[search_words]]` in `automation/*.toml`.
//!
//! A text that holds any word of a group holds its concept, and a question finds an article by a
//! concept they share, however each puts it. `…` in a word stands for up to six characters. Unlike
//! the synonyms of keyword rules a word may be in many groups: nothing is decided here, only weighed.

use crate::automation::digest::Digest;
use crate::automation::fold::{Folded, fold};
use crate::automation::rules::is_id;
use crate::config::fault::Place;
use crate::config::section::Section;
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::HashMap;
use std::sync::Arc;

/// Most characters that `…` stands for.
const GAP: usize = 6;

/// Most groups of one config.
const MAX_GROUPS: usize = 1_000;

/// Most words of one group.
const MAX_WORDS: usize = 500;

/// The groups, ready to be found in texts.
#[derive(Debug, Default)]
pub struct Concepts {
    ids: Vec<Arc<str>>,
    words: Vec<Word>,
    /// First parts of words.
    automaton: Option<AhoCorasick>,
    /// The words that begin with each first part.
    begin: Vec<Vec<usize>>,
}

#[derive(Debug)]
struct Word {
    group: u32,
    /// Folded; what follows the first follows within the gap.
    parts: Box<[String]>,
}

/// Collects groups from the files before they are built.
#[derive(Debug, Default)]
pub struct Collector {
    ids: Vec<(Arc<str>, Arc<str>, Place)>,
    words: Vec<Word>,
}

impl Collector {
    /// Reads the `[[search_words]]` of one file.
    pub fn read(&mut self, root: &Section<'_>) {
        for section in root.sections("search_words") {
            let name = "1 to 64 of a-z 0-9 _ -";
            section.require("id", name);
            section.require("words", "a list of 1 to 500 words");
            let id = section.parsed("id", name, |text| is_id(text).then(|| Arc::from(text)));
            let id: Arc<str> = id.unwrap_or_default();
            if let Some((_, file, at)) = self.ids.iter().find(|(taken, ..)| *taken == id) {
                let found = format!("\"{id}\", taken by {file}:{}", at.line);
                section.fault("id", &found, "an id of its own");
            }
            if self.ids.len() == MAX_GROUPS {
                let allowed = format!("{MAX_GROUPS} groups");
                section.fault("id", "one group too many", &allowed);
            }
            let group = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
            for (word, at) in section.texts("words", 1..=MAX_WORDS, 1..=40) {
                let parts: Box<[String]> = word.split('…').map(fold).collect();
                if parts.iter().any(String::is_empty) {
                    let allowed = "letters or digits, on both sides of each \"…\"";
                    let (key, found) = (section.path("words"), format!("{word:?}"));
                    section
                        .findings()
                        .fault(section.file(), at, &key, &found, allowed);
                    continue;
                }
                self.words.push(Word { group, parts });
            }
            self.ids.push((id, section.file().clone(), section.at()));
            section.finish();
        }
    }

    /// Builds the groups.
    ///
    /// # Errors
    /// The automaton's own bound on its size, in words.
    pub fn build(self) -> Result<Concepts, String> {
        let mut begin: Vec<Vec<usize>> = Vec::new();
        let mut heads: Vec<&str> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (at, word) in self.words.iter().enumerate() {
            let head = word.parts[0].as_str();
            let pattern = *known.entry(head).or_insert_with(|| {
                heads.push(head);
                begin.push(Vec::new());
                heads.len() - 1
            });
            begin[pattern].push(at);
        }
        let automaton = if heads.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(&heads)
                .map_err(|error| error.to_string())?;
            Some(built)
        };
        Ok(Concepts {
            ids: self.ids.into_iter().map(|(id, ..)| id).collect(),
            words: self.words,
            automaton,
            begin,
        })
    }
}

impl Concepts {
    /// The groups that stand in a text, ascending, each once.
    pub fn find(&self, text: &Folded) -> Vec<u32> {
        let mut found = Vec::new();
        let hits = self.automaton.iter();
        for hit in hits.flat_map(|all| all.find_overlapping_iter(text.text())) {
            if !text.is_boundary(hit.start()) || !text.is_boundary(hit.end()) {
                continue;
            }
            for word in self.begin[hit.pattern().as_usize()].iter() {
                let word = &self.words[*word];
                if follows(text, hit.end(), &word.parts[1..]) {
                    found.push(word.group);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The ids of the groups that stand in a text.
    pub fn names(&self, text: &Folded) -> Vec<&str> {
        let found = self.find(text).into_iter();
        found.map(|group| &*self.ids[group as usize]).collect()
    }

    pub(in crate::automation) fn digest(&self, digest: &mut Digest) {
        digest.number(self.words.len() as u64);
        for word in &self.words {
            digest.number(u64::from(word.group));
            digest.number(word.parts.len() as u64);
            word.parts.iter().for_each(|part| digest.text(part));
        }
    }
}

/// Whether these parts follow, each within the gap behind the one before.
fn follows(text: &Folded, from: usize, parts: &[String]) -> bool {
    let mut at = from;
    for part in parts {
        let rest = &text.text()[at..];
        let places = rest.char_indices().take(GAP + 1);
        let hit = places.map(|(place, _)| at + place).find(|start| {
            let end = start + part.len();
            text.text()[*start..].starts_with(part.as_str())
                && text.is_boundary(*start)
                && text.is_boundary(end)
        });
        match hit {
            Some(start) => at = start + part.len(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::automation::knowledge::terms::folded;
    use crate::config::document::Document;
    use crate::config::fault::Findings;

    fn concepts(toml: &str) -> (Concepts, Vec<String>) {
        let findings = Findings::default();
        let document = Document::parse("search.toml", toml, &|_| None, &findings);
        let mut collector = Collector::default();
        collector.read(&Section::root(&document, &findings));
        let (Ok(all) | Err(all)) = findings.verdict();
        let faults = all.iter().map(ToString::to_string).collect();
        (collector.build().unwrap(), faults)
    }

    #[test]
    fn a_gap_is_short_and_in_order() {
        let (concepts, faults) = concepts(
            "[[search_words]]\nid = \"recolour\"\nwords = [\"換…色\", \"swap…colour\"]\n\
             [[search_words]]\nid = \"seven\"\nwords = [\"7-11\", \"小七\"]\n",
        );
        assert_eq!(faults, Vec::<String>::new());
        let names = |text: &str| concepts.names(&folded(text)).join(" ");
        assert_eq!(names("黑色換成白色"), "recolour");
        assert_eq!(names("換色"), "recolour");
        assert_eq!(names("白色不能換"), "");
        assert_eq!(names("換一二三四五六色"), "recolour");
        assert_eq!(names("換一二三四五六七色"), "");
        assert_eq!(names("swap the colour"), "recolour");
        assert_eq!(names("swapped colour"), "");
        assert_eq!(names("到7-11拿"), "seven");
        assert_eq!(names("1711元"), "");
    }

    #[test]
    fn faults_name_line_and_key() {
        let (_, faults) = concepts(
            "[[search_words]]\nid = \"a\"\nwords = [\"…色\"]\n[[search_words]]\nid = \"a\"\nwords = [\"色\"]\n",
        );
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("search.toml:3: search_words[0].words: found \"…色\""));
        assert!(faults[1].starts_with("search.toml:5: search_words[1].id: found \"a\", taken by"));
    }
}
