//! What an answer means: `[[connector.outcome]]`, by status and by what stands in its JSON.
//!
//! The outcomes are tried in their order. An answer that fits none is the outcome `failed`.

use crate::config::document::{Node, Value};
use crate::config::section::Section;
use crate::domain::playbook::{MAX_VALUE, cut};
use serde_json::Value as Json;
use std::sync::Arc;

/// The outcome of a call that had none (`ports::connector::FAILED`): no outcome may be called so.
pub const FAILED: &str = "failed";

const STATUS: &str = "a list of statuses like [200, 201] or [\"2xx\"]";
const POINTER: &str = "a JSON pointer like \"/status\" (RFC 6901)";
const WHERE: &str = "a table of JSON pointers and what stands there: \"*\" for anything, a text, a \
                     number, true or false";
const FIELDS: &str = "a table of names and JSON pointers: { status = \"/status\" }, or \
                      { at = \"/status\", or = \"…\", words = { shipped = \"已出貨\" }, max = 40 }";

/// One outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// `name`, as flows know it.
    pub name: Arc<str>,
    /// `status`: ranges, ends included. Default: any.
    pub status: Vec<(u16, u16)>,
    /// `where`: pointers and what must stand there.
    pub conditions: Vec<(Box<str>, Want)>,
    /// `fields` it gives.
    pub fields: Vec<Field>,
}

/// What must stand somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Anything but null.
    Anything,
    /// This value.
    Value(Json),
}

/// A field of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name: `{call.NAME}`.
    pub name: Arc<str>,
    /// Where it stands in the answer.
    pub at: Box<str>,
    /// What it is when nothing stands there.
    pub or: Option<Box<str>>,
    /// Words for values another system has codes for.
    pub words: Vec<(Box<str>, Box<str>)>,
    /// `max`: longest value in UTF-16 units, a longer one is cut. Default and most 300.
    pub max: usize,
}

impl Outcome {
    /// Whether an answer is of this kind.
    pub fn fits(&self, status: u16, body: &Json) -> bool {
        let by_status = self.status.is_empty()
            || self
                .status
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&status));
        by_status
            && self.conditions.iter().all(|(pointer, want)| {
                let found = body.pointer(pointer).filter(|found| !found.is_null());
                match want {
                    Want::Anything => found.is_some(),
                    Want::Value(value) => found == Some(value),
                }
            })
    }
}

/// The value of a field, in words; `None` when it has none.
pub fn at(field: &Field, body: &Json) -> Option<Box<str>> {
    let found = match body.pointer(&field.at) {
        Some(Json::String(text)) if !text.trim().is_empty() => Some(text.trim().into()),
        Some(Json::Number(number)) => Some(number.to_string().into_boxed_str()),
        Some(Json::Bool(value)) => Some(value.to_string().into_boxed_str()),
        _ => None,
    };
    let found: Option<Box<str>> = found.or_else(|| field.or.clone());
    let word = field
        .words
        .iter()
        .find(|(code, _)| found.as_ref() == Some(code));
    let value = word.map(|(_, word)| word.clone()).or(found)?;
    Some(cut(&value, field.max).into())
}

/// Reads the outcomes of a connector.
pub(super) fn all(section: &Section<'_>) -> Vec<Outcome> {
    let sections = section.sections("outcome");
    if sections.is_empty() {
        section.fault("outcome", "no outcome", "one [[connector.outcome]] or more");
    }
    let mut outcomes: Vec<Outcome> = Vec::new();
    for section in sections {
        const NAME: &str =
            "1 to 64 of a-z 0-9 _ -, not \"failed\": that is every answer which fits none";
        section.require("name", NAME);
        let name = section.parsed("name", NAME, |text| {
            super::id(text).filter(|name| **name != *FAILED)
        });
        let outcome = Outcome {
            name: name.unwrap_or_else(|| Arc::from("")),
            status: statuses(&section),
            conditions: conditions(&section),
            fields: fields(&section),
        };
        if outcomes.iter().any(|known| known.name == outcome.name) && !outcome.name.is_empty() {
            let found = format!("{:?} a second time", outcome.name);
            section.fault("name", &found, "a name of its own");
        }
        if let Some(first) = outcomes.iter().find(|known| {
            known.conditions.is_empty()
                && (known.status.is_empty() || known.status == outcome.status)
        }) {
            let found = format!("what \"{}\" takes before it", first.name);
            section.warn(
                "name",
                &found,
                "an order in which each outcome can be reached",
            );
        }
        outcomes.push(outcome);
        section.finish();
    }
    outcomes
}

