//! Texts with slots in them: paths and bodies of calls. `{slot.NAME}` stands for a value.

use crate::config::document::{Node, Value};
use crate::config::section::Section;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

pub(super) const PATH: &str = "a path like \"/orders/{slot.order_number}\": it begins with /, has no \
                               blanks, and its only variables are slots";

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(Box<str>),
    /// The value of a slot.
    Slot(Arc<str>),
}

/// A text with slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(pub Vec<Piece>);

impl Template {
    /// Names of its slots.
    pub fn slots(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Slot(name) => Some(name),
            Piece::Text(_) => None,
        })
    }

    /// A path with slots; `None` when it is none.
    pub(super) fn path(text: &str) -> Option<Template> {
        let pieces = pieces_of(text)?;
        let is_plain = |text: &str| {
            // What a URL takes as it stands (RFC 3986, 3.3 and 3.4): anything else would be rewritten.
            let good = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&()*+,;=:@/%?".contains(&b);
            // Some servers decode a dot before they look for `..`.
            let dots = |part: &str| {
                let plain = part.replace("%2e", ".").replace("%2E", ".");
                matches!(&*plain, "." | "..")
            };
            text.bytes().all(good) && !text.split(['/', '?']).any(dots)
        };
        let plain = pieces.iter().all(|piece| match piece {
            Piece::Text(text) => is_plain(text),
            Piece::Slot(_) => true,
        });
        (text.starts_with('/') && !text.starts_with("//") && text.len() <= 500 && plain)
            .then_some(Template(pieces))
    }
}

/// The pieces of a text; `None` when a variable is not closed or is no slot.
pub fn pieces_of(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let inside = rest[at + 1..].split_once('}')?;
        let name = inside.0.strip_prefix("slot.")?;
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        if name.is_empty() || !name.bytes().all(good) {
            return None;
        }
        if at > 0 {
            pieces.push(Piece::Text(rest[..at].into()));
        }
        pieces.push(Piece::Slot(Arc::from(name)));
        rest = inside.1;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.into()));
    }
    Some(pieces)
}

/// Adds the slots that texts of a body name.
pub(super) fn slots_of(body: &Json, slots: &mut Vec<Arc<str>>) {
    match body {
        Json::String(text) => {
            let pieces = pieces_of(text).unwrap_or_default();
            slots.extend(Template(pieces).slots().cloned());
        }
        Json::Array(items) => items.iter().for_each(|item| slots_of(item, slots)),
        Json::Object(map) => map.values().for_each(|item| slots_of(item, slots)),
        _ => {}
    }
}

/// Reads a body: a table that becomes a JSON object.
pub(super) fn body(section: &Section<'_>, key: &'static str) -> Option<Json> {
    const BODY: &str = "a table, sent as a JSON object: { address = \"{slot.address}\" }";
    let entry = section.entry(key)?;
    if !matches!(entry.node.value, Value::Table(_)) {
        section.fault(key, &entry.node.shown(), BODY);
        return None;
    }
    Some(json(section, key, &entry.node))
}

fn json(section: &Section<'_>, path: &str, node: &Node) -> Json {
    const TEXT: &str = "text whose only variables are slots: {slot.NAME}";
    match &node.value {
        Value::Text(text) => {
            if pieces_of(&text.text).is_none() {
                let key = section.path(path);
                let findings = section.findings();
                findings.fault(section.file(), node.at, &key, &text.shown(), TEXT);
            }
            Json::String(text.text.clone())
        }
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Bool(value) => Json::Bool(*value),
        Value::Datetime(text) => Json::String(text.clone()),
        Value::List(items) => items.iter().map(|item| json(section, path, item)).collect(),
        Value::Table(table) => {
            let entries = table.entries.iter().map(|entry| {
                let path = format!("{path}.{}", entry.key);
                (entry.key.clone(), json(section, &path, &entry.node))
            });
            Json::Object(entries.collect::<Map<_, _>>())
        }
    }
}
