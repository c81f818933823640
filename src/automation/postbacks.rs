//! Taps: `[[postback]]`, the data of buttons that begin a flow or ask for a person, and a look for taps
//! nobody answers.
//!
//! Refuses data two answers claim, and data of the house's own forms (`menu:…`, `flow:…`, `hotline:…`).

use crate::automation::messages;
use crate::config::document::{Document, Node, Value};
use crate::config::fault::{Findings, Place};
use crate::config::nearest;
use crate::config::section::Section;
use crate::domain::playbook::{TAP_FOR_ANSWER, TAP_TO_LEAVE, Tap};
use std::collections::HashMap;
use std::sync::Arc;

/// What answers which data.
pub type Postbacks = HashMap<Arc<str>, Tap>;

/// Data of a button that asks for a person.
pub const HANDOFF: &str = "hotline:handoff";

/// Beginnings of data that `[[postback]]` may not claim.
const OWN: [&str; 3] = ["menu:", "flow:", "hotline:"];

/// Data of a button that begins a flow.
pub fn flow_data(id: &str) -> String {
    format!("flow:{id}")
}

/// What every config answers: a tap for each flow, by its place, and the one for a person.
pub fn house(flows: &[Arc<str>]) -> Postbacks {
    let begins = (0..).zip(flows);
    let begins = begins.map(|(index, id)| (Arc::from(flow_data(id)), Tap::Flow(index)));
    begins.chain([(Arc::from(HANDOFF), Tap::Handoff)]).collect()
}

/// What a tap does by the keys `flow` and `handoff` of a table, as far as they are there; an unknown
/// flow is a fault with the nearest known one.
pub fn tap(section: &Section<'_>, flows: &[Arc<str>]) -> Option<Tap> {
    if let Some(id) = section.words("flow", 1..=64) {
        let index = flows.iter().position(|flow| **flow == *id);
        if index.is_none() {
            section.fault("flow", &format!("{id:?}"), &known(id, flows));
        }
        return index
            .and_then(|index| u16::try_from(index).ok())
            .map(Tap::Flow);
    }
    section.flag("handoff", false).then_some(Tap::Handoff)
}

/// Which flows there are, the nearest alone when one is near.
fn known(id: &str, flows: &[Arc<str>]) -> String {
    let ids: Vec<&str> = flows.iter().map(|flow| &**flow).collect();
    match (nearest(id, &ids), ids.is_empty()) {
        (Some(near), _) => format!("the id of a flow, such as \"{near}\""),
        (None, true) => "the id of a [[flow]], of which there is none".to_owned(),
        (None, false) => format!("the id of a flow: {}", ids.join(" | ")),
    }
}

/// Reads the `[[postback]]` of one file.
pub fn read(root: &Section<'_>, flows: &[Arc<str>], postbacks: &mut Postbacks) {
    const DATA: &str =
        "1 to 300 characters, not beginning with \"menu:\", \"flow:\" or \"hotline:\"";
    for section in root.sections("postback") {
        section.require("data", DATA);
        let data = section.parsed("data", DATA, |text| {
            let good = (1..=300).contains(&text.chars().count())
                && !OWN.iter().any(|own| text.starts_with(own));
            good.then(|| Arc::<str>::from(text))
        });
        let rule = format!("postback:{}", data.as_deref().unwrap_or_default());
        let answer = messages::answer(&section, "reply", &rule);
        let tap = tap(&section, flows);
        let given = ["reply", "flow", "handoff"];
        let given: Vec<_> = given.into_iter().filter(|key| section.has(key)).collect();
        match given.len() {
            0 => section.require(
                "reply",
                "a list of 1 to 5 messages, or flow, or handoff = true",
            ),
            1 => {}
            _ => section.fault("data", &given.join(" and "), "one of reply, flow, handoff"),
        }
        if let Some(data) = data {
            if postbacks.contains_key(&data) {
                section.fault(
                    "data",
                    &format!("{data:?} a second time"),
                    "data of its own",
                );
            }
            postbacks.extend(tap.or(answer.map(Tap::Answer)).map(|tap| (data, tap)));
        }
        section.finish();
    }
}

/// Looks at every button, at its line: one that begins an unknown flow is a fault; one whose data
/// nobody answers is a warning, since a tap on it would be a dead end.
pub fn unanswered(
    documents: &[Document],
    flows: &[Arc<str>],
    postbacks: &Postbacks,
    findings: &Findings,
) {
    for document in documents {
        for entry in &document.root.entries {
            // A [[postback]] is what answers; its own replies may hold buttons.
            let answers = entry.key == "postback";
            below(&entry.node, &entry.key, answers, &mut |sent, at, path| {
                let file = &document.file;
                match sent {
                    Sent::Flow(id) if !flows.iter().any(|flow| **flow == *id) => {
                        findings.fault(file, at, path, &format!("{id:?}"), &known(id, flows));
                    }
                    Sent::Data(data)
                        if !postbacks.contains_key(data)
                            && ![TAP_FOR_ANSWER, TAP_TO_LEAVE].contains(&data) =>
                    {
                        let found = format!("{data:?}, which nothing answers");
                        findings.warn(file, at, path, &found, "the data of a [[postback]]");
                    }
                    _ => {}
                }
            });
        }
    }
}

/// What a button sends.
enum Sent<'d> {
    Data(&'d str),
    Flow(&'d str),
}

/// Walks to every `data` of a button that sends it, and to its `flow`; `answers` leaves out what the
/// table itself says.
fn below(node: &Node, path: &str, answers: bool, tell: &mut impl FnMut(Sent<'_>, Place, &str)) {
    match &node.value {
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                below(item, &format!("{path}[{i}]"), answers, tell);
            }
        }
        Value::Table(table) => {
            // A shorthand has no type; as LINE writes it, only postbacks are answered by data.
            let sends = match table.get("type").map(|entry| &entry.node.value) {
                None => !answers,
                Some(Value::Text(kind)) => kind.text == "postback",
                Some(_) => false,
            };
            let is_button = sends && table.get("label").is_some();
            for entry in &table.entries {
                let path = format!("{path}.{}", entry.key);
                match (&entry.node.value, entry.key.as_str()) {
                    (Value::Text(text), "data") if sends => {
                        tell(Sent::Data(&text.text), entry.node.at, &path);
                    }
                    (Value::Text(text), "flow") if is_button => {
                        tell(Sent::Flow(&text.text), entry.node.at, &path);
                    }
                    _ => below(&entry.node, &path, false, tell),
                }
            }
        }
        _ => {}
    }
}
