//! Answers to taps on buttons that send data: `[[postback]]`, and a look for taps nobody answers.
//!
//! Refuses data two answers claim, and data of the rich menu's own form (`menu:…`).

use crate::automation::messages;
use crate::config::fault::{Findings, Place};
use crate::config::section::Section;
use crate::domain::playbook::Answer;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// What answers which data.
pub type Postbacks = HashMap<Arc<str>, Answer>;

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
            postbacks.extend(answer.map(|answer| (data, answer)));
        }
        section.finish();
    }
}

/// Warns of buttons whose data nobody answers: a tap on them would be a dead end.
pub fn unanswered<'a>(
    answers: impl Iterator<Item = &'a Answer>,
    postbacks: &Postbacks,
    folder: &Arc<str>,
    findings: &Findings,
) {
    for answer in answers {
        for bubble in answer.bubbles.iter() {
            for json in [Some(bubble.json()), bubble.quick_reply()]
                .into_iter()
                .flatten()
            {
                let json: Value = serde_json::from_str(json).unwrap_or_default();
                let mut sent = Vec::new();
                data_of(&json, &mut sent);
                for data in sent {
                    if !postbacks.contains_key(data.as_str()) {
                        let key = format!("the reply of \"{}\"", answer.rule);
                        let found = format!("a button with data {data:?}, which nothing answers");
                        let allowed = "data of a [[postback]]";
                        findings.warn(folder, Place::default(), &key, &found, allowed);
                    }
                }
            }
        }
    }
}

fn data_of(json: &Value, sent: &mut Vec<String>) {
    match json {
        Value::Object(map) => {
            if let (Some(Value::String(kind)), Some(Value::String(data))) =
                (map.get("type"), map.get("data"))
                && kind == "postback"
            {
                sent.push(data.clone());
            }
            map.values().for_each(|value| data_of(value, sent));
        }
        Value::Array(items) => items.iter().for_each(|value| data_of(value, sent)),
        _ => {}
    }
}