fn statuses(section: &Section<'_>) -> Vec<(u16, u16)> {
    let Some(entry) = section.entry("status") else {
        return Vec::new();
    };
    let Value::List(items) = &entry.node.value else {
        section.fault("status", &entry.node.shown(), STATUS);
        return Vec::new();
    };
    let range = |item: &Node| match &item.value {
        Value::Integer(status) => u16::try_from(*status).ok().map(|status| (status, status)),
        Value::Text(text) => {
            let hundreds: u16 = text.text.strip_suffix("xx")?.parse().ok()?;
            let from = hundreds.checked_mul(100)?;
            Some((from, from.checked_add(99)?))
        }
        _ => None,
    };
    let mut ranges = Vec::new();
    for (i, item) in items.iter().enumerate() {
        match range(item).filter(|(from, to)| (200..=599).contains(from) && *to <= 599) {
            Some(range) => ranges.push(range),
            None => note(section, &format!("status[{i}]"), item, STATUS),
        }
    }
    if items.is_empty() {
        section.fault("status", "an empty list", STATUS);
    }
    ranges
}

fn conditions(section: &Section<'_>) -> Vec<(Box<str>, Want)> {
    let Some(entry) = section.entry("where") else {
        return Vec::new();
    };
    let Value::Table(table) = &entry.node.value else {
        section.fault("where", &entry.node.shown(), WHERE);
        return Vec::new();
    };
    let mut conditions = Vec::new();
    for entry in &table.entries {
        let key = format!("where.{}", entry.key);
        if !is_pointer(&entry.key) {
            note_at(
                section,
                &key,
                entry.at,
                &format!("{:?}", entry.key),
                POINTER,
            );
            continue;
        }
        let want = match &entry.node.value {
            Value::Text(text) if text.text == "*" => Some(Want::Anything),
            Value::Text(text) => Some(Want::Value(Json::from(text.text.as_str()))),
            Value::Integer(number) => Some(Want::Value(Json::from(*number))),
            Value::Bool(value) => Some(Want::Value(Json::from(*value))),
            _ => None,
        };
        match want {
            Some(want) => conditions.push((entry.key.as_str().into(), want)),
            None => note(section, &key, &entry.node, WHERE),
        }
    }
    conditions
}

fn fields(section: &Section<'_>) -> Vec<Field> {
    let Some(entry) = section.entry("fields") else {
        return Vec::new();
    };
    let Value::Table(table) = &entry.node.value else {
        section.fault("fields", &entry.node.shown(), FIELDS);
        return Vec::new();
    };
    let mut fields = Vec::new();
    for entry in &table.entries {
        let key = format!("fields.{}", entry.key);
        let Some(name) = super::id(&entry.key) else {
            note_at(
                section,
                &key,
                entry.at,
                &format!("{:?}", entry.key),
                super::ID,
            );
            continue;
        };
        let field = match &entry.node.value {
            Value::Text(text) => pointer(&text.text).map(|at| Field {
                name,
                at,
                or: None,
                words: Vec::new(),
                max: MAX_VALUE,
            }),
            Value::Table(table) => {
                let path = section.path(&key);
                let below = Section::of(section.file(), section.findings(), table, path);
                below.require("at", POINTER);
                let at = below.parsed("at", POINTER, pointer);
                let or = below.words("or", 1..=300).map(Into::into);
                let words = words(&below);
                let max = below.integer("max", 1..=MAX_VALUE as i64);
                let max = max.and_then(|max| usize::try_from(max).ok());
                below.finish();
                match at {
                    Some(at) => Some(Field {
                        name,
                        at,
                        or,
                        words,
                        max: max.unwrap_or(MAX_VALUE),
                    }),
                    None => continue,
                }
            }
            _ => None,
        };
        match field {
            Some(field) => fields.push(field),
            None => note(section, &key, &entry.node, FIELDS),
        }
    }
    fields
}

fn words(section: &Section<'_>) -> Vec<(Box<str>, Box<str>)> {
    const WORDS: &str = "a table of values and the words for them";
    let Some(entry) = section.entry("words") else {
        return Vec::new();
    };
    let Value::Table(table) = &entry.node.value else {
        section.fault("words", &entry.node.shown(), WORDS);
        return Vec::new();
    };
    let mut words = Vec::new();
    for entry in &table.entries {
        match &entry.node.value {
            Value::Text(text) => words.push((entry.key.as_str().into(), text.text.as_str().into())),
            _ => note(section, &format!("words.{}", entry.key), &entry.node, WORDS),
        }
    }
    words
}

fn is_pointer(text: &str) -> bool {
    text.is_empty() || text.starts_with('/')
}

fn pointer(text: &str) -> Option<Box<str>> {
    is_pointer(text).then(|| text.into())
}

fn note(section: &Section<'_>, key: &str, node: &Node, allowed: &str) {
    note_at(section, key, node.at, &node.shown(), allowed);
}

fn note_at(
    section: &Section<'_>,
    key: &str,
    at: crate::config::fault::Place,
    found: &str,
    allowed: &str,
) {
    let path = section.path(key);
    let findings = section.findings();
    findings.fault(section.file(), at, &path, found, allowed);
}
