//! Searches for help articles: is the right one first, or among the first three.

use super::floors::hold;
use super::{asked, folder, sets};
use serde_json::Value;
use std::path::Path;

#[test]
fn articles_are_found_as_well_as_was_committed() {
    let knowledge = tempfile::tempdir().unwrap();
    write_articles(knowledge.path());
    for set in sets("query") {
        let place = knowledge.path().to_str().unwrap();
        let found = asked(&["search", "--top", "3", "--knowledge", place], &set.rows);
        let rank = |(gold, found): (&Value, &Value)| {
            let ids = found["articles"].as_array().unwrap().iter();
            ids.map(|article| &article["id"])
                .position(|id| *id == gold["article"])
        };
        let ranks: Vec<Option<usize>> = set.rows.iter().zip(&found).map(rank).collect();
        let within = |top: usize| {
            let hits = ranks
                .iter()
                .filter(|rank| rank.is_some_and(|rank| rank < top));
            hits.count() as f64 / ranks.len() as f64
        };
        hold(
            &set.name,
            &[("recall@1", within(1)), ("recall@3", within(3))],
        );
    }
}

/// The articles of the sets as a knowledge folder, as plain as they are.
fn write_articles(folder_of: &Path) {
    let text = std::fs::read_to_string(folder().join("kb_articles.json")).unwrap();
    let articles: Vec<Value> = serde_json::from_str(&text).unwrap();
    for article in articles {
        let part = |name: &str| article[name].as_str().unwrap().to_owned();
        let (id, title, body) = (part("id"), part("title"), part("body"));
        let page = format!("---\nid: {id}\ntitle: {title}\ntags: []\n---\n{body}\n");
        std::fs::write(folder_of.join(format!("{id}.md")), page).unwrap();
    }
}
