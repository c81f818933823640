//! `[[slot]]`: what a flow may ask for, how a value is recognised, how long it can be.
//!
//! A slot is written once and used by any number of flows: slots of one name mean one thing.

use crate::automation::flows::reading::{Choice, Free, Not, Number, Reader};
use crate::config::document::Value;
use crate::config::fault::{Findings, Place};
use crate::config::section::Section;
use crate::domain::playbook::{Flow, MAX_VALUE};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most slots of one config.
const MAX_SLOTS: usize = 128;

pub(super) const ID: &str = "1 to 64 of a-z 0-9 _ -";

/// All slots of a config.
#[derive(Debug, Default)]
pub(super) struct Slots {
    all: BTreeMap<Arc<str>, Slot>,
    /// Warnings that need the flows, kept as places.
    places: Vec<(Arc<str>, Arc<str>, Place)>,
    unused: Vec<Arc<str>>,
}

/// One slot.
#[derive(Debug)]
pub(super) struct Slot {
    /// Whether a later flow of the same conversation may use the value.
    pub(super) remember: bool,
    /// It agrees to what was said before.
    pub(super) confirms: bool,
    /// Longest value, in UTF-16 units.
    pub(super) max: usize,
    /// The only values, when there are only these.
    pub(super) values: Option<Vec<Arc<str>>>,
    reader: Reader,
}

impl Slot {
    /// Whether any words are an answer.
    pub(super) fn is_free(&self) -> bool {
        matches!(self.reader, Reader::Text(_))
    }
}

impl Slots {
    /// The slot with this name.
    pub(super) fn get(&self, name: &str) -> Option<&Slot> {
        self.all.get(name)
    }

    /// How the slot with this name is read.
    pub(super) fn reader(&self, name: &str) -> Option<&Reader> {
        self.all.get(name).map(|slot| &slot.reader)
    }

    /// All names.
    pub(super) fn names(&self) -> Vec<&str> {
        self.all.keys().map(|name| &**name).collect()
    }

    /// Reads the `[[slot]]` of one file.
    pub(super) fn read(&mut self, root: &Section<'_>) {
        for section in root.sections("slot") {
            section.require("id", ID);
            section.require("kind", KINDS);
            let id = section.parsed("id", ID, id);
            let slot = slot(&section);
            if let (Some(id), Some(slot)) = (id, slot) {
                if self.all.contains_key(&id) {
                    let found = format!("{id:?} a second time");
                    section.fault("id", &found, "an id of its own");
                }
                if self.all.len() == MAX_SLOTS {
                    section.fault("id", "one slot too many", &format!("{MAX_SLOTS} slots"));
                }
                self.places
                    .push((id.clone(), section.file().clone(), section.at()));
                self.all.insert(id, slot);
            }
            section.finish();
        }
    }

    /// Remembers which slots no flow asks for.
    pub(super) fn warn_unused(&mut self, flows: &[Flow]) {
        let is_used = |name: &Arc<str>| flows.iter().any(|flow| flow.slot(name).is_some());
        self.unused = self
            .all
            .keys()
            .filter(|name| !is_used(name))
            .cloned()
            .collect();
    }

    /// Warns of slots no flow asks for.
    pub(super) fn tell(&self, findings: &Findings) {
        for (id, file, at) in &self.places {
            if self.unused.contains(id) {
                let key = format!("slot \"{id}\"");
                findings.warn(
                    file,
                    *at,
                    &key,
                    "a slot no flow asks for",
                    "a step that asks for it",
                );
            }
        }
    }
}

const KINDS: &str = "\"pattern\" | \"choice\" | \"yes_no\" | \"text\" | \"phone\" | \"email\" | \
                     \"date\" | \"address\"";

/// An id of a slot, flow or step.
pub(super) fn id(text: &str) -> Option<Arc<str>> {
    let good = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
    good.then(|| Arc::from(text))
}

#[derive(Clone, Copy)]
enum Kind {
    Pattern,
    Choice,
    YesNo,
    Text,
    Phone,
    Email,
    Date,
    Address,
}

