//! From groups of what was not understood to proposals, each with its evidence and a text to paste.
//!
//! What the present automation understands already is passed over. An article that nearly fits is
//! proposed an alias, an intent that was guessed an example, a word in the place of a known one a
//! synonym; where nothing is near, an article is missing.

use super::groups::groups;
use super::missed::{Missed, UNSURE};
use super::wording::{InPlaceOf, framed};
use crate::automation::Engine;
use crate::automation::fold::{Folded, fold};
use crate::domain::mask::has_placeholder;
use crate::domain::playbook::Playbook as _;
use crate::domain::time::Millis;
use crate::ports::knowledge::Knowledge as _;
use crate::ports::understand::Understand as _;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// An article is near from this share on.
const NEAR: f32 = 0.3;
/// Samples shown of one group.
const MAX_SAMPLES: usize = 5;
/// Texts proposed at once.
const MAX_TEXTS: usize = 5;

/// What could be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A way to ask for an article that is there.
    Alias,
    /// An example of an intent.
    Example,
    /// A word for a known word.
    Synonym,
    /// An article that is not there.
    Article,
}

/// One proposal. Nothing is changed by it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// What could be added.
    pub kind: Kind,
    /// To what: the article, the intent, the known word; empty for a new article.
    pub target: String,
    /// Where the text goes.
    pub place: String,
    /// The text to paste.
    pub paste: String,
    /// Messages that speak for it.
    pub messages: u64,
    /// Customers they are of, at least.
    pub customers: usize,
    /// What was typed, most frequent first.
    pub samples: Vec<Sample>,
    /// Why it is proposed.
    pub because: String,
}

/// Something customers typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// The words, personal data masked.
    pub text: String,
    /// Messages of that form.
    pub count: u64,
}

/// Proposals out of what was missed, the most frequent first; groups of fewer than `min_count`
/// messages are passed over.
pub fn proposals(forms: &[Missed], engine: &Engine, min_count: u64, at: Millis) -> Vec<Proposal> {
    let open: Vec<Missed> = forms
        .iter()
        .filter(|form| !is_settled(engine, form, at))
        .cloned()
        .collect();
    let known = Known::of(engine);
    let mut found = Vec::new();
    for places in groups(&open, engine.knowledge()) {
        let group = Group {
            forms: places.iter().map(|place| &open[*place]).collect(),
        };
        if group.messages() < min_count {
            continue;
        }
        found.extend(group.synonym(&known));
        match group.alias(engine) {
            Some(alias) => found.push(alias),
            None => found.push(group.example(engine, at).unwrap_or_else(|| group.article())),
        }
    }
    found.sort_by_key(|proposal| std::cmp::Reverse(proposal.messages));
    found
}

/// Whether the automation in force would answer it by now.
fn is_settled(engine: &Engine, form: &Missed, at: Millis) -> bool {
    let text = form.samples.first().unwrap_or(&form.folded);
    let understood = engine.understand(text, at);
    understood.rule.is_some()
        || understood.talk.is_some()
        || (understood.intent.is_some() && understood.confidence >= UNSURE)
        || engine.knowledge().direct(text).is_some()
}

/// The words and ways to ask that the config knows, folded.
struct Known {
    set: HashSet<String>,
    ways: Vec<String>,
}

impl Known {
    fn of(engine: &Engine) -> Known {
        let terms: Vec<String> = engine.terms().map(str::to_owned).collect();
        let articles = engine.knowledge().articles().iter();
        let ways = articles.flat_map(|article| article.aliases.iter().map(|way| fold(way)));
        Known {
            ways: ways.chain(terms.iter().cloned()).collect(),
            set: terms.into_iter().collect(),
        }
    }

    fn in_place_of(&self, folded: &str) -> Vec<InPlaceOf> {
        let is_known = |word: &str| self.set.contains(word);
        let ways = self.ways.iter();
        let mut found: Vec<InPlaceOf> = ways
            .filter_map(|way| framed(folded, way, is_known))
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

struct Group<'a> {
    forms: Vec<&'a Missed>,
}

impl Group<'_> {
    fn messages(&self) -> u64 {
        self.forms.iter().map(|form| form.count).sum()
    }

    /// What was typed, the first spelling of each form; nothing personal in it.
    fn texts(&self) -> Vec<&str> {
        let texts = self.forms.iter().filter_map(|form| form.samples.first());
        let clean = texts
            .filter(|text| !has_placeholder(text))
            .map(|text| text.trim());
        clean
            .filter(|text| text.chars().count() <= 100)
            .take(MAX_TEXTS)
            .collect()
    }

    /// A stretch of the folded forms as somebody typed it.
    fn as_typed(&self, word: &str) -> String {
        let samples = self.forms.iter().flat_map(|form| &form.samples);
        let mut typed = samples.filter_map(|sample| {
            let mut folded = Folded::default();
            folded.fill(sample);
            let at = folded.text().find(word)?;
            let span = folded.original(at..at + word.len(), sample);
            sample.get(span)
        });
        typed.next().unwrap_or(word).to_owned()
    }

