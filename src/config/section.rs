//! One table of a file, asked key by key; what nobody asked for is refused.
//!
//! A getter notes a fault and answers `None` (or the default) when the value is not allowed, so a
//! reader goes on to the next key. Whoever builds a value out of defaults after a fault must not
//! hand it out: [`Findings::any_fault`] tells.

use crate::config::document::{Document, Entry, Node, Table, Text, Value};
use crate::config::fault::{Findings, Place};
use crate::config::secret::Secret;
use crate::config::units::{BaseUrl, ByteSize, Share, parse_size, parse_span, show_span};
use crate::domain::time::Span;
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

    fn refuse(&self, key: &str, node: &Node, allowed: &str) {
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

    /// A secret: a string that is not empty. Never shown.
    pub fn secret(&self, key: &'static str) -> Option<Secret> {
        let entry = self.entry(key)?;
        self.secret_of(key, &entry.node)
    }

    /// A list of `count` secrets.
    pub fn secrets(&self, key: &'static str, count: RangeInclusive<usize>) -> Option<Vec<Secret>> {
        let entry = self.entry(key)?;
        let Value::List(items) = &entry.node.value else {
            self.hidden(key, &entry.node, &list_of(&count, "strings"));
            return None;
        };
        if !count.contains(&items.len()) {
            self.refuse(key, &entry.node, &list_of(&count, "strings"));
            return None;
        }
        items.iter().map(|item| self.secret_of(key, item)).collect()
    }

    fn secret_of(&self, key: &str, node: &Node) -> Option<Secret> {
        match &node.value {
            Value::Text(text) if text.unset => None,
            Value::Text(text) if is_secret(&text.text) => Some(Secret::new(&text.text)),
            _ => {
                self.hidden(
                    key,
                    node,
                    "\"${NAME}\" as the whole value, or a string without blanks around it",
                );
                None
            }
        }
    }

    fn hidden(&self, key: &str, node: &Node, allowed: &str) {
        let found = match &node.value {
            Value::Text(text) if text.text.is_empty() => "\"\"",
            _ => "something else (not shown)",
        };
        self.findings
            .fault(self.file, node.at, &self.path(key), found, allowed);
    }

    /// A whole number within bounds.
    pub fn integer(&self, key: &'static str, bounds: RangeInclusive<i64>) -> Option<i64> {
        let entry = self.entry(key)?;
        let allowed = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        let number = match &entry.node.value {
            Value::Integer(number) => Some(*number),
            Value::Text(text) if text.unset => return None,
            Value::Text(text) if text.variable.is_some() => text.text.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| bounds.contains(number));
        if number.is_none() {
            self.refuse(key, &entry.node, &allowed);
        }
        number
    }

    /// True or false.
    pub fn flag(&self, key: &'static str, default: bool) -> bool {
        let Some(entry) = self.entry(key) else {
            return default;
        };
        let value = match &entry.node.value {
            Value::Bool(value) => Some(*value),
            Value::Text(text) if text.unset => return default,
            Value::Text(text) if text.variable.is_some() => text.text.parse().ok(),
            _ => None,
        };
        value.unwrap_or_else(|| {
            self.refuse(key, &entry.node, "true or false");
            default
        })
    }

    /// A number from 0 to 1.
    pub fn share(&self, key: &'static str, default: f64) -> Share {
        let fallback = Share::new(default).expect("defaults lie within 0 to 1");
        let Some(entry) = self.entry(key) else {
            return fallback;
        };
        let number = match &entry.node.value {
            Value::Float(number) => Some(*number),
            Value::Integer(0) => Some(0.0),
            Value::Integer(1) => Some(1.0),
            Value::Text(text) if text.unset => return fallback,
            Value::Text(text) if text.variable.is_some() => text.text.parse().ok(),
            _ => None,
        };
        number.and_then(Share::new).unwrap_or_else(|| {
            self.refuse(key, &entry.node, "a number from 0 to 1");
            fallback
        })
    }

    /// A duration with its unit, within bounds.
    pub fn span(&self, key: &'static str, default: Span, bounds: RangeInclusive<Span>) -> Span {
        let (low, high) = (show_span(*bounds.start()), show_span(*bounds.end()));
        let allowed = format!("a duration like \"20s\", from {low} to {high}");
        self.parsed(key, &allowed, |text| {
            parse_span(text).filter(|span| bounds.contains(span))
        })
        .unwrap_or(default)
    }

    /// A size with its unit, within bounds.
    pub fn size(
        &self,
        key: &'static str,
        default: ByteSize,
        bounds: RangeInclusive<ByteSize>,
    ) -> ByteSize {
        let allowed = format!(
            "a size like \"2MiB\", from {} to {}",
            bounds.start(),
            bounds.end()
        );
        self.parsed(key, &allowed, |text| {
            parse_size(text).filter(|size| bounds.contains(size))
        })
        .unwrap_or(default)
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)], default: T) -> T {
        let allowed = one_of(words.iter().map(|(word, _)| word));
        self.parsed(key, &allowed, |text| {
            words
                .iter()
                .find_map(|(word, value)| (*word == text).then_some(*value))
        })
        .unwrap_or(default)
    }

    /// The root of an HTTP API.
    pub fn base_url(&self, key: &'static str, default: &str) -> BaseUrl {
        self.parsed(
            key,
            "an https:// URL without query, or http:// to this machine (127.0.0.1, localhost)",
            BaseUrl::parse,
        )
        .unwrap_or_else(|| BaseUrl::parse(default).expect("defaults are good URLs"))
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

fn list_of(count: &RangeInclusive<usize>, what: &str) -> String {
    format!("a list of {} to {} {what}", count.start(), count.end())
}

fn one_of(words: impl Iterator<Item = impl Display>) -> String {
    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    words.join(" | ")
}

/// The known word nearest to a mistyped one: at most a third of its letters differ.
pub fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

/// Neither empty nor padded, and not half a variable.
fn is_secret(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains("${")
}
