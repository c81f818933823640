//! Aliases out of what agents answered: the customer's question is a way to ask for the article that the
//! agent's words come from.

use super::proposals::{Kind, Proposal, Sample, yaml};
use crate::automation::fold::fold;
use crate::automation::knowledge::Knowledge;
use crate::domain::mask::{has_placeholder, masked};
use crate::ports::knowledge::Knowledge as _;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};

/// From this share on an answer is taken to be an article's.
const OF_ARTICLE: f32 = 0.6;
/// Longest question taken for an alias, in characters.
const MAX_QUESTION: usize = 60;
/// Samples shown of one article.
const MAX_SAMPLES: usize = 5;

/// What a customer asked and what an agent answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The customer's words.
    pub question: String,
    /// The agent's.
    pub answer: String,
}

/// Proposed aliases, one proposal an article. A question that finds its article already is passed
/// over; personal data is masked, and what holds any is evidence only.
pub fn learned(pairs: &[Pair], knowledge: &Knowledge) -> Vec<Proposal> {
    let mut asked: BTreeMap<String, Vec<(String, u64, f32)>> = BTreeMap::new();
    for Pair { question, answer } in pairs {
        let Some(article) = knowledge.search(answer, 1).pop() else {
            continue;
        };
        let id = &article.article.id;
        let found = knowledge.direct(question);
        let is_found = found.is_some_and(|found| found.article.id == *id);
        if article.share < OF_ARTICLE || is_found || fold(question).is_empty() {
            continue;
        }
        let question = masked(question.trim());
        let questions = asked.entry(id.to_string()).or_default();
        let folded = fold(&question);
        match questions
            .iter_mut()
            .find(|(known, ..)| fold(known) == folded)
        {
            Some((_, count, share)) => {
                *count += 1;
                *share = share.max(article.share);
            }
            None => questions.push((question, 1, article.share)),
        }
    }
    let proposals = asked
        .into_iter()
        .filter_map(|(id, questions)| proposal(id, questions));
    let mut proposals: Vec<Proposal> = proposals.collect();
    proposals.sort_by_key(|proposal| std::cmp::Reverse(proposal.messages));
    proposals
}

fn proposal(id: String, mut questions: Vec<(String, u64, f32)>) -> Option<Proposal> {
    questions.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    let mut seen = HashSet::new();
    let fits = |text: &str| text.chars().count() <= MAX_QUESTION && !has_placeholder(text);
    let ways: String = questions
        .iter()
        .map(|(text, ..)| text.as_str())
        .filter(|text| fits(text) && seen.insert(fold(text)))
        .map(|text| format!("  - {}\n", yaml(text)))
        .collect();
    if ways.is_empty() {
        return None;
    }
    let messages = questions.iter().map(|(_, count, _)| count).sum();
    let share = questions
        .iter()
        .map(|(.., share)| *share)
        .fold(0.0, f32::max);
    let samples = questions.into_iter().take(MAX_SAMPLES);
    Some(Proposal {
        kind: Kind::Alias,
        place: format!("front matter of the article \"{id}\", below aliases:"),
        target: id,
        paste: ways,
        messages,
        customers: 0,
        samples: samples
            .map(|(text, count, _)| Sample { text, count })
            .collect(),
        because: format!("agents answered with its words, with a share of up to {share:.2}"),
    })
}
