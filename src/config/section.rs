//! One table of a file, asked key by key; what nobody asked for is refused.
//!
//! A getter notes a fault and answers `None` (or the default) when the value is not allowed, so a
//! reader goes on to the next key. Whoever builds a value out of defaults after a fault must not
//! hand it out: [`Findings::any_fault`] tells.

use crate::config::document::{Document, Entry, Node, Table, Text, Value};
use crate::config::fault::{Findings, Place};
use crate::config::suggest::nearest;
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::Arc;

static EMPTY: Table = Table {
    at: Place { line: 0, column: 0 },
    entries: Vec::new(),
};

/// A table being read.
pub struct Section<'a> {
    file: &'a Arc<str>,
    findings: &'a Findings,
    table: &'a Table,
    path: String,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub fn root(document: &'a Document, findings: &'a Findings) -> Section<'a> {
        Section::of(&document.file, findings, &document.root, String::new())
    }

    /// Any table of a file; `path` names it in findings.
    pub fn of(
        file: &'a Arc<str>,
        findings: &'a Findings,
        table: &'a Table,
        path: String,
    ) -> Section<'a> {
        Section {
            file,
            findings,
            table,
            path,
            asked: RefCell::default(),
        }
    }

    /// The path of a key below this table.
    pub fn path(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }

    /// Where the table stands.
    pub fn at(&self) -> Place {
        self.table.at
    }

    /// The file the table stands in.
    pub fn file(&self) -> &'a Arc<str> {
        self.file
    }

    /// The findings this reading notes to.
    pub fn findings(&self) -> &'a Findings {
        self.findings
    }

    /// Whether the key is there; does not count as asking.
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// The entry, counted as asked for.
    pub fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// The text of a string, whatever else may be wrong with it; does not count as asking.
    pub(crate) fn words_of(&self, key: &str) -> Option<&'a str> {
        match &self.table.get(key)?.node.value {
            Value::Text(text) => Some(&text.text),
            _ => None,
        }
    }

    /// Notes a fault at a key, or at the table when the key is absent.
    pub fn fault(&self, key: &str, found: &str, allowed: &str) {
        let at = self.table.get(key).map_or(self.at(), |entry| entry.node.at);
        self.findings
            .fault(self.file, at, &self.path(key), found, allowed);
    }

    /// Notes a warning at a key, or at the table when the key is absent.
    pub fn warn(&self, key: &str, found: &str, allowed: &str) {
        let at = self.table.get(key).map_or(self.at(), |entry| entry.node.at);
        self.findings
            .warn(self.file, at, &self.path(key), found, allowed);
    }

    pub(crate) fn refuse(&self, key: &str, node: &Node, allowed: &str) {
        self.findings
            .fault(self.file, node.at, &self.path(key), &node.shown(), allowed);
    }

    /// A string. `None` when absent, of another type, or an unset variable.
    pub fn text(&self, key: &'static str, allowed: &str) -> Option<&'a Text> {
        let entry = self.entry(key)?;
        match &entry.node.value {
            Value::Text(text) if text.unset => None,
            Value::Text(text) => Some(text),
            _ => {
                self.refuse(key, &entry.node, allowed);
                None
            }
        }
    }

    /// A string that `read` understands.
    pub fn parsed<T>(
        &self,
        key: &'static str,
        allowed: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(key, allowed)?;
        let value = read(&text.text);
        if value.is_none() {
            self.fault(key, &text.shown(), allowed);
        }
        value
    }

    /// Notes a fault when the key is absent.
    pub fn require(&self, key: &'static str, allowed: &str) {
        if !self.has(key) {
            self.findings
                .fault(self.file, self.at(), &self.path(key), "nothing", allowed);
        }
    }

    /// A string of `min` to `max` characters.
    pub fn words(&self, key: &'static str, length: RangeInclusive<usize>) -> Option<&'a str> {
        let allowed = format!("{} to {} characters", length.start(), length.end());
        let text = self.text(key, &allowed)?;
        if length.contains(&text.text.chars().count()) {
            return Some(&text.text);
        }
        self.fault(key, &text.shown(), &allowed);
        None
    }

    /// A list of strings, each of `length` characters.
    pub fn texts(
        &self,
        key: &'static str,
        count: RangeInclusive<usize>,
        length: RangeInclusive<usize>,
    ) -> Vec<(&'a str, Place)> {
        let Some(entry) = self.entry(key) else {
            return Vec::new();
        };
        let what = format!(
            "strings of {} to {} characters",
            length.start(),
            length.end()
        );
        let allowed = list_of(&count, &what);
        let Value::List(items) = &entry.node.value else {
            self.refuse(key, &entry.node, &allowed);
            return Vec::new();
        };
        if !count.contains(&items.len()) {
            self.refuse(key, &entry.node, &allowed);
        }
        items
            .iter()
            .enumerate()
            .filter_map(|(i, item)| match &item.value {
                Value::Text(text) if length.contains(&text.text.chars().count()) => {
                    Some((text.text.as_str(), item.at))
                }
                _ => {
                    self.refuse(&format!("{key}[{i}]"), item, &what);
                    None
                }
            })
            .collect()
    }

    /// The table below a key; an empty one when absent.
    pub fn section(&self, key: &'static str) -> Section<'a> {
        self.maybe_section(key)
            .unwrap_or_else(|| Section::of(self.file, self.findings, &EMPTY, self.path(key)))
    }

    /// The table below a key, when there is one.
    pub fn maybe_section(&self, key: &'static str) -> Option<Section<'a>> {
        let entry = self.entry(key)?;
        match &entry.node.value {
            Value::Table(table) => {
                let path = self.path(key);
                Some(Section::of(self.file, self.findings, table, path))
            }
            _ => {
                self.refuse(key, &entry.node, "a table");
                None
            }
        }
    }

    /// The tables of a repeated key (`[[key]]`).
    pub fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(entry) = self.entry(key) else {
            return Vec::new();
        };
        let Value::List(items) = &entry.node.value else {
            self.refuse(key, &entry.node, &format!("a list of tables ([[{key}]])"));
            return Vec::new();
        };
        let mut sections = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            let path = format!("{}[{i}]", self.path(key));
            match &item.value {
                Value::Table(table) => {
                    sections.push(Section::of(self.file, self.findings, table, path));
                }
                _ => self
                    .findings
                    .fault(self.file, item.at, &path, &item.shown(), "a table"),
            }
        }
        sections
    }

    /// Ends the reading: keys nobody asked for are faults.
    pub fn finish(self) {
        let asked = self.asked.take();
        self.only(&asked);
    }

    /// Notes a fault for every key but these.
    pub fn only(&self, asked: &[&'static str]) {
        for entry in &self.table.entries {
            if asked.contains(&entry.key.as_str()) {
                continue;
            }
            let allowed = match (nearest(&entry.key, asked), asked.is_empty()) {
                (_, true) => "no keys in this version".to_owned(),
                (Some(near), _) => format!("\"{near}\" (did you mean that?)"),
                (None, _) => {
                    let mut known: Vec<_> = asked.iter().collect();
                    known.sort();
                    known.dedup();
                    one_of(known.into_iter())
                }
            };
            let path = self.path(&entry.key);
            self.findings
                .fault(self.file, entry.at, &path, "an unknown key", &allowed);
        }
    }
}

pub(crate) fn list_of(count: &RangeInclusive<usize>, what: &str) -> String {
    format!("a list of {} to {} {what}", count.start(), count.end())
}

pub(crate) fn one_of(words: impl Iterator<Item = impl Display>) -> String {
    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    words.join(" | ")
}
