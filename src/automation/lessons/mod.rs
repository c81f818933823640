//! What the automation files teach: intents, examples, word lists, small talk.
//!
//! Reads the tables, judges them, and makes the corpus the reader is built from. Every fault names the
//! line of the example or word; a text that stands in two classes names both.

mod examples;
mod intents;
mod words;

pub(crate) use intents::FlowNames;

use crate::automation::fold::fold;
use crate::automation::lessons::examples::Examples;
use crate::automation::lessons::words::WordLists;
use crate::automation::matcher::Term;
use crate::automation::messages;
use crate::automation::rules::{Rule, is_id};
use crate::automation::understanding::corpus::{Corpus, Thresholds};
use crate::automation::understanding::cues::CueWord;
use crate::config::fault::{Findings, Place};
use crate::config::section::Section;
use crate::domain::playbook::{Answer, Intent};
use std::sync::Arc;

/// Most intents.
pub const MAX_INTENTS: usize = 60;
/// Most small talks.
pub const MAX_TALKS: usize = 60;
/// Most examples of one class.
pub const MAX_EXAMPLES: usize = 5_000;
/// Longest example, in characters.
pub const MAX_EXAMPLE_CHARS: usize = 500;

/// What an example is an example of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    /// An intent, by number.
    Intent(u16),
    /// None of the intents.
    Unknown,
    /// A keyword rule, by number.
    Rule(u32),
    /// A person is wanted.
    Human,
    /// Small talk: none of the intents.
    Talk,
}

/// Where something with an id stands.
#[derive(Clone, Debug)]
struct Named {
    id: String,
    file: Arc<str>,
    at: Place,
}

/// Collects what the files teach.
#[derive(Debug, Default)]
pub(crate) struct Lessons {
    examples: Examples,
    words: WordLists,
    intents: Vec<Intent>,
    intent_names: Vec<Named>,
    flows: FlowNames,
    talks: Vec<Option<Answer>>,
    talk_names: Vec<Named>,
    talk_terms: Vec<(String, u16)>,
    thresholds: Thresholds,
    has_unknown: bool,
}

/// What was taught.
#[derive(Debug)]
pub(crate) struct Taught {
    /// For the reader.
    pub corpus: Corpus,
    /// For the playbook; flows are not resolved.
    pub intents: Vec<Intent>,
    /// Which flow each intent begins, by its id.
    pub flows: FlowNames,
    /// For the playbook.
    pub talks: Vec<Answer>,
    /// For the cues.
    pub cues: Vec<CueWord>,
    /// Phrases that cover a hit of a rule.
    pub unless: Vec<Term>,
}

impl Lessons {
    /// Reads the tables of one file that may be there many times; keyword rules read themselves.
    pub fn read(&mut self, root: &Section<'_>) {
        self.read_intents(root);
        self.read_talks(root);
        self.words.read_lexicon(root);
    }

    /// Reads `[unknown]`, of which there is one.
    pub fn read_unknown(&mut self, section: Section<'_>) {
        self.has_unknown = true;
        self.examples.read(&section, Label::Unknown, "unknown");
        section.finish();
    }

    /// Reads `[human]`, of which there is one.
    pub fn read_human(&mut self, section: Section<'_>) {
        self.words.read_human(&section);
        self.examples.read(&section, Label::Human, "human");
        section.finish();
    }

    /// Reads `[negation]`, of which there is one.
    pub fn read_negation(&mut self, section: Section<'_>) {
        self.words.read_negation(section);
    }

    /// Reads `[cues]`, of which there is one.
    pub fn read_cues(&mut self, section: Section<'_>) {
        self.words.read_cues(section);
    }

    /// Reads `[understanding]`, of which there is one.
    pub fn read_thresholds(&mut self, section: Section<'_>) {
        let default = Thresholds::default();
        let share = |key, default: f32| section.share(key, f64::from(default)).get() as f32;
        self.thresholds = Thresholds {
            intent: share("threshold", default.intent),
            margin: share("margin", default.margin),
            faq: share("faq_threshold", default.faq),
            human: share("human_threshold", default.human),
        };
        section.finish();
    }

    /// Reads the examples of a keyword rule.
    pub fn read_rule(&mut self, section: &Section<'_>, rule: u32, id: &str) {
        let of = format!("keyword \"{id}\"");
        self.examples.read(section, Label::Rule(rule), &of);
    }

    fn read_talks(&mut self, root: &Section<'_>) {
        for section in root.sections("talk") {
            let name = "1 to 64 of a-z 0-9 _ -";
            section.require("id", name);
            section.require("reply", "a list of 1 to 5 messages");
            let id = section.parsed("id", name, |text| is_id(text).then(|| text.to_owned()));
            let id = id.unwrap_or_default();
            taken(&section, &id, &self.talk_names);
            if self.talk_names.len() == MAX_TALKS {
                section.fault("id", "one small talk too many", "60 of them");
            }
            let talk = u16::try_from(self.talk_names.len()).unwrap_or(u16::MAX);
            if !section.has("terms") && !section.has("examples") {
                section.fault(
                    "terms",
                    "neither terms nor examples",
                    "one of them, or both",
                );
            }
            for (term, at) in section.texts("terms", 1..=500, 1..=40) {
                let folded = fold(term);
                if folded.is_empty() {
                    empty(&section, at, "terms", term);
                } else {
                    self.talk_terms.push((folded, talk));
                }
            }
            let of = format!("talk \"{id}\"");
            for phrase in self.examples.read(&section, Label::Talk, &of) {
                self.talk_terms.push((phrase, talk));
            }
            self.talks.push(messages::answer(&section, "reply", &id));
            self.talk_names.push(named(&section, id));
            section.finish();
        }
    }

    /// Judges what was read and makes the corpus.
    pub fn finish(self, rules: &[Rule], findings: &Findings) -> Taught {
        let texts = self.examples.finish(self.intents.len(), findings);
        self.enough(&texts, findings);
        self.words.collisions(rules, findings);
        let unless = rules.iter().zip(0..).flat_map(|(rule, number)| {
            rule.unless.iter().map(move |phrase| Term {
                folded: phrase.clone(),
                rule: number,
                priority: 0,
            })
        });
        Taught {
            unless: unless.collect(),
            corpus: Corpus {
                intents: self.intents.len(),
                rules: rules.iter().map(|rule| rule.id.to_string()).collect(),
                priorities: rules.iter().map(|rule| rule.priority).collect(),
                whole: rules.iter().map(|rule| rule.whole).collect(),
                texts,
                groups: self.words.groups,
                human_terms: self.words.human,
                talk_terms: self.talk_terms,
                negation: self.words.negation,
                thresholds: self.thresholds,
            },
            intents: self.intents,
            flows: self.flows,
            talks: self.talks.into_iter().flatten().collect(),
            cues: self.words.cues,
        }
    }
}

fn named(section: &Section<'_>, id: String) -> Named {
    Named {
        id,
        file: section.file().clone(),
        at: section.at(),
    }
}

/// Notes an id that is taken.
fn taken(section: &Section<'_>, id: &str, others: &[Named]) {
    if !id.is_empty()
        && let Some(first) = others.iter().find(|other| other.id == id)
    {
        let found = format!("\"{id}\", taken by {}:{}", first.file, first.at.line);
        section.fault("id", &found, "an id of its own");
    }
}

/// Notes a word of which folding leaves nothing.
fn empty(section: &Section<'_>, at: Place, key: &str, word: &str) {
    let key = section.path(key);
    let allowed = "a word with letters or digits";
    let findings = section.findings();
    findings.fault(section.file(), at, &key, &format!("{word:?}"), allowed);
}
