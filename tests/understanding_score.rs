//! How well labelled messages are understood, against the last committed numbers.
//!
//! Scores as LABELS.md says (strict intents, lenient canned answers). Reads the labelled messages beside the
//! checkout when they are there, the repository's own copy otherwise. `cargo test --test understanding_score -- --nocapture`
//! prints the table.

use hotline::automation::Engine;
use hotline::config;
use hotline::domain::playbook::Playbook;
use hotline::domain::time::Millis;
use hotline::ports::understand::Understand;
use serde_json::Value;
use std::path::{Path, PathBuf};

const CLASSES: [&str; 6] = [
    "product_inquiry",
    "order_status",
    "return_request",
    "complaint",
    "greeting",
    "unknown",
];

/// What the committed config reached on the 269 public messages. Raise with the config, never lower.
const FLOOR: [(&str, f64); 9] = [
    ("intent accuracy", 0.9926),
    ("macro-F1", 0.9923),
    ("accuracy on trap rows", 0.9833),
    ("wants_human precision", 1.0),
    ("wants_human recall", 1.0),
    ("faq precision", 1.0),
    ("faq recall", 0.9882),
    ("accuracy at confidence 0.6", 1.0),
    ("share at confidence 0.6", 0.9851),
];

/// A labelled message and what was read.
struct Row {
    gold: Value,
    intent: String,
    confidence: f64,
    wants_human: bool,
    faq: Option<String>,
}

impl Row {
    fn is(&self, key: &str, value: &str) -> bool {
        self.gold[key].as_str() == Some(value)
    }

    fn right(&self) -> bool {
        self.is("intent", &self.intent)
    }

    fn tagged(&self, tag: &str) -> bool {
        self.gold["tags"]
            .as_array()
            .is_some_and(|tags| tags.iter().any(|t| t == tag))
    }

    fn faq_right(&self) -> bool {
        let said = self.faq.as_deref().map_or(Value::Null, Value::from);
        let others = self.gold["alt_faq"].as_array();
        self.gold["faq"] == said || others.is_some_and(|others| others.contains(&said))
    }
}

fn rows() -> Vec<Row> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside: PathBuf = root.join("../shared/nlu/public.jsonl");
    let file = if beside.is_file() {
        beside
    } else {
        root.join("tests/nlu/public.jsonl")
    };
    let loaded = config::load(&root.join("config"), &|_| None).unwrap();
    let (engine, _) = Engine::build(&loaded.automation).unwrap();
    let lines = std::fs::read_to_string(file).unwrap();
    let row = |line: &str| {
        let gold: Value = serde_json::from_str(line).unwrap();
        // A Wednesday at 14:20 in Taipei.
        let read = engine.understand(gold["text"].as_str().unwrap(), Millis(1_778_048_400_000));
        Row {
            intent: engine.intent_id(read.intent).to_owned(),
            confidence: f64::from(read.confidence) / 100.0,
            wants_human: read.wants_human,
            faq: read
                .rule
                .and_then(|rule| engine.rule(rule))
                .map(|rule| rule.rule.to_string()),
            gold,
        }
    };
    lines.lines().map(row).collect()
}

/// The share of the rows that `of` picks for which `holds` holds.
fn share<'r>(
    rows: impl IntoIterator<Item = &'r Row>,
    of: impl Fn(&Row) -> bool,
    holds: impl Fn(&Row) -> bool,
) -> f64 {
    let picked: Vec<&Row> = rows.into_iter().filter(|row| of(row)).collect();
    let held = picked.iter().filter(|row| holds(row)).count();
    held as f64 / picked.len().max(1) as f64
}

fn macro_f1(rows: &[Row]) -> f64 {
    let f1 = CLASSES.map(|class| {
        let said = |row: &Row| row.intent == class;
        let meant = |row: &Row| row.is("intent", class);
        let both = rows.iter().filter(|row| said(row) && meant(row)).count() as f64;
        let either = rows
            .iter()
            .map(|row| usize::from(said(row)) + usize::from(meant(row)));
        2.0 * both / (either.sum::<usize>().max(1)) as f64
    });
    f1.iter().sum::<f64>() / CLASSES.len() as f64
}

#[test]
fn the_public_messages_are_understood_as_well_as_committed() {
    let rows = rows();
    assert!(rows.len() >= 269);
    let all = |_: &Row| true;
    let judged = || rows.iter().filter(|row| row.gold["human_any"] != true);
    let meant = |row: &Row| row.gold["wants_human"] == true;
    let sure = |row: &Row| row.confidence >= 0.6;
    let measured = [
        share(&rows, all, Row::right),
        macro_f1(&rows),
        share(&rows, |row| row.tagged("trap"), Row::right),
        share(judged(), |row| row.wants_human, meant),
        share(judged(), meant, |row| row.wants_human),
        share(&rows, |row| row.faq.is_some(), Row::faq_right),
        share(&rows, |row| !row.gold["faq"].is_null(), Row::faq_right),
        share(&rows, sure, Row::right),
        share(&rows, all, sure),
    ];
    println!("{:<28} measured  committed", "");
    for ((what, floor), measured) in FLOOR.iter().zip(measured) {
        println!("{what:<28} {measured:>8.4}  {floor:>9.4}");
    }
    for row in rows.iter().filter(|row| !row.right() || !row.faq_right()) {
        println!(
            "{} {} {:?} {}",
            row.gold, row.intent, row.faq, row.confidence
        );
    }
    for ((what, floor), measured) in FLOOR.iter().zip(measured) {
        assert!(
            measured + 5e-5 >= *floor,
            "{what}: {measured:.4}, committed {floor}"
        );
    }
}
