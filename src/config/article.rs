//! A help article as written: a front matter between fences, then the text.
//!
//! Between two lines `---` stands the small part of YAML that people write there: `key: value`,
//! `key: [a, b]`, or a key with `- item` lines below it; between two lines `+++` stands TOML. Whatever
//! else YAML knows is refused with its line, not guessed. The text below is taken as it is.

use crate::config::document::{Document, Entry, Env, Node, Table, Value};
use crate::config::fault::{Findings, Place};
use std::sync::Arc;

/// One file of `knowledge/`.
#[derive(Clone, Debug)]
pub struct ArticleAsWritten {
    /// The front matter.
    pub front: Document,
    /// The text below it, blank lines around it left out.
    pub body: String,
    /// Where the text begins; the end of the file when there is none.
    pub body_at: Place,
}

const FENCES: &str = "\"---\" as the first line, then id, title, tags, aliases, then \"---\", then \
                      the text; or the same in TOML between \"+++\"";
const LINES: &str = "\"key: value\", \"key: [a, b]\", or \"- item\" below a key";

impl ArticleAsWritten {
    /// Reads a file; faults are noted. `None` when no front matter can be told from the text.
    pub fn parse(
        file: &Arc<str>,
        text: &str,
        env: Env<'_>,
        findings: &Findings,
    ) -> Option<ArticleAsWritten> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.replace("\r\n", "\n");
        let lines: Vec<&str> = text.split('\n').collect();
        let fence = lines[0].trim_end();
        if !matches!(fence, "---" | "+++") {
            findings.fault(file, line(1), "", "no front matter", FENCES);
            return None;
        }
        let end = lines
            .iter()
            .skip(1)
            .position(|line| line.trim_end() == fence);
        let Some(end) = end.map(|at| at + 1) else {
            let found = format!("no second \"{fence}\"");
            findings.fault(file, line(1), "", &found, FENCES);
            return None;
        };
        let front = if fence == "+++" {
            // An empty line for the fence keeps the places true.
            let toml = format!("\n{}", lines[1..end].join("\n"));
            Document::parse(file, &toml, env, findings)
        } else {
            Front::read(file, &lines[1..end], env, findings)
        };
        let below = &lines[end + 1..];
        let blank = |line: &&&str| line.trim().is_empty();
        let skipped = below.iter().take_while(blank).count();
        let at = (end + 1 + skipped).min(lines.len() - 1);
        let body = below[skipped..].join("\n");
        Some(ArticleAsWritten {
            front,
            body: body.trim_end().to_owned(),
            body_at: line(at + 1),
        })
    }
}

fn line(number: usize) -> Place {
    Place {
        line: u32::try_from(number).unwrap_or(u32::MAX),
        column: 1,
    }
}

/// The reader of the lines between `---`.
struct Front<'f> {
    document: Document,
    env: Env<'f>,
    findings: &'f Findings,
}