    fn proposal(&self, kind: Kind, target: &str) -> Proposal {
        let samples = self.forms.iter().take(MAX_SAMPLES).map(|form| Sample {
            text: form.samples.first().unwrap_or(&form.folded).clone(),
            count: form.count,
        });
        Proposal {
            kind,
            target: target.to_owned(),
            place: String::new(),
            paste: String::new(),
            messages: self.messages(),
            // One customer may have typed several forms.
            customers: self
                .forms
                .iter()
                .map(|form| form.customers)
                .max()
                .unwrap_or(0),
            samples: samples.collect(),
            because: String::new(),
        }
    }

    /// An article that nearly fits most of what was typed.
    fn alias(&self, engine: &Engine) -> Option<Proposal> {
        let mut votes: BTreeMap<String, (u64, f32)> = BTreeMap::new();
        for form in &self.forms {
            if let Some(best) = engine.knowledge().search(&form.folded, 1).pop()
                && best.share >= NEAR
            {
                let vote = votes.entry(best.article.id.to_string()).or_default();
                vote.0 += form.count;
                vote.1 = vote.1.max(best.share);
            }
        }
        let (id, (count, share)) = votes.into_iter().max_by_key(|(_, (count, _))| *count)?;
        let texts = self.texts();
        if count * 2 < self.messages() || texts.is_empty() {
            return None;
        }
        let mut proposal = self.proposal(Kind::Alias, &id);
        proposal.place = format!("front matter of the article \"{id}\", below aliases:");
        proposal.paste = texts
            .iter()
            .map(|text| format!("  - {}\n", yaml(text)))
            .collect();
        proposal.because = format!(
            "{count} of {} messages come nearest to it, with a share of up to {share:.2}",
            self.messages()
        );
        Some(proposal)
    }

    /// The intent that was guessed for most of what was typed, then or by the present automation.
    fn example(&self, engine: &Engine, at: Millis) -> Option<Proposal> {
        let mut votes: BTreeMap<String, u64> = BTreeMap::new();
        for form in &self.forms {
            for (intent, count) in &form.intents {
                *votes.entry(intent.clone()).or_default() += count;
            }
            let understood = engine.understand(form.samples.first()?, at);
            let intent = understood.intent.and_then(|intent| engine.intent(intent));
            if let Some(intent) = intent.filter(|_| form.intents.is_empty()) {
                *votes.entry(intent.id.to_string()).or_default() += form.count;
            }
        }
        let (id, count) = votes.into_iter().max_by_key(|(_, count)| *count)?;
        let texts = self.texts();
        if count * 2 < self.messages() || texts.is_empty() {
            return None;
        }
        let mut proposal = self.proposal(Kind::Example, &id);
        proposal.place = format!("examples of [[intent]] id = \"{id}\"");
        proposal.paste = texts
            .iter()
            .map(|text| format!("  {},\n", toml(text)))
            .collect();
        proposal.because = format!("guessed for {count} of {} messages", self.messages());
        Some(proposal)
    }

    /// A word in the place of a known one, in at least half of what was typed.
    fn synonym(&self, known: &Known) -> Option<Proposal> {
        let mut votes: BTreeMap<InPlaceOf, u64> = BTreeMap::new();
        for form in &self.forms {
            for word in known.in_place_of(&form.folded) {
                *votes.entry(word).or_default() += form.count;
            }
        }
        let (word, count) = votes.into_iter().max_by_key(|(_, count)| *count)?;
        if count * 2 < self.messages() {
            return None;
        }
        let mut proposal = self.proposal(Kind::Synonym, &word.known);
        proposal.place =
            "automation/synonyms.toml; into the group that has the word, if one has".into();
        proposal.paste = format!(
            "[[synonyms]]\nwords = [{}, {}]\n",
            toml(&word.known),
            toml(&self.as_typed(&word.new))
        );
        proposal.because = format!(
            "it stands where \"{}\" is known, in {count} of {} messages",
            word.known,
            self.messages()
        );
        Some(proposal)
    }

    /// Nothing is near: an article, its text left to a person. `check` refuses it until it is written.
    fn article(&self) -> Proposal {
        let texts = self.texts();
        let title = texts.first().copied().unwrap_or("…");
        let aliases: String = texts
            .iter()
            .skip(1)
            .map(|text| format!("  - {}\n", yaml(text)))
            .collect();
        let aliases = match aliases.is_empty() {
            true => String::new(),
            false => format!("aliases:\n{aliases}"),
        };
        let mut proposal = self.proposal(Kind::Article, "");
        proposal.place = "knowledge/NAME.md: give it an id, a title of your own and a text".into();
        proposal.paste = format!("---\nid:\ntitle: {}\n{aliases}---\n\n", yaml(title));
        proposal.because = "no article, rule or intent is near".into();
        proposal
    }
}

pub(super) fn toml(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace(char::is_control, " ")
    )
}

/// In quotes when it would be read as something else.
pub(super) fn yaml(text: &str) -> String {
    let plain = text.replace(char::is_control, " ");
    let begins = plain.starts_with(|c: char| !c.is_alphanumeric());
    if begins || plain.contains(" #") || plain.starts_with("${") {
        return toml(&plain);
    }
    plain
}
