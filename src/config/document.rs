//! One TOML file as written: a tree whose every key and value knows its place.
//!
//! `${NAME}` is resolved here, for whole strings only: a value that is half variable would show
//! half a secret in an error. An unset variable leaves the text as written and is remembered;
//! `${NAME:-value}` has a value for that case.

use crate::config::fault::{Fault, Findings, Place, Severity};
use std::fmt;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Syntax faults told of one file.
const MOST_SYNTAX_FAULTS: usize = 3;

/// Where environment variables come from: the process, a test, or nowhere.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where the value begins.
    pub at: Place,
    /// The value.
    pub value: Value,
}

/// A value as TOML knows it.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string, after `${NAME}`.
    Text(Text),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A date or time, as written. Nothing in the config takes one yet.
    Datetime(String),
    /// `[…]`, or repeated `[[…]]`.
    List(Vec<Node>),
    /// `{…}` or `[…]` headers.
    Table(Table),
}

/// A string value. What came from a variable is redacted in `Debug`.
#[derive(Clone)]
pub struct Text {
    /// The text; `${NAME}` as written while the variable is unset.
    pub text: String,
    /// The variable it came from.
    pub variable: Option<String>,
    /// The variable is named and unset, or empty.
    pub unset: bool,
}

/// A table, its entries in file order.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Where it begins.
    pub at: Place,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// One `key = value`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub at: Place,
    /// The value.
    pub node: Node,
}

impl Table {
    /// The entry with this key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl Node {
    /// The value as a person wrote it, shortened; variables by name, never by value.
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Text(text) => text.shown(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Datetime(text) => text.clone(),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Table(_) => "a table".to_owned(),
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Text {
    /// The text in quotes, at most 60 characters of it.
    pub fn shown(&self) -> String {
        if let Some(name) = &self.variable {
            return format!("\"${{{name}}}\"");
        }
        if self.text.chars().count() <= 60 {
            return format!("{:?}", self.text);
        }
        let head: String = self.text.chars().take(57).collect();
        format!("{:?}", format!("{head}..."))
    }
}

/// One file.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file, as reached from the working directory.
    pub file: Arc<str>,
    /// Its contents.
    pub root: Table,
    /// Variables it names that are unset or empty.
    pub unset: Vec<Fault>,
    /// It is not TOML: faults are noted, the contents are empty.
    pub broken: bool,
}

impl Document {
    /// Reads a text; syntax faults are noted, the first few, and leave an empty document. Line ends of
    /// Windows editors are taken for plain ones: customers must not get them.
    pub fn parse(file: &str, text: &str, env: Env<'_>, findings: &Findings) -> Document {
        let mut document = Document {
            file: Arc::from(file),
            root: Table::default(),
            unset: Vec::new(),
            broken: false,
        };
        let plain = text.replace("\r\n", "\n");
        let text = plain.as_str();
        let lines = Lines::of(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            let mut walk = Walk {
                lines: &lines,
                env,
                document: &mut document,
                path: String::new(),
            };
            let table = walk.table(root.into_inner(), Place { line: 1, column: 1 });
            document.root = table;
            document
                .unset
                .sort_by_key(|unset| (unset.line, unset.column));
        }
        document.broken = !errors.is_empty();
        // One slip makes a parser stumble many times: what follows the first few only hides them.
        for error in errors.into_iter().take(MOST_SYNTAX_FAULTS) {
            let at = lines.place(error.span().map_or(0, |span| span.start));
            let found = error.message().lines().collect::<Vec<_>>().join("; ");
            findings.fault(&document.file, at, "", &found, "TOML");
        }
        document
    }
}

/// Byte offsets to lines and columns.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Lines<'t> {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Lines { text, starts }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line.saturating_sub(1)];
        let column = self
            .text
            .get(start..offset)
            .map_or(0, |head| head.chars().count());
        Place {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        }
    }
}

struct Walk<'w, 't> {
    lines: &'w Lines<'t>,
    env: Env<'w>,
    document: &'w mut Document,
    path: String,
}

impl Walk<'_, '_> {
    fn table(&mut self, table: DeTable<'_>, at: Place) -> Table {
        let mut entries: Vec<Entry> = table
            .into_iter()
            .map(|(key, value)| {
                let place = self.lines.place(key.span().start);
                let key = key.into_inner().into_owned();
                let node = self.below(&key, |walk| walk.node(value));
                Entry {
                    key,
                    at: place,
                    node,
                }
            })
            .collect();
        entries.sort_by_key(|entry| entry.at);
        Table { at, entries }
    }

    fn below<T>(&mut self, step: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        if length > 0 && !step.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(step);
        let result = work(self);
        self.path.truncate(length);
        result
    }

    fn node(&mut self, value: Spanned<DeValue<'_>>) -> Node {
        let at = self.lines.place(value.span().start);
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(self.text(&text, at)),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Value::Integer(number),
                    Err(_) => Value::Datetime(number.as_str().to_owned()),
                }
            }
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => Value::Float(number),
                Err(_) => Value::Datetime(number.as_str().to_owned()),
            },
            DeValue::Boolean(value) => Value::Bool(value),
            DeValue::Datetime(value) => Value::Datetime(value.to_string()),
            DeValue::Array(items) => Value::List(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(i, item)| self.below(&format!("[{i}]"), |walk| walk.node(item)))
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table, at)),
        };
        Node { at, value }
    }

    fn text(&mut self, text: &str, at: Place) -> Text {
        let Some((name, default)) = variable(text) else {
            return Text {
                text: text.to_owned(),
                variable: None,
                unset: false,
            };
        };
        let given = (self.env)(name);
        let is_empty = given.is_some();
        let value = given.filter(|value| !value.is_empty());
        let value = value.or_else(|| default.map(str::to_owned));
        if value.is_none() {
            let found = if is_empty {
                format!("\"${{{name}}}\" and the environment variable {name} is set, but empty")
            } else {
                format!("\"${{{name}}}\" and no environment variable {name}")
            };
            self.document.unset.push(Fault {
                file: self.document.file.clone(),
                line: at.line,
                column: at.column,
                key: self.path.clone(),
                found,
                allowed: format!("{name} set to the value before serving"),
                severity: Severity::Warning,
            });
        }
        Text {
            unset: value.is_none(),
            text: value.unwrap_or_else(|| text.to_owned()),
            variable: Some(name.to_owned()),
        }
    }
}

/// The name in `${NAME}` or `${NAME:-value}`, when that is the whole text, and the value.
fn variable(text: &str) -> Option<(&str, Option<&str>)> {
    let inside = text.strip_prefix("${")?.strip_suffix('}')?;
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let good = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let good = good && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    good.then_some((name, default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_with_a_value_of_its_own_is_never_unset() {
        let findings = Findings::default();
        let text =
            "a = \"${A:-http://127.0.0.1:1}\"\nb = \"${B:-}\"\nc = \"${C:-x}\"\nd = \"${D}\"\n";
        let env = |name: &str| (name == "C").then(|| "set".to_owned());
        let document = Document::parse("f", text, &env, &findings);
        let of = |key| match &document.root.get(key).unwrap().node.value {
            Value::Text(text) => text.text.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(of("a"), "http://127.0.0.1:1");
        assert_eq!(of("b"), "");
        assert_eq!(of("c"), "set");
        assert_eq!(document.unset.len(), 1);
        assert_eq!(document.unset[0].key, "d");
    }
}
