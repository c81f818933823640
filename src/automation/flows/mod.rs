//! Guided dialogues as data: `[[slot]]`, `[[flow]]` and what customers' words say about a slot.
//!
//! Law of this room: a flow leaves here only when every step can be reached and left, no circle goes
//! round without asking, and every message fits LINE's limits whatever fills its variables. The core
//! runs it; nothing here knows a conversation.
//!
//! | file | what |
//! |---|---|
//! | `reader` | `[[flow]]`: names to numbers, faults at their lines |
//! | `step` | one `[[flow.step]]` as written |
//! | `checks` | the graph: dead ends, circles, steps nobody reaches |
//! | `slot` | `[[slot]]` |
//! | `meant` | which flow words name |
//! | `reading` | what a text says about a slot |

mod checks;
mod meant;
mod reader;
mod reading;
mod slot;
mod step;

use crate::automation::flows::meant::Meant;
use crate::automation::flows::slot::Slots;
use crate::config::connectors::Connectors;
use crate::config::document::{Document, Value};
use crate::config::fault::Findings;
use crate::config::section::Section;
use crate::domain::playbook::{Flow, Reading};
use std::sync::Arc;

/// Most flows of one config.
const MAX_FLOWS: usize = 64;

/// The flows of a config and how their slots are read.
#[derive(Debug, Default)]
pub struct Flows {
    flows: Vec<Flow>,
    slots: Slots,
    meant: Meant,
}

impl Flows {
    /// Reads all files. Flows are numbered in the order of [`ids`]; connectors were read before.
    pub fn read(roots: &[Section<'_>], documents: &[Document], connectors: &Connectors) -> Flows {
        let mut slots = Slots::default();
        for root in roots {
            slots.read(root);
        }
        let intents = named(documents, "intent");
        let mut reader = reader::Reader::new(&slots, connectors, &intents);
        for root in roots {
            reader.read(root);
        }
        let (flows, meant) = reader.finish();
        slots.warn_unused(&flows);
        Flows {
            flows,
            slots,
            meant,
        }
    }

    /// Warns of slots no flow asks for.
    pub fn tell(&self, findings: &Findings) {
        self.slots.tell(findings);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.flows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// A flow by its number.
    pub fn get(&self, index: u16) -> Option<&Flow> {
        self.flows.get(usize::from(index))
    }

    /// A flow by its id.
    pub fn named(&self, id: &str) -> Option<&Flow> {
        self.flows.iter().find(|flow| *flow.id == *id)
    }

    /// The flow that words name by its terms, among the flows of this intent, or among all when it is
    /// not known; `None` when they name none, or several.
    pub fn meant(&self, intent: Option<u16>, text: &str) -> Option<&Flow> {
        let mut named = self.meant.flows(text);
        named.retain(|index| {
            let flow = self.flows.get(usize::from(*index));
            intent.is_none() || flow.is_some_and(|flow| flow.intent == intent)
        });
        named.dedup();
        match named.as_slice() {
            [one] => self.get(*one),
            _ => None,
        }
    }

    /// What a text says about a slot of a flow.
    pub fn read_slot(&self, flow: &Flow, slot: usize, text: &str, asked: bool) -> Reading {
        let name = flow.slots.get(slot).map(|slot| &*slot.name);
        match name.and_then(|name| self.slots.reader(name)) {
            Some(reader) => reader.read(text, asked),
            None => Reading::Absent,
        }
    }

    /// Everything that can change what is decided, as one text.
    pub fn fingerprint(&self) -> String {
        let (flows, slots) = (&self.flows, &self.slots);
        format!("{flows:?} {slots:?} {:?}", self.meant.terms())
    }
}

/// Ids of the flows of all files, in the order of their numbers.
pub fn ids(documents: &[Document]) -> Vec<Arc<str>> {
    let mut ids = named(documents, "flow");
    ids.truncate(MAX_FLOWS);
    ids
}

/// Ids of the tables `[[key]]` of all files, in their order; a table without one counts too, so that
/// the numbers are right.
fn named(documents: &[Document], key: &str) -> Vec<Arc<str>> {
    let mut ids = Vec::new();
    for document in documents {
        let Some(entry) = document.root.get(key) else {
            continue;
        };
        let Value::List(items) = &entry.node.value else {
            continue;
        };
        for item in items {
            let Value::Table(table) = &item.value else {
                continue;
            };
            let id = table.get("id").map(|entry| &entry.node.value);
            ids.push(match id {
                Some(Value::Text(text)) => Arc::from(text.text.as_str()),
                _ => Arc::from(""),
            });
        }
    }
    ids
}

#[cfg(test)]
mod tests;
