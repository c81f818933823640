//! Keyword rules as written in `automation/*.toml`, checked and expanded to terms.
//!
//! Refuses two rules of one id, a term that two rules claim, and a rule without terms. A term
//! written out beats the same term made by a synonym.

use crate::automation::fold::fold;
use crate::automation::lessons::Lessons;
use crate::automation::matcher::Term;
use crate::automation::messages;
use crate::automation::schedule::Schedule;
use crate::automation::synonyms::{MAX_VARIANTS, Synonyms};
use crate::config::fault::{Findings, Place};
use crate::config::nearest;
use crate::config::section::Section;
use crate::domain::playbook::Answer;
use std::collections::HashMap;
use std::sync::Arc;

/// Most keyword rules of one config.
pub const MAX_RULES: usize = 2_000;

/// Most terms of one rule as written.
pub const MAX_TERMS: usize = 200;

/// Longest term, in characters.
pub const MAX_TERM_CHARS: usize = 40;

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// The rule's id.
    pub id: Arc<str>,
    /// Where it stands.
    pub file: Arc<str>,
    /// Where it stands in the file.
    pub at: Place,
    /// Higher wins.
    pub priority: i32,
    /// The terms as written and where.
    pub terms: Vec<(String, Place)>,
    /// Phrases, folded, inside which a term does not count.
    pub unless: Vec<String>,
    /// Whether its terms count only where (nearly) nothing else is said.
    pub whole: bool,
    /// Whether examples speak for it, too.
    pub has_examples: bool,
    /// When it answers.
    pub schedule: Schedule,
    /// What it answers; `None` when that was at fault.
    pub answer: Option<Answer>,
}

/// Reads the `[[keyword]]` rules of one file.
pub(crate) fn read(root: &Section<'_>, rules: &mut Vec<Rule>, lessons: &mut Lessons) {
    for section in root.sections("keyword") {
        let name = "1 to 64 of a-z 0-9 _ -";
        section.require("id", name);
        if !section.has("examples") {
            section.require("terms", "a list of 1 to 200 words");
        }
        section.require("reply", "a list of 1 to 5 messages");
        let id = section.parsed("id", name, |text| is_id(text).then(|| text.to_owned()));
        let id = id.unwrap_or_default();
        let terms = section.texts("terms", 1..=MAX_TERMS, 1..=MAX_TERM_CHARS);
        if !id.is_empty()
            && let Some(first) = rules.iter().find(|rule| *rule.id == *id)
        {
            let found = format!("\"{id}\", taken by {}:{}", first.file, first.at.line);
            section.fault("id", &found, "an id of its own");
        }
        if rules.len() == MAX_RULES {
            section.fault("id", "one rule too many", &format!("{MAX_RULES} rules"));
        }
        let number = u32::try_from(rules.len()).unwrap_or(u32::MAX);
        lessons.read_rule(&section, number, &id);
        let unless = section.texts("unless", 0..=MAX_TERMS, 1..=MAX_TERM_CHARS);
        let rule = Rule {
            unless: unless
                .iter()
                .map(|(phrase, _)| fold(phrase))
                .filter(|phrase| !phrase.is_empty())
                .collect(),
            whole: section.flag("whole", false),
            has_examples: section.has("examples"),
            schedule: Schedule::read(&section),
            answer: messages::answer(&section, "reply", &id),
            id: Arc::from(id),
            file: section.file().clone(),
            at: section.at(),
            priority: section
                .integer("priority", -1_000..=1_000)
                .and_then(|number| i32::try_from(number).ok())
                .unwrap_or(0),
            terms: terms
                .iter()
                .map(|(term, at)| ((*term).to_owned(), *at))
                .collect(),
        };
        rules.push(rule);
        section.finish();
    }
}

/// Whether a text can be an id.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

/// What folding drops and nobody expects to vanish; blanks and hyphens are expected to.
fn is_sign(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !matches!(c, '-' | '_' | '\'' | '・')
}

/// A rule that would win by this id, for a friendly suggestion.
pub fn nearest_id<'r>(id: &str, rules: &'r [Rule]) -> Option<&'r str> {
    let ids: Vec<&str> = rules.iter().map(|rule| &*rule.id).collect();
    nearest(id, &ids)
}

/// All terms of all rules, folded, synonyms included, each claimed by one rule.
pub fn terms(rules: &[Rule], synonyms: &Synonyms, findings: &Findings) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut claim = |folded: String, index: usize| {
        terms.push(Term {
            folded,
            rule: u32::try_from(index).unwrap_or(u32::MAX),
            priority: rules[index].priority,
        });
    };
    let mut written: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, rule) in rules.iter().enumerate() {
        for (term, at) in &rule.terms {
            let folded = fold(term);
            let fault = |found: String, allowed: &str| {
                let key = format!("keyword \"{}\" terms", rule.id);
                findings.fault(&rule.file, *at, &key, &found, allowed);
            };
            if folded.is_empty() {
                fault(format!("{term:?}"), "a word with letters or digits");
                continue;
            }
            let owners = written.entry(folded.clone()).or_default();
            if owners.contains(&index) {
                continue;
            }
            // Two rules may share a term when there is no moment at which both answer.
            let rival = owners
                .iter()
                .find(|owner| rules[**owner].schedule.meets(&rule.schedule));
            if let Some(first) = rival {
                let first = &rules[*first];
                let found = format!(
                    "{term:?}, the same as a term of \"{}\" ({}:{})",
                    first.id, first.file, first.at.line
                );
                fault(found, "one rule a term");
                continue;
            }
            if term.chars().any(is_sign) {
                let key = format!("keyword \"{}\" terms", rule.id);
                let found = format!("{term:?}, which matches as {folded:?}");
                let allowed = "a term without signs: they are dropped before matching";
                findings.warn(&rule.file, *at, &key, &found, allowed);
            }
            owners.push(index);
            claim(folded, index);
        }
    }
    let mut made: HashMap<String, usize> = HashMap::new();
    for (index, rule) in rules.iter().enumerate() {
        for (term, at) in &rule.terms {
            let key = format!("keyword \"{}\" terms", rule.id);
            let (variants, cut) = synonyms.expand(term);
            if cut {
                let found = format!("{term:?} with more than {MAX_VARIANTS} variants by synonyms");
                findings.warn(&rule.file, *at, &key, &found, "the rest is left out");
            }
            for variant in variants.into_iter().skip(1) {
                if written.contains_key(&variant) {
                    continue;
                }
                match made.get(&variant) {
                    Some(first) if *first != index => {
                        let found = format!(
                            "{term:?}, by synonyms the same as a term of \"{}\"",
                            rules[*first].id
                        );
                        findings.warn(
                            &rule.file,
                            *at,
                            &key,
                            &found,
                            "a term of its own; the first rule has it",
                        );
                    }
                    Some(_) => {}
                    None => {
                        made.insert(variant.clone(), index);
                        claim(variant, index);
                    }
                }
            }
        }
    }
    terms
}
