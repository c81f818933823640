//! Word lists as written: lexicon groups, negations, cues, signs for a person.

use super::{Named, empty, named, taken};
use crate::automation::fold::fold;
use crate::automation::rules::{Rule, is_id};
use crate::automation::understanding::corpus::Group;
use crate::automation::understanding::cues::CueWord;
use crate::automation::understanding::guards::Sense;
use crate::config::fault::{Findings, Place};
use crate::config::section::Section;
use crate::domain::playbook::Cues;
use std::collections::HashMap;
use std::sync::Arc;

/// Most words of one list.
const MAX_WORDS: usize = 1_000;
/// Longest word, in characters.
const MAX_WORD_CHARS: usize = 40;
/// Most lexicon groups.
const MAX_GROUPS: usize = 1_000;

/// All word lists.
#[derive(Debug, Default)]
pub(super) struct WordLists {
    pub groups: Vec<Group>,
    group_names: Vec<Named>,
    pub human: Vec<String>,
    pub negation: Vec<(String, Sense)>,
    pub cues: Vec<CueWord>,
    cue_places: Vec<(String, &'static str, Arc<str>, Place)>,
}

/// The folded words of a list; what folds to nothing is a fault.
fn folded(section: &Section<'_>, key: &'static str) -> Vec<(String, Place)> {
    let words = section.texts(key, 0..=MAX_WORDS, 1..=MAX_WORD_CHARS);
    let mut all = Vec::with_capacity(words.len());
    for (word, at) in words {
        match fold(word) {
            folded if folded.is_empty() => empty(section, at, key, word),
            folded => all.push((folded, at)),
        }
    }
    all
}

impl WordLists {
    /// Reads the `[[lexicon]]` groups of one file.
    pub fn read_lexicon(&mut self, root: &Section<'_>) {
        for section in root.sections("lexicon") {
            let name = "1 to 64 of a-z 0-9 _ -";
            section.require("id", name);
            section.require("words", "a list of words");
            let id = section.parsed("id", name, |text| is_id(text).then(|| text.to_owned()));
            let id = id.unwrap_or_default();
            taken(&section, &id, &self.group_names);
            if self.groups.len() == MAX_GROUPS {
                section.fault("id", "one group too many", "1000 groups");
            }
            let only = |words: Vec<(String, Place)>| words.into_iter().map(|(word, _)| word);
            self.groups.push(Group {
                words: only(folded(&section, "words")).collect(),
                sound: section.flag("sound", true),
                not_sound: only(folded(&section, "not_sound")).collect(),
                id: id.clone(),
            });
            self.group_names.push(named(&section, id));
            section.finish();
        }
    }

    /// Reads the terms of `[human]`.
    pub fn read_human(&mut self, section: &Section<'_>) {
        let words = folded(section, "terms").into_iter();
        self.human.extend(words.map(|(word, _)| word));
    }

    /// Reads `[negation]`.
    pub fn read_negation(&mut self, section: Section<'_>) {
        let mut senses: HashMap<String, &'static str> = HashMap::new();
        for (key, sense) in [
            ("words", Sense::Before),
            ("after", Sense::After),
            ("except", Sense::None),
        ] {
            for (word, at) in folded(&section, key) {
                if let Some(first) = senses.insert(word.clone(), key) {
                    let found = format!("{word:?}, which stands under {first} too");
                    let path = section.path(key);
                    let findings = section.findings();
                    findings.warn(section.file(), at, &path, &found, "once");
                    continue;
                }
                self.negation.push((word, sense));
            }
        }
        section.finish();
    }

    /// Reads `[cues]`.
    pub fn read_cues(&mut self, section: Section<'_>) {
        for (cue, key) in Cues::NAMES {
            for (word, at) in folded(&section, key) {
                let file = section.file().clone();
                self.cue_places.push((word.clone(), key, file, at));
                self.cues.push(CueWord { word, cue });
            }
        }
        section.finish();
    }

    /// Warns of cues that are terms of keyword rules: in a flow the cue acts and the rule is not asked.
    pub fn collisions(&self, rules: &[Rule], findings: &Findings) {
        let mut terms: HashMap<String, &Rule> = HashMap::new();
        for rule in rules {
            for (term, _) in &rule.terms {
                terms.insert(fold(term), rule);
            }
        }
        for (word, key, file, at) in &self.cue_places {
            let Some(rule) = terms.get(word) else {
                continue;
            };
            let key = format!("cues.{key}");
            let found = format!(
                "{word:?}, a term of keyword \"{}\" ({}:{})",
                rule.id, rule.file, rule.at.line
            );
            let allowed = "a word of its own: inside a flow the rule is not asked";
            findings.warn(file, *at, &key, &found, allowed);
        }
    }
}