impl Front<'_> {
    fn read(file: &Arc<str>, lines: &[&str], env: Env<'_>, findings: &Findings) -> Document {
        let document = Document {
            file: file.clone(),
            root: Table {
                at: line(1),
                entries: Vec::new(),
            },
            unset: Vec::new(),
            broken: false,
        };
        let mut front = Front {
            document,
            env,
            findings,
        };
        for (text, number) in lines.iter().zip(2..) {
            front.line(text, number);
        }
        front.document
    }

    fn fault(&mut self, at: Place, key: &str, found: &str, allowed: &str) {
        self.document.broken = true;
        let file = &self.document.file;
        self.findings.fault(file, at, key, found, allowed);
    }

    fn line(&mut self, text: &str, number: usize) {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            return;
        }
        let indent = text.chars().take_while(|c| c.is_whitespace()).count();
        let mut at = line(number);
        at.column = u32::try_from(indent + 1).unwrap_or(u32::MAX);
        if let Some(item) = trimmed.strip_prefix('-') {
            self.item(item.trim(), at);
            return;
        }
        let found = format!("{:?}", shortened(trimmed));
        let Some((key, value)) = trimmed.split_once(':').filter(|_| indent == 0) else {
            self.fault(at, "", &found, LINES);
            return;
        };
        let key = key.trim_end();
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            self.fault(at, "", &found, LINES);
            return;
        }
        if let Some(first) = self.document.root.get(key) {
            let found = format!("a second \"{key}\", the first is in line {}", first.at.line);
            self.fault(at, key, &found, "each key once");
            return;
        }
        let mut value_at = at;
        let skipped = text.chars().count() - value.trim_start().chars().count();
        value_at.column = u32::try_from(skipped + 1).unwrap_or(u32::MAX);
        let value = self.value(value.trim(), value_at, key);
        self.document.root.entries.push(Entry {
            key: key.to_owned(),
            at,
            node: Node {
                at: value_at,
                value,
            },
        });
    }

    /// `- item` below the last key, which has nothing else.
    fn item(&mut self, text: &str, at: Place) {
        let Some(entry) = self.document.root.entries.last_mut() else {
            self.fault(at, "", "an item without a key", LINES);
            return;
        };
        let key = entry.key.clone();
        let Value::List(_) = &entry.node.value else {
            self.fault(
                at,
                &key,
                "an item below a value",
                "a value, or items below the key",
            );
            return;
        };
        let Some(value) = self.scalar(text, at, &key) else {
            return;
        };
        let last = self.document.root.entries.last_mut();
        if let Some(Entry { node, .. }) = last
            && let Value::List(items) = &mut node.value
        {
            items.push(Node { at, value });
        }
    }

    fn value(&mut self, text: &str, at: Place, key: &str) -> Value {
        if text.is_empty() || text.starts_with('#') {
            return Value::List(Vec::new());
        }
        let Some(inside) = text.strip_prefix('[') else {
            return self.scalar(text, at, key).unwrap_or(Value::Bool(false));
        };
        let Some((inside, rest)) = inside.rsplit_once(']') else {
            let allowed = "\"]\" in the same line, or \"- item\" lines below the key";
            self.fault(at, key, "a list without its end", allowed);
            return Value::List(Vec::new());
        };
        if !rest.trim().is_empty() && !rest.trim_start().starts_with('#') {
            let found = format!("{:?} behind the list", shortened(rest.trim()));
            self.fault(at, key, &found, "the list alone");
        }
        let mut items = Vec::new();
        for part in parts(inside) {
            let part = part.trim();
            if !part.is_empty()
                && let Some(value) = self.scalar(part, at, key)
            {
                items.push(Node { at, value });
            }
        }
        Value::List(items)
    }

    fn scalar(&mut self, text: &str, at: Place, key: &str) -> Option<Value> {
        let plain = match text.chars().next() {
            Some(quote @ ('"' | '\'')) => match quoted(text, quote) {
                Some(plain) => plain,
                None => {
                    let found = shortened(text);
                    let allowed = "the closing quote at the end; \\\" for a quote within";
                    self.fault(at, key, &found, allowed);
                    return None;
                }
            },
            Some('{' | '&' | '*' | '!' | '|' | '>' | '%' | '@' | '`') => {
                let found = shortened(text);
                let allowed = "plain words; in \"quotes\" when they begin with a sign";
                self.fault(at, key, &found, allowed);
                return None;
            }
            _ => text
                .split(" #")
                .next()
                .unwrap_or_default()
                .trim_end()
                .to_owned(),
        };
        let text = self.document.text(&plain, at, key, self.env);
        Some(Value::Text(text))
    }
}

/// The text between quotes; `None` when they do not close at its end.
fn quoted(text: &str, quote: char) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    letters.next();
    loop {
        match letters.next()? {
            '\\' if quote == '"' => plain.push(letters.next()?),
            letter if letter == quote => break,
            letter => plain.push(letter),
        }
    }
    let rest = letters.as_str().trim_start();
    (rest.is_empty() || rest.starts_with('#')).then_some(plain)
}

/// Splits at commas outside of quotes.
fn parts(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut begin, mut within, mut escaped) = (0, None, false);
    for (at, letter) in text.char_indices() {
        match within {
            Some('"') if letter == '\\' && !escaped => {
                escaped = true;
                continue;
            }
            Some(quote) if letter == quote && !escaped => within = None,
            None if matches!(letter, '"' | '\'') && text[begin..at].trim().is_empty() => {
                within = Some(letter);
            }
            None if matches!(letter, ',' | '，' | '、') => {
                found.push(&text[begin..at]);
                begin = at + letter.len_utf8();
            }
            _ => {}
        }
        escaped = false;
    }
    found.push(&text[begin..]);
    found
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests;
