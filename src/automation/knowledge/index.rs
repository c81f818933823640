//! BM25 over the terms of the articles, everything that does not depend on the question worked out
//! once.
//!
//! A title counts more than the text. Tags and aliases count as text but not as length: an article
//! is not punished for being easy to find.

use crate::automation::knowledge::concepts::Concepts;
use crate::automation::knowledge::terms::{Key, Kind, Terms};
use crate::ports::knowledge::Article;
use std::collections::HashMap;
use std::sync::Arc;

/// How fast a term that is repeated stops to count (BM25's k1).
const K: f32 = 1.2;
/// How much a long article is held against its terms (BM25's b).
const LENGTH: f32 = 0.6;
/// How often a term counts that stands in the title, and a concept.
const IN_TITLE: f32 = 3.0;
const CONCEPT_IN_TITLE: f32 = 1.5;
/// Weights of the kinds of terms, a pair being 1.
const CHARACTER: f32 = 0.3;
const CONCEPT: f32 = 2.5;
/// What a question that *is* a title or alias gets on top, in units of the scale.
const EXACT: f32 = 4.0;

/// The index.
#[derive(Debug, Default)]
pub struct Index {
    /// For each term: articles and what the term adds to their score.
    postings: HashMap<Key, Box<[(u32, f32)]>>,
    articles: usize,
    scale: f32,
}

impl Index {
    /// Indexes articles.
    pub fn build(articles: &[Arc<Article>], concepts: &Concepts) -> Index {
        let mut counted: HashMap<Key, Vec<(u32, f32)>> = HashMap::new();
        let mut lengths = Vec::with_capacity(articles.len());
        for (article, at) in articles.iter().zip(0..) {
            let mut terms: HashMap<Key, f32> = HashMap::new();
            let mut add = |text: &str, words: f32, concept: f32| {
                let keys = Terms::of_article(text, concepts).0;
                let mut length = 0.0;
                for key in keys {
                    let weight = match key.kind() {
                        Kind::Concept => concept,
                        _ => {
                            length += words;
                            words
                        }
                    };
                    *terms.entry(key).or_default() += weight;
                }
                length
            };
            let length =
                add(&article.title, IN_TITLE, CONCEPT_IN_TITLE) + add(&article.body, 1.0, 1.0);
            for way in article.tags.iter().chain(&article.aliases) {
                add(way, 1.0, 1.0);
            }
            lengths.push(length);
            for (key, count) in terms {
                counted.entry(key).or_default().push((at, count));
            }
        }
        let average = (lengths.iter().sum::<f32>() / lengths.len().max(1) as f32).max(1.0);
        let postings = counted.into_iter().map(|(key, found)| {
            let rarity = rarity(articles.len(), found.len());
            let added = found.into_iter().map(|(at, count)| {
                let (weight, room) = match key.kind() {
                    Kind::Concept => (CONCEPT, K),
                    kind => {
                        let length = lengths[at as usize] / average;
                        let room = K * (1.0 - LENGTH + LENGTH * length);
                        (
                            if kind == Kind::Character {
                                CHARACTER
                            } else {
                                1.0
                            },
                            room,
                        )
                    }
                };
                (at, weight * rarity * count * (K + 1.0) / (count + room))
            });
            (key, added.collect())
        });
        Index {
            postings: postings.collect(),
            articles: articles.len(),
            scale: rarity(articles.len(), 1),
        }
    }

    /// The score of every article, 0 where no term fits, and the scale: what a pair adds that one
    /// article alone has once. `exact`: the article whose title or alias the question is.
    pub fn scores(&self, terms: &Terms, exact: Option<usize>) -> (Vec<f32>, f32) {
        let mut scores = vec![0.0; self.articles];
        for key in &terms.0 {
            let found = self.postings.get(key).map_or(&[][..], |found| found);
            for (at, added) in found {
                scores[*at as usize] += added;
            }
        }
        if let Some(at) = exact {
            scores[at] += EXACT * self.scale;
        }
        (scores, self.scale)
    }
}

/// How much it tells that a term stands in an article (BM25's idf).
fn rarity(articles: usize, with_term: usize) -> f32 {
    let (all, with) = (articles as f32, with_term as f32);
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}
