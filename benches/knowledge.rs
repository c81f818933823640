//! How long a search takes, with the 25 articles of the tests and with 1,000 made of their clauses,
//! and how long their index takes to build.
//!
//! `cargo bench --bench knowledge`; the search words are those of the sample config.

#![allow(clippy::print_stdout)]

use hotline::automation::{Engine, Knowledge};
use hotline::config::{ArticleAsWritten, Findings, load};
use hotline::ports::knowledge::Knowledge as _;
use serde_json::Value;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Searches per figure.
const SEARCHES: usize = 100_000;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let loaded = load(&root.join("config"), &|_| None).expect("the sample config is good");
    let (engine, _) = Engine::build(&loaded.automation).expect("the sample config is good");
    let articles = std::fs::read_to_string(root.join("tests/nlu/kb_articles.json"));
    let articles: Value = serde_json::from_str(&articles.expect("a file")).expect("JSON");
    let articles: Vec<(&str, &str)> = articles
        .as_array()
        .expect("a list")
        .iter()
        .map(texts)
        .collect();
    let queries = std::fs::read_to_string(root.join("tests/nlu/kb_queries_public.jsonl"));
    let queries: Vec<String> = queries
        .expect("a file")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|row| row["query"].as_str().expect("a string").to_owned())
        .collect();
    println!(
        "articles  build ms  search us: p50  p99  (queries of {} characters)",
        mean(&queries)
    );
    for count in [25, 1_000] {
        let written = made(&articles, count);
        let begun = Instant::now();
        let findings = Findings::default();
        let knowledge = engine.knowledge().with_articles(&written, &findings);
        let built = begun.elapsed();
        assert_eq!(
            knowledge.articles().len(),
            count,
            "{:?}",
            findings.verdict()
        );
        let mut times = timed(&knowledge, &queries);
        times.sort_unstable();
        println!(
            "{count:>8}  {:>8.1}  {:>14.1}  {:.1}",
            built.as_secs_f64() * 1e3,
            micros(times[SEARCHES / 2]),
            micros(times[SEARCHES / 100 * 99]),
        );
    }
}

fn texts(article: &Value) -> (&str, &str) {
    let text = |key: &str| article[key].as_str().expect("a string");
    (text("title"), text("body"))
}

/// Articles whose clauses are taken from all of them in turn.
fn made(articles: &[(&str, &str)], count: usize) -> Vec<ArticleAsWritten> {
    let clauses: Vec<&str> = articles
        .iter()
        .flat_map(|(_, body)| body.split('。'))
        .collect();
    let written = (0..count).map(|n| {
        let (title, body) = articles[n % articles.len()];
        let own = match n / articles.len() {
            0 => body.to_owned(),
            step => (0..4)
                .map(|k| clauses[(n * 7 + k * (step + 3)) % clauses.len()])
                .collect(),
        };
        let text = format!("---\nid: a{n}\ntitle: {title} {n}\n---\n{own}。\n");
        let file = Arc::from(format!("a{n}.md"));
        let findings = Findings::default();
        ArticleAsWritten::parse(&file, &text, &|_| None, &findings).expect("a front matter")
    });
    written.collect()
}

fn timed(knowledge: &Knowledge, queries: &[String]) -> Vec<Duration> {
    let search = |n: usize| {
        let begun = Instant::now();
        black_box(knowledge.search(&queries[n % queries.len()], 3));
        begun.elapsed()
    };
    for n in 0..1_000 {
        search(n);
    }
    (0..SEARCHES).map(search).collect()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn mean(queries: &[String]) -> usize {
    queries
        .iter()
        .map(|query| query.chars().count())
        .sum::<usize>()
        / queries.len()
}
