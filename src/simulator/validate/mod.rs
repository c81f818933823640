//! Checks messages against LINE's limits, as strictly as the documents allow.
//!
//! Law: collects every fault with its property path, as LINE's `details` do; never changes what it
//! checks. Sources: LINE reference, "Message objects", "Action objects"; docs, "Character counting".

mod action;
mod flex;
mod imagemap;
mod menu;
mod message;
mod template;

pub use menu::check_menu;

use serde::Serialize;
use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

/// Messages of one send.
const MESSAGES_MAX: usize = 5;

/// One fault, as in LINE's `details`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// LINE's text.
    pub message: String,
    /// Path of the property: `messages[0].text`.
    pub property: String,
}

/// Where a message goes decides some rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules<'a> {
    /// The chat, when it is known: quote tokens must be of this chat.
    pub chat: Option<&'a str>,
    /// Mentions are allowed: reply and push to groups and rooms only.
    pub mentions: bool,
}

/// Collects faults.
#[derive(Debug, Default)]
pub(super) struct Faults(pub Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, property: &str, message: &str) {
        self.0.push(Fault {
            message: message.to_owned(),
            property: property.to_owned(),
        });
    }

    /// A text that must be there, with 1 to `max` of what `count` counts.
    pub(super) fn text(&mut self, at: &str, value: &Value, max: usize, count: fn(&str) -> usize) {
        match value {
            Value::String(text) if text.is_empty() => self.add(at, "May not be empty"),
            Value::String(text) if count(text) > max => {
                self.add(at, &format!("Length must be between 0 and {max}"));
            }
            Value::String(_) => {}
            Value::Null => self.add(at, "May not be empty"),
            _ => self.add(at, "Must be a string"),
        }
    }

    /// As [`Faults::text`], when present.
    pub(super) fn maybe(&mut self, at: &str, value: &Value, max: usize, count: fn(&str) -> usize) {
        if !value.is_null() {
            self.text(at, value, max, count);
        }
    }

    /// An `https` address of at most `max` characters.
    pub(super) fn https(&mut self, at: &str, value: &Value, max: usize) {
        self.text(at, value, max, units);
        if let Some(uri) = value.as_str()
            && !uri.is_empty()
            && (!uri.starts_with("https://") || !plain_uri(uri))
        {
            self.add(at, "invalid uri scheme");
        }
    }

    /// A list of `min..=max` items; empty when it is none.
    pub(super) fn list<'v>(
        &mut self,
        at: &str,
        value: &'v Value,
        min: usize,
        max: usize,
    ) -> &'v [Value] {
        let items = value.as_array().map_or(&[] as &[Value], Vec::as_slice);
        if items.len() < min || items.len() > max {
            self.add(at, &format!("Size must be between {min} and {max}"));
            return &[];
        }
        items
    }

    /// A whole number of at least `min`.
    pub(super) fn whole(&mut self, at: &str, value: &Value, min: i64) {
        if value.as_i64().is_none_or(|number| number < min) {
            self.add(at, &format!("Must be an integer of {min} or more"));
        }
    }

    /// One of the given words.
    pub(super) fn one_of(&mut self, at: &str, value: &Value, words: &[&str]) -> bool {
        let known = value.as_str().is_some_and(|word| words.contains(&word));
        if !known {
            self.add(
                at,
                &format!(
                    "Must be one of the following values: [{}]",
                    words.join(", ")
                ),
            );
        }
        known
    }

    /// One of the given words, when present.
    pub(super) fn maybe_one_of(&mut self, at: &str, value: &Value, words: &[&str]) {
        if !value.is_null() {
            self.one_of(at, value, words);
        }
    }
}

/// UTF-16 code units: how LINE counts by default.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Grapheme clusters: how LINE counts labels and template texts.
pub(super) fn graphemes(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Whether an address is already percent-encoded: no blanks, no characters beyond ASCII.
pub(super) fn plain_uri(uri: &str) -> bool {
    uri.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Checks the `messages` of a send.
pub fn check_messages(messages: &Value, rules: Rules<'_>) -> Vec<Fault> {
    let mut faults = Faults::default();
    for (i, message) in faults
        .list("messages", messages, 1, MESSAGES_MAX)
        .iter()
        .enumerate()
    {
        message::check(&mut faults, &format!("messages[{i}]"), message, rules);
    }
    faults.0
}
