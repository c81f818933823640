//! The reader: built and taught from a corpus, then asked text by text.
//!
//! Immutable once taught. What the shares of the classifier mean is decided in `decision`.

use crate::automation::matcher::{Matcher, Term};
use crate::automation::understanding::corpus::{Corpus, Thresholds};
use crate::automation::understanding::features::{self, Feature, Names};
use crate::automation::understanding::guards::Guards;
use crate::automation::understanding::lexicon::{Lexicon, Owner, Word};
use crate::automation::understanding::model::Model;
use crate::automation::understanding::scan::{Scan, Vocabulary};
use crate::automation::understanding::training::{self, Example};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Numbers of the heads.
pub(super) const INTENT: usize = 0;
pub(super) const HUMAN: usize = 1;
pub(super) const FAQ: usize = 2;

/// Room for one text; reused.
#[derive(Debug, Default)]
pub struct Room {
    /// The text as it was read.
    pub scan: Scan,
    features: Vec<Feature>,
    rows: Vec<(u32, f32)>,
    outputs: Vec<f32>,
}

/// What a text was read as.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Meaning {
    /// The intent; `None`: unknown.
    pub intent: Option<u16>,
    /// How sure, 0–1.
    pub confidence: f32,
    /// A person is wanted.
    pub wants_human: bool,
    /// The keyword rule that answers.
    pub rule: Option<u32>,
    /// The hit of its term, by place in the scan; `None`: the examples speak for it.
    pub hit: Option<usize>,
    /// The small talk it is.
    pub talk: Option<u16>,
}

/// The reader.
#[derive(Debug, Default)]
pub struct Reader {
    vocabulary: Vocabulary,
    names: Names,
    /// Phrases of small talk.
    pub(super) talks: Matcher,
    model: Model,
    pub(super) intents: usize,
    /// The answer of the faq head that stands for each rule; 0: none does.
    pub(super) class_of_rule: Vec<u16>,
    pub(super) rule_of_class: Vec<u32>,
    /// Rules whose terms count only where nothing else is said.
    pub(super) whole: Vec<bool>,
    pub(super) priorities: Vec<i32>,
    pub(super) human_group: u16,
    group_ids: Vec<Arc<str>>,
    pub(super) thresholds: Thresholds,
}

impl Reader {
    /// Builds and teaches a reader. `matcher` holds the terms of the keyword rules, `unless` the
    /// phrases that cover them.
    ///
    /// # Errors
    /// The automata's own bound on their size, in words.
    pub fn build(corpus: &Corpus, matcher: &Matcher, unless: Matcher) -> Result<Reader, String> {
        let mut words = Vec::new();
        let mut not_sound = HashSet::new();
        for (group, number) in corpus.groups.iter().zip(0..) {
            not_sound.extend(group.not_sound.iter().cloned());
            words.extend(group.words.iter().map(|word| Word {
                folded: word.clone(),
                owner: Owner::Group(number),
                misspelt: group.sound,
            }));
        }
        let human_group = u16::try_from(corpus.groups.len()).unwrap_or(u16::MAX);
        words.extend(corpus.human_terms.iter().map(|word| Word {
            folded: word.clone(),
            owner: Owner::Group(human_group),
            misspelt: true,
        }));
        let mut terms = Vec::with_capacity(matcher.terms().len());
        for (term, number) in matcher.terms().iter().zip(0..) {
            terms.push(features::name(&corpus.rules[term.rule as usize]));
            words.push(Word {
                folded: term.folded.clone(),
                owner: Owner::Term(number),
                misspelt: true,
            });
        }
        let mut groups: Vec<u32> = corpus
            .groups
            .iter()
            .map(|group| features::name(&group.id))
            .collect();
        groups.push(features::name("[human]"));
        let talks = corpus.talk_terms.iter().map(|(phrase, talk)| Term {
            folded: phrase.clone(),
            rule: u32::from(*talk),
            priority: 0,
        });
        let mut reader = Reader {
            vocabulary: Vocabulary {
                lexicon: Lexicon::build(words, not_sound)?,
                guards: Guards::build(&corpus.negation)?,
                unless,
            },
            names: Names { groups, terms },
            talks: Matcher::build(talks.collect())?,
            intents: corpus.intents,
            class_of_rule: vec![0; corpus.rules.len()],
            rule_of_class: vec![u32::MAX],
            whole: corpus.whole.clone(),
            priorities: corpus.priorities.clone(),
            human_group,
            group_ids: corpus
                .groups
                .iter()
                .map(|group| Arc::from(&*group.id))
                .collect(),
            thresholds: corpus.thresholds,
            ..Reader::default()
        };
        for text in &corpus.texts {
            if let Some(rule) = text.rule
                && let Some(class) = reader.class_of_rule.get_mut(rule as usize)
                && *class == 0
            {
                *class = u16::try_from(reader.rule_of_class.len()).unwrap_or(0);
                reader.rule_of_class.push(rule);
            }
        }
        reader.teach(corpus, matcher);
        Ok(reader)
    }

