//! The shorthands of a reply: `buttons`, `confirm`, `carousel`, `image` by its `url`, `quick_replies`.
//!
//! Everything else passes through as LINE writes it. A shorthand refuses keys it does not know.

use crate::automation::as_json::{json, object};
use crate::automation::postbacks;
use crate::config::document::{Table, Value};
use crate::config::section::Section;
use serde_json::{Map, Value as Json, json};

/// Whether a message is written as a shorthand of LINE's template message.
pub fn is_template(table: &Table) -> bool {
    matches!(kind(table), Some("buttons" | "confirm" | "carousel"))
}

/// Whether a message is a picture written by its address alone.
pub fn is_image(table: &Table) -> bool {
    kind(table) == Some("image") && table.get("url").is_some()
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
        Some("carousel") => carousel(section, table),
        _ if is_image(table) => image(section, table),
        _ => {
            let mut message = object(table);
            if message.remove("quick_replies").is_some() {
                message.insert("quickReply".to_owned(), quick_reply(section));
            }
            Json::Object(message)
        }
    }
}

/// A row of cards: LINE's carousel template.
fn carousel(section: &Section<'_>, table: &Table) -> Json {
    let columns = section.sections("columns").into_iter().map(|column| {
        let mut card = Map::new();
        titled(&column, &mut card);
        copy(&column, "text", &mut card, "text");
        let actions = column.sections("actions").into_iter().map(action);
        card.insert("actions".to_owned(), actions.collect());
        column.finish();
        Json::Object(card)
    });
    let template = json!({ "type": "carousel", "columns": columns.collect::<Json>() });
    let mut message = Map::new();
    message.insert("type".to_owned(), "template".into());
    copy(section, "alt_text", &mut message, "altText");
    if table.get("quick_replies").is_some() {
        message.insert("quickReply".to_owned(), quick_reply(section));
    }
    message.insert("template".to_owned(), template);
    section.only(&["type", "alt_text", "columns", "quick_replies"]);
    Json::Object(message)
}

/// A picture by its address; the preview is the picture itself unless there is another.
fn image(section: &Section<'_>, table: &Table) -> Json {
    let mut message = Map::new();
    message.insert("type".to_owned(), "image".into());
    copy(section, "url", &mut message, "originalContentUrl");
    copy(section, "url", &mut message, "previewImageUrl");
    copy(section, "preview", &mut message, "previewImageUrl");
    if table.get("quick_replies").is_some() {
        message.insert("quickReply".to_owned(), quick_reply(section));
    }
    section.only(&["type", "url", "preview", "quick_replies"]);
    Json::Object(message)
}

fn copy(section: &Section<'_>, key: &'static str, into: &mut Map<String, Json>, name: &str) {
    if let Some(entry) = section.entry(key) {
        into.insert(name.to_owned(), json(&entry.node.value));
    }
}

fn titled(section: &Section<'_>, into: &mut Map<String, Json>) {
    copy(section, "title", into, "title");
    copy(section, "thumbnail", into, "thumbnailImageUrl");
}

fn template(section: &Section<'_>, table: &Table, kind: &str) -> Json {
    let mut template = Map::new();
    let mut message = Map::new();
    template.insert("type".to_owned(), kind.into());
    message.insert("type".to_owned(), "template".into());
    if kind == "buttons" {
        titled(section, &mut template);
    }
    section.entry("type");
    copy(section, "text", &mut template, "text");
    copy(section, "alt_text", &mut message, "altText");
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

/// A label and what a tap does: says a text, opens a URI, sends data, begins a flow, asks for a person.
fn action(section: Section<'_>) -> Json {
    const ALLOWED: &str = "one of text, uri, data, flow, handoff = true beside the label";
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
    // Whether there is such a flow is looked at when all are read: `postbacks::unanswered`.
    if let Some(flow) = section.words("flow", 1..=64) {
        given.push("flow");
        action.insert("data".to_owned(), postbacks::flow_data(flow).into());
    }
    if section.flag("handoff", false) {
        given.push("handoff");
        action.insert("data".to_owned(), postbacks::HANDOFF.into());
    }
    if given.len() != 1 {
        let found = match given.len() {
            0 => "no action".to_owned(),
            _ => given.join(" and "),
        };
        section.fault("label", &found, ALLOWED);
        action.clear();
        action.insert("type".to_owned(), "message".into());
        action.insert("text".to_owned(), "-".into());
    }
    if action.contains_key("data") {
        action.insert("type".to_owned(), "postback".into());
        if let Some(label) = &label {
            action.insert("displayText".to_owned(), label.clone());
        }
    }
    if let Some(label) = label {
        action.insert("label".to_owned(), label);
    }
    section.finish();
    Json::Object(action)
}
