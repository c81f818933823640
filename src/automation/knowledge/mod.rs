//! Knowledge: the help articles, and the search that finds the right one.
//!
//! Built whole from `knowledge/*.md` and the search words of `automation/*.toml`, immutable
//! afterwards, swapped with the engine it belongs to. Search is lexical and explains itself; what
//! customers call a thing is data, not code.
//!
//! | file | what |
//! |---|---|
//! | `articles` | files to checked articles |
//! | `concepts` | `[[search_words]]`: words of one meaning |
//! | `terms` | a text to the terms it is found by |
//! | `index` | BM25 over those terms |
//! | `share` | scores to chances |

mod articles;
mod concepts;
mod index;
mod share;
mod terms;

use crate::automation::digest::Digest;
use crate::automation::fold::fold;
use crate::config::ArticleAsWritten;
use crate::config::fault::Findings;
use crate::config::section::Section;
use crate::ports::knowledge::{Article, Found, Knowledge as Port};
pub use articles::{MAX_ALIASES, MAX_ARTICLES, MAX_BODY_UNITS};
pub use concepts::{Collector, Concepts};
use index::Index;
use std::collections::HashMap;
use std::sync::Arc;
use terms::Terms;
pub(in crate::automation) use terms::{Key, Kind};

/// When an article may answer as it stands: `[search]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direct {
    /// The least share of the best article.
    pub threshold: f32,
    /// The least lead over the second.
    pub margin: f32,
}

impl Default for Direct {
    fn default() -> Direct {
        Direct {
            threshold: 0.8,
            margin: 0.3,
        }
    }
}

impl Direct {
    /// Reads `[search]`.
    pub fn read(section: &Section<'_>) -> Direct {
        let default = Direct::default();
        let share = |key, default: f32| section.share(key, f64::from(default)).get() as f32;
        Direct {
            threshold: share("direct_threshold", default.threshold),
            margin: share("direct_margin", default.margin),
        }
    }
}

/// The articles of one moment and the way to them.
#[derive(Debug, Default)]
pub struct Knowledge {
    articles: Vec<Arc<Article>>,
    concepts: Arc<Concepts>,
    index: Index,
    /// Titles and aliases, folded, of one article each.
    exact: HashMap<String, usize>,
    direct: Direct,
}

impl Knowledge {
    /// Checks and indexes articles; faults are noted.
    pub fn build(
        as_written: &[ArticleAsWritten],
        concepts: Arc<Concepts>,
        direct: Direct,
        findings: &Findings,
    ) -> Knowledge {
        let read = articles::read(as_written, findings);
        let index = Index::build(&read, &concepts);
        let mut exact = HashMap::new();
        let mut shared = Vec::new();
        for (at, article) in read.iter().enumerate() {
            let ways = article.aliases.iter().chain([&article.title]);
            for folded in ways.map(|way| fold(way)) {
                match exact.insert(folded.clone(), at) {
                    Some(other) if other != at => shared.push(folded),
                    _ => {}
                }
            }
        }
        // Words that two articles claim lead to neither; `articles` has warned.
        for folded in shared {
            exact.remove(&folded);
        }
        Knowledge {
            articles: read,
            concepts,
            index,
            exact,
            direct,
        }
    }

    /// Other articles, searched with the same words and settings; faults are noted.
    #[must_use]
    pub fn with_articles(&self, articles: &[ArticleAsWritten], findings: &Findings) -> Knowledge {
        Knowledge::build(articles, self.concepts.clone(), self.direct, findings)
    }

    /// The articles, in the order of their files.
    pub fn articles(&self) -> &[Arc<Article>] {
        &self.articles
    }

    /// Ids of the search words that stand in a text, for people who ask why.
    pub fn concepts_in(&self, words: &str) -> Vec<&str> {
        self.concepts.names(&terms::folded(words))
    }

    /// The terms a text is found by, each once.
    pub(in crate::automation) fn terms_of(&self, words: &str) -> Vec<Key> {
        Terms::of_query(&terms::folded(words), &self.concepts).0
    }

    pub(in crate::automation) fn digest(&self, digest: &mut Digest) {
        digest.number(u64::from(self.direct.threshold.to_bits()));
        digest.number(u64::from(self.direct.margin.to_bits()));
        self.concepts.digest(digest);
        digest.number(self.articles.len() as u64);
        for article in &self.articles {
            digest.text(&article.id);
            digest.text(&article.title);
            digest.text(&article.body);
            for list in [&article.tags, &article.aliases] {
                digest.number(list.len() as u64);
                list.iter().for_each(|text| digest.text(text));
            }
        }
    }
}

impl Port for Knowledge {
    fn search(&self, words: &str, top: usize) -> Vec<Found> {
        let folded = terms::folded(words);
        let terms = Terms::of_query(&folded, &self.concepts);
        let exact = self.exact.get(folded.text()).copied();
        let (scores, scale) = self.index.scores(&terms, exact);
        let found = share::best(&scores, scale, top).into_iter();
        let found = found.map(|(at, score, share)| Found {
            article: self.articles[at].clone(),
            score,
            share,
        });
        found.collect()
    }

    fn direct(&self, words: &str) -> Option<Found> {
        let mut best = self.search(words, 2).into_iter();
        let first = best.next()?;
        let second = best.next().map_or(0.0, |second| second.share);
        let Direct { threshold, margin } = self.direct;
        (first.share >= threshold && first.share - second >= margin).then_some(first)
    }
}