    fn teach(&mut self, corpus: &Corpus, matcher: &Matcher) {
        let mut labels: BTreeMap<&str, [Option<u16>; training::HEADS]> = BTreeMap::new();
        for text in &corpus.texts {
            let rule = text
                .rule
                .map_or(0, |rule| self.class_of_rule[rule as usize]);
            labels.insert(
                &text.words,
                [text.intent, Some(u16::from(text.human)), Some(rule)],
            );
        }
        // Terms are the shortest examples of their rule.
        for term in matcher.terms() {
            let class = self.class_of_rule[term.rule as usize];
            if class != 0 {
                labels
                    .entry(&term.folded)
                    .or_insert([None, None, Some(class)]);
            }
        }
        for term in &corpus.human_terms {
            labels.entry(term).or_insert([None, Some(1), None]);
        }
        let mut room = Room::default();
        let examples: Vec<Example> = labels
            .into_iter()
            .map(|(text, labels)| {
                room.scan.fill(text, &self.vocabulary, matcher);
                features::list(&room.scan, &self.names, &mut room.features);
                Example {
                    features: room.features.clone(),
                    labels,
                }
            })
            .collect();
        let any = |head: usize| {
            examples
                .iter()
                .any(|e| e.labels[head].is_some_and(|label| label > 0))
        };
        let classes = [
            if examples.iter().any(|e| e.labels[INTENT].is_some()) {
                corpus.intents + 1
            } else {
                0
            },
            if any(HUMAN) { 2 } else { 0 },
            if any(FAQ) {
                self.rule_of_class.len()
            } else {
                0
            },
        ];
        self.model = training::teach(&examples, classes);
    }

    /// Reads a text. `applies` tells whether a rule is in force now.
    pub fn read(
        &self,
        text: &str,
        matcher: &Matcher,
        room: &mut Room,
        applies: impl Fn(u32) -> bool,
    ) -> Meaning {
        room.scan.fill(text, &self.vocabulary, matcher);
        if room.scan.pieces.is_empty() && room.scan.folded.signs().is_empty() {
            return Meaning::default();
        }
        features::list(&room.scan, &self.names, &mut room.features);
        self.model.dictionary.rows(&room.features, &mut room.rows);
        self.model.ask(&room.rows, &mut room.outputs);
        let (intent, confidence) = self.intent(self.answers(INTENT, room));
        let (rule, hit) = self.rule(matcher, room, applies);
        Meaning {
            intent,
            confidence,
            wants_human: self.wants_human(room),
            rule,
            hit,
            talk: self.talk(room),
        }
    }

    /// What calibration found, by head.
    pub fn temperatures(&self) -> impl Iterator<Item = f32> {
        self.model.heads.iter().map(|head| head.temperature)
    }

    /// Probabilities of every answer of a head; empty when it was never taught.
    pub(super) fn answers<'r>(&self, head: usize, room: &'r Room) -> &'r [f32] {
        let head = self.model.heads.get(head);
        head.and_then(|head| room.outputs.get(head.first..head.first + head.classes))
            .unwrap_or(&[])
    }

    /// The words that are looked for, by number.
    pub fn words(&self) -> &[Word] {
        self.vocabulary.lexicon.words()
    }

    /// The id of a group of words.
    pub fn group(&self, group: u16) -> Arc<str> {
        let id = self.group_ids.get(usize::from(group));
        id.cloned().unwrap_or_else(|| Arc::from("human"))
    }

    /// Probabilities of the intents, *unknown* last, of the text read last.
    pub fn intents<'r>(&self, room: &'r Room) -> &'r [f32] {
        self.answers(INTENT, room)
    }

    /// Rules that examples speak for and how likely each helps, of the text read last; `None`: no rule.
    pub fn helps<'r>(&'r self, room: &'r Room) -> impl Iterator<Item = (Option<u32>, f32)> + 'r {
        let shares = self.answers(FAQ, room).iter().copied();
        let rules = self.rule_of_class.iter().enumerate();
        rules
            .map(|(class, rule)| (class != 0).then_some(*rule))
            .zip(shares)
    }
}