fn slot(section: &Section<'_>) -> Option<Slot> {
    let kinds = [
        ("pattern", Kind::Pattern),
        ("choice", Kind::Choice),
        ("yes_no", Kind::YesNo),
        ("text", Kind::Text),
        ("phone", Kind::Phone),
        ("email", Kind::Email),
        ("date", Kind::Date),
        ("address", Kind::Address),
    ];
    let kind = section.choice("kind", &kinds, Kind::Text);
    let remember = section.flag("remember", false);
    let mut values = None;
    let (reader, max) = match kind {
        Kind::Pattern => {
            let max = length(section, "max", 40);
            let number = pattern(section, max)?;
            (Reader::Number(number), max)
        }
        Kind::Choice => {
            let choice = options(section)?;
            let all = choice.values();
            let max = all.iter().map(|value| value.encode_utf16().count()).max();
            values = Some(all);
            (Reader::Choice(choice), max.unwrap_or(1))
        }
        Kind::YesNo => {
            let choice = Choice::yes_no();
            values = Some(choice.values());
            (Reader::Choice(choice), 3)
        }
        Kind::Text => {
            let (min, max) = (length(section, "min", 2), length(section, "max", MAX_VALUE));
            if min > max {
                section.fault(
                    "min",
                    &min.to_string(),
                    &format!("at most max, which is {max}"),
                );
            }
            let words = |key| -> Vec<&str> {
                let all = section.texts(key, 0..=200, 1..=40);
                all.into_iter().map(|(word, _)| word).collect()
            };
            let free = Free::new(&words("topic"), &words("signs"), min, max);
            (Reader::Text(free), max)
        }
        Kind::Phone => (Reader::Phone, 20),
        Kind::Email => (Reader::Email, 254),
        Kind::Date => (Reader::Date, 10),
        Kind::Address => (Reader::Address, 120),
    };
    let confirms = matches!(kind, Kind::YesNo);
    if confirms && remember {
        section.fault(
            "remember",
            "true",
            "false: a yes is good for one thing only",
        );
    }
    Some(Slot {
        remember,
        confirms,
        max,
        values,
        reader,
    })
}

fn length(section: &Section<'_>, key: &'static str, default: usize) -> usize {
    let most = i64::try_from(MAX_VALUE).unwrap_or(i64::MAX);
    let number = section.integer(key, 1..=most);
    number
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(default)
}

fn pattern(section: &Section<'_>, max: usize) -> Option<Number> {
    const PATTERN: &str = "a regular expression over letters and digits, such as \
                           '[A-Z]{0,4}[0-9]{6,16}': the value in upper case, without signs";
    section.require("pattern", PATTERN);
    let kinds = ["mobile", "phone", "date", "price"];
    let mut not = Not::default();
    for (i, (word, at)) in section.texts("not", 0..=4, 1..=10).into_iter().enumerate() {
        match word {
            "mobile" => not.mobile = true,
            "phone" => (not.mobile, not.phone) = (true, true),
            "date" => not.date = true,
            "price" => not.price = true,
            other => {
                let key = section.path(&format!("not[{i}]"));
                let allowed = crate::config::allowed_words(other, &kinds);
                let findings = section.findings();
                findings.fault(section.file(), at, &key, &format!("{other:?}"), &allowed);
            }
        }
    }
    let text = section.text("pattern", PATTERN)?;
    match Number::new(&text.text, max, not) {
        Ok(number) => Some(number),
        Err(error) => {
            let found = format!("{}: {error}", text.shown());
            section.fault("pattern", &found, PATTERN);
            None
        }
    }
}

/// `options = { 宅配 = ["宅配", "寄到家"] }`: values and the words for them.
fn options(section: &Section<'_>) -> Option<Choice> {
    const OPTIONS: &str = "a table of 2 to 20 values and the words customers say for each";
    section.require("options", OPTIONS);
    let entry = section.entry("options")?;
    let table = match &entry.node.value {
        Value::Table(table) if (2..=20).contains(&table.entries.len()) => table,
        _ => {
            section.fault("options", &entry.node.shown(), OPTIONS);
            return None;
        }
    };
    let mut options: Vec<(Arc<str>, Vec<String>)> = Vec::new();
    for entry in &table.entries {
        let key = section.path(&format!("options.{}", entry.key));
        let fault = |found: &str, allowed: &str| {
            let findings = section.findings();
            findings.fault(section.file(), entry.at, &key, found, allowed);
        };
        if entry.key.is_empty() || entry.key.chars().count() > 40 {
            fault(&format!("{:?}", entry.key), "a value of 1 to 40 characters");
        }
        let words = match &entry.node.value {
            Value::List(items) => items.iter().map(|item| &item.value).collect(),
            _ => Vec::new(),
        };
        let words: Vec<String> = words
            .into_iter()
            .filter_map(|word| match word {
                Value::Text(text) if !text.text.trim().is_empty() => Some(text.text.clone()),
                _ => None,
            })
            .collect();
        if words.is_empty() {
            fault(&entry.node.shown(), "a list of words customers say for it");
        }
        options.push((Arc::from(entry.key.as_str()), words));
    }
    match Choice::new(options) {
        Ok(choice) => Some(choice),
        Err(word) => {
            let found = format!("{word:?} for two values");
            section.fault("options", &found, "a word for one value only");
            None
        }
    }
}
