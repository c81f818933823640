//! The knowledge port: a question to the help articles that may answer it.

use std::sync::Arc;

/// One help article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// Its id, 1 to 64 of `a-z 0-9 _ -`.
    pub id: Arc<str>,
    /// Its title, 1 to 100 characters.
    pub title: Box<str>,
    /// Its text as written, never empty, at most 4,000 UTF-16 units: with its title it fits one message.
    pub body: Box<str>,
    /// What operators file it under.
    pub tags: Box<[Box<str>]>,
    /// Ways customers ask for it.
    pub aliases: Box<[Box<str>]>,
}

/// An article found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Which.
    pub article: Arc<Article>,
    /// How well it fits, above 0, to compare with others of the same query only.
    pub score: f32,
    /// How likely it is the right one, 0 to 1: comparable from query to query. The shares of one query add
    /// up to at most 1; what is missing is the chance that no article answers.
    pub share: f32,
}

/// The help articles of one moment.
///
/// # Contract
/// Never blocks and never panics, whatever the words; the same words find the same. Keeps no words.
pub trait Knowledge: Send + Sync + 'static {
    /// The best articles for these words, best first, at most `top`. Empty when nothing fits at all.
    fn search(&self, words: &str, top: usize) -> Vec<Found>;
    /// The article that may answer as it stands: its share reaches the threshold, and leads the second by
    /// the margin, both from the config.
    fn direct(&self, words: &str) -> Option<Found>;
}

/// Where the present articles are had. A reload changes what the next call returns; with the automation
/// of the same reload.
pub trait CurrentKnowledge: Send + Sync + 'static {
    /// The articles in force now.
    fn knowledge(&self) -> Arc<dyn Knowledge>;
}
