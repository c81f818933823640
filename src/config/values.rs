//! Typed values of a section: secrets, numbers, durations, sizes, words, URLs.
//!
//! Each getter knows its bounds and says them when a value lies outside.

use crate::config::document::{Node, Value};
use crate::config::nearest;
use crate::config::secret::Secret;
use crate::config::section::{Section, list_of, one_of};
use crate::config::units::{BaseUrl, ByteSize, Share, parse_size, parse_span, show_span};
use crate::domain::time::Span;
use std::ops::RangeInclusive;

impl Section<'_> {
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
        self.findings()
            .fault(self.file(), node.at, &self.path(key), found, allowed);
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
        let all = one_of(words.iter().map(|(word, _)| word));
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let near = self.words_of(key).and_then(|word| nearest(word, &known));
        let allowed = match near {
            Some(near) => format!("{all}; did you mean \"{near}\"?"),
            None => all,
        };
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
}

/// Neither empty nor padded, and not half a variable.
fn is_secret(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains("${")
}
