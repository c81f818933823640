//! The shorthands of a reply: `buttons`, `confirm`, `quick_replies`.
//!
//! Everything else passes through as LINE writes it. A shorthand refuses keys it does not know.

use crate::automation::as_json::{json, object};
use crate::config::document::{Table, Value};
use crate::config::section::Section;
use serde_json::{Map, Value as Json, json};

/// Whether a message is written as a shorthand of LINE's template message.
pub fn is_template(table: &Table) -> bool {
    matches!(kind(table), Some("buttons" | "confirm"))
}

fn kind(table: &Table) -> Option<&str> {
    match &table.get("type")?.node.value {
        Value::Text(text) => Some(&text.text),
        _ => None,
    }
}

/// The message object that was meant.
pub fn message(section: &Section<'_>, table: &Table) -> Json {
    match kind(table) {
        Some(kind @ ("buttons" | "confirm")) => template(section, table, kind),
        _ => {
            let mut message = object(table);
            if message.remove("quick_replies").is_some() {
                message.insert("quickReply".to_owned(), quick_reply(section));
            }
            Json::Object(message)
        }
    }
}

fn template(section: &Section<'_>, table: &Table, kind: &str) -> Json {
    let mut template = Map::new();
    let mut message = Map::new();
    template.insert("type".to_owned(), kind.into());
    message.insert("type".to_owned(), "template".into());
    for (key, name) in [("title", "title"), ("thumbnail", "thumbnailImageUrl")] {
        if kind == "buttons"
            && let Some(entry) = section.entry(key)
        {
            template.insert(name.to_owned(), json(&entry.node.value));
        }
    }
    section.entry("type");
    if let Some(entry) = section.entry("text") {
        template.insert("text".to_owned(), json(&entry.node.value));
    }
    if let Some(entry) = section.entry("alt_text") {
        message.insert("altText".to_owned(), json(&entry.node.value));
    }
    let actions = section.sections("actions").into_iter().map(action);
    template.insert("actions".to_owned(), actions.collect());
    if table.get("quick_replies").is_some() {
        message.insert("quickReply".to_owned(), quick_reply(section));
    }
    message.insert("template".to_owned(), Json::Object(template));
    let known = [
        "type",
        "text",
        "alt_text",
        "actions",
        "quick_replies",
        "title",
        "thumbnail",
    ];
    let known = if kind == "buttons" {
        &known[..]
    } else {
        &known[..5]
    };
    section.only(known);
    Json::Object(message)
}

fn quick_reply(section: &Section<'_>) -> Json {
    let replies = section.sections("quick_replies").into_iter();
    let items: Json = replies
        .map(|reply| json!({ "type": "action", "action": action(reply) }))
        .collect();
    json!({ "items": items })
}

/// A label and what a tap does: says a text, opens a URI, or sends data.
fn action(section: Section<'_>) -> Json {
    let label = section.entry("label").map(|entry| json(&entry.node.value));
    let mut action = Map::new();
    let mut given = Vec::new();
    for (key, kind, property) in [
        ("text", "message", "text"),
        ("uri", "uri", "uri"),
        ("data", "postback", "data"),
    ] {
        if let Some(entry) = section.entry(key) {
            given.push(key);
            action.insert("type".to_owned(), kind.into());
            action.insert(property.to_owned(), json(&entry.node.value));
        }
    }
    if given.len() != 1 {
        let found = match given.len() {
            0 => "no action".to_owned(),
            _ => given.join(" and "),
        };
        section.fault("label", &found, "one of text, uri, data beside the label");
        action.clear();
        action.insert("type".to_owned(), "message".into());
        action.insert("text".to_owned(), "-".into());
    }
    if given == ["data"]
        && let Some(label) = &label
    {
        action.insert("displayText".to_owned(), label.clone());
    }
    if let Some(label) = label {
        action.insert("label".to_owned(), label);
    }
    section.finish();
    Json::Object(action)
}
