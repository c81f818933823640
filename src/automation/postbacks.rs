//! Answers to taps on buttons that send data: `[[postback]]`, and a look for taps nobody answers.
//!
//! Refuses data two answers claim, and data of the rich menu's own form (`menu:…`).

use crate::automation::messages;
use crate::config::document::{Document, Node, Value};
use crate::config::fault::{Findings, Place};
use crate::config::section::Section;
use crate::domain::playbook::Tap;
use std::collections::HashMap;
use std::sync::Arc;

/// What answers which data.
pub type Postbacks = HashMap<Arc<str>, Tap>;

/// Reads the `[[postback]]` of one file.
pub fn read(root: &Section<'_>, postbacks: &mut Postbacks) {
    const DATA: &str = "1 to 300 characters, not beginning with \"menu:\"";
    for section in root.sections("postback") {
        section.require("data", DATA);
        section.require("reply", "a list of 1 to 5 messages");
        let data = section.parsed("data", DATA, |text| {
            let good = (1..=300).contains(&text.chars().count()) && !text.starts_with("menu:");
            good.then(|| Arc::<str>::from(text))
        });
        let rule = format!("postback:{}", data.as_deref().unwrap_or_default());
        let answer = messages::answer(&section, "reply", &rule);
        if let Some(data) = data {
            if postbacks.contains_key(&data) {
                section.fault(
                    "data",
                    &format!("{data:?} a second time"),
                    "data of its own",
                );
            }
            postbacks.extend(answer.map(|answer| (data, Tap::Answer(answer))));
        }
        section.finish();
    }
}

/// Warns of buttons whose data nobody answers, each at its line: a tap on them would be a dead end.
pub fn unanswered(documents: &[Document], postbacks: &Postbacks, findings: &Findings) {
    for document in documents {
        for entry in &document.root.entries {
            // A [[postback]] is what answers; its own replies may hold buttons.
            let answers = entry.key == "postback";
            below(&entry.node, &entry.key, answers, &mut |data, at, path| {
                if !postbacks.contains_key(data) {
                    let found = format!("{data:?}, which nothing answers");
                    let allowed = "the data of a [[postback]]";
                    findings.warn(&document.file, at, path, &found, allowed);
                }
            });
        }
    }
}

/// Walks to every `data` of a button that sends it; `answers` leaves out that of the table itself.
fn below(node: &Node, path: &str, answers: bool, tell: &mut impl FnMut(&str, Place, &str)) {
    match &node.value {
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                below(item, &format!("{path}[{i}]"), answers, tell);
            }
        }
        Value::Table(table) => {
            // A shorthand has no type; as LINE writes it, only postbacks are answered by data.
            let sends = match table.get("type").map(|entry| &entry.node.value) {
                None => !answers,
                Some(Value::Text(kind)) => kind.text == "postback",
                Some(_) => false,
            };
            for entry in &table.entries {
                let path = format!("{path}.{}", entry.key);
                match &entry.node.value {
                    Value::Text(text) if sends && entry.key == "data" => {
                        tell(&text.text, entry.node.at, &path);
                    }
                    _ => below(&entry.node, &path, false, tell),
                }
            }
        }
        _ => {}
    }
}
