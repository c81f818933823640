//! Answers as people write them: LINE's message objects in TOML, and a few shorthands.
//!
//! Whatever is written, `line_wire::message` judges the finished object; its faults come back with
//! the line of the value that caused them. Nothing is cut to fit.

use crate::automation::variables::{Scope, with_variables};
use crate::automation::{shorthand, wording};
use crate::config::document::{Node, Value};
use crate::config::section::Section;
use crate::domain::playbook::{Answer, Bubble};
use crate::line_wire::message::Fault as WireFault;
use serde_json::Value as Json;
use std::sync::Arc;

/// Most messages of one answer (reference, "Send reply message").
pub const MAX_MESSAGES: usize = 5;

/// Longest gist of an answer, in characters.
const MAX_GIST: usize = 200;

const REPLY: &str = "a list of 1 to 5 messages: [{ type = \"text\", text = \"…\" }]";

/// Reads the answer under a key. `None` when absent, or when a fault was noted.
pub fn answer(section: &Section<'_>, key: &'static str, rule: &str) -> Option<Answer> {
    answer_in(section, key, rule, &Scope::default())
}

/// Like [`answer`], where these variables are known.
pub fn answer_in(
    section: &Section<'_>,
    key: &'static str,
    rule: &str,
    scope: &Scope,
) -> Option<Answer> {
    let entry = section.entry(key)?;
    read(section, key, &entry.node, rule, scope)
}

fn read(
    section: &Section<'_>,
    key: &str,
    node: &Node,
    rule: &str,
    scope: &Scope,
) -> Option<Answer> {
    let Value::List(items) = &node.value else {
        section.fault(key, &node.shown(), REPLY);
        return None;
    };
    if !(1..=MAX_MESSAGES).contains(&items.len()) {
        section.fault(key, &format!("{} messages", items.len()), REPLY);
        return None;
    }
    let mut bubbles: Vec<Bubble> = Vec::with_capacity(items.len());
    let mut gists = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        let path = format!("{}[{i}]", section.path(key));
        let Value::Table(table) = &item.value else {
            let (file, findings) = (section.file(), section.findings());
            findings.fault(file, item.at, &path, &item.shown(), REPLY);
            continue;
        };
        let message = Section::of(section.file(), section.findings(), table, path.clone());
        let written = shorthand::message(&message, table);
        gists.push(gist(&written));
        match with_variables(written, scope) {
            Ok(bubble) => bubbles.push(bubble),
            Err(faults) => note(section, item, &path, &faults),
        }
    }
    if bubbles.len() < items.len() {
        return None;
    }
    for (i, bubble) in bubbles.iter().enumerate() {
        if bubble.quick_reply().is_some() && i + 1 < bubbles.len() {
            let found = format!("quick replies on message {} of {}", i + 1, bubbles.len());
            section.warn(
                key,
                &found,
                "on the last message only: LINE shows no others",
            );
        }
    }
    Some(Answer {
        rule: Arc::from(rule),
        bubbles: bubbles.into(),
        gist: Arc::from(gists.join(" ").chars().take(MAX_GIST).collect::<String>()),
    })
}

/// Notes LINE's limits broken in a message at the lines that break them, in the file's own words.
fn note(section: &Section<'_>, item: &Node, path: &str, faults: &[WireFault]) {
    for fault in faults {
        let told = wording::told(item, path, fault);
        let findings = section.findings();
        findings.fault(
            section.file(),
            told.at,
            &told.key,
            &told.found,
            &told.allowed,
        );
    }
}

/// What a message says, in words.
fn gist(message: &Json) -> String {
    let text = |pointer| message.pointer(pointer).and_then(Json::as_str);
    match message["type"].as_str() {
        Some("text" | "textV2") => text("/text").unwrap_or_default().to_owned(),
        Some("template") => text("/template/text")
            .or(text("/altText"))
            .unwrap_or_default()
            .to_owned(),
        Some("flex" | "imagemap") => text("/altText").unwrap_or_default().to_owned(),
        Some("sticker") => "[貼圖]".to_owned(),
        Some("image") => "[圖片]".to_owned(),
        Some("video") => "[影片]".to_owned(),
        Some("audio") => "[語音]".to_owned(),
        Some("location") => text("/title").map_or("[位置]".to_owned(), str::to_owned),
        _ => String::new(),
    }
}
