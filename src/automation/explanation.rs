//! Why a text is answered the way it is, for people.

use crate::automation::engine::Engine;
use crate::automation::understanding::lexicon::{How, Owner};
use crate::automation::understanding::reader::Room;
use crate::domain::playbook::Understanding;
use crate::domain::time::Millis;
use std::ops::Range;
use std::sync::Arc;

/// Why a text is answered the way it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The text as it was matched.
    pub folded: String,
    /// The term that answers; `None`: no rule answers, or the examples speak for it.
    pub winner: Option<Found>,
    /// Every other word that was found.
    pub hits: Vec<Found>,
    /// Intents and how likely each is, `unknown` last; empty when none was taught.
    pub scores: Vec<(Arc<str>, f32)>,
    /// Keyword rules and how likely each helps, by the examples, `none` among them; empty when no rule
    /// has examples.
    pub helps: Vec<(Arc<str>, f32)>,
    /// What the core is told.
    pub understanding: Understanding,
}

/// A word found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The keyword rule it is a term of; `None`: a word of the lexicon.
    pub rule: Option<u32>,
    /// Id of the rule or the lexicon group.
    pub of: Arc<str>,
    /// The word, folded.
    pub term: String,
    /// The rule's priority.
    pub priority: Option<i32>,
    /// How it was found.
    pub how: How,
    /// Words around it take it back.
    pub negated: bool,
    /// Where, in bytes of the original text.
    pub span: Range<usize>,
}

impl Engine {
    /// Why a text said at this moment is answered the way it is.
    pub fn explain(&self, text: &str, at: Millis) -> Explanation {
        let mut room = Room::default();
        let (meaning, understanding) = self.read(text, at, &mut room);
        let scan = &room.scan;
        let hits = scan.hits.iter().map(|hit| {
            let bytes =
                scan.pieces[hit.first].start as usize..scan.pieces[hit.end - 1].end as usize;
            let (of, rule, term, priority) = match hit.owner {
                Owner::Term(number) => {
                    let term = &self.matcher.terms()[number as usize];
                    let id = self.answers[term.rule as usize].rule.clone();
                    (id, Some(term.rule), &term.folded, Some(term.priority))
                }
                Owner::Group(group) => {
                    let word = &self.reader.words()[hit.word as usize].folded;
                    (self.reader.group(group), None, word, None)
                }
            };
            Found {
                rule,
                of,
                term: term.clone(),
                priority,
                how: hit.how,
                negated: hit.negated,
                span: scan.folded.original(bytes, text),
            }
        });
        let mut hits: Vec<Found> = hits.collect();
        let winner = meaning.hit.map(|at| hits.remove(at));
        let intents = self.intents.iter().map(|intent| intent.id.clone());
        let scores = intents
            .chain([Arc::from("unknown")])
            .zip(self.reader.intents(&room).iter().copied());
        let id = |rule: u32| self.answers[rule as usize].rule.clone();
        let helps = self.reader.helps(&room);
        let helps = helps.map(|(rule, share)| (rule.map_or(Arc::from("none"), id), share));
        Explanation {
            scores: scores.collect(),
            helps: helps.collect(),
            winner,
            hits,
            folded: scan.folded.text().to_owned(),
            understanding,
        }
    }
}
