//! Variables in answers: `{customer.name}`, `{slot.order_number}`, `{call.status}`.
//!
//! Law of this file: what a variable may be is known where the answer is read, so a name nobody fills
//! is a fault, and the message is checked as short and as long as its variables can make it. Values
//! stand in shown words only: an address or the data of a tap never holds one. `{{` is a brace.

use crate::domain::playbook::{Bubble, Hole, MAX_VALUE};
use crate::line_wire::message::{Fault, bubble, check};
use serde_json::Value as Json;
use std::sync::Arc;

/// Longest display name that is put in, in UTF-16 units; LINE's own limit is 20 characters.
const MAX_NAME: usize = 40;

/// A character of the private use area that stands for a value while a message is built; nobody
/// types it, and LINE counts it like the two units of an emoji.
const MARK: char = '\u{f_fffd}';

/// Properties of a message that are shown and may hold a value.
const SHOWN: [&str; 8] = [
    "text",
    "altText",
    "title",
    "label",
    "displayText",
    "fillInText",
    "clipboardText",
    "address",
];

/// A variable that may stand in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name: `slot.order_number`.
    pub name: Arc<str>,
    /// Its longest value, in UTF-16 units.
    pub max: usize,
}

/// The variables of one place.
#[derive(Clone, Debug)]
pub struct Scope(Vec<Known>);

impl Default for Scope {
    /// What every answer may say.
    fn default() -> Scope {
        Scope(vec![Known {
            name: Arc::from("customer.name"),
            max: MAX_NAME,
        }])
    }
}

impl Scope {
    /// Adds a variable.
    pub fn add(&mut self, name: &str, max: usize) {
        let max = max.min(MAX_VALUE);
        match self.0.iter_mut().find(|known| *known.name == *name) {
            Some(known) => known.max = known.max.max(max),
            None => self.0.push(Known {
                name: Arc::from(name),
                max,
            }),
        }
    }

    fn get(&self, name: &str) -> Option<&Known> {
        self.0.iter().find(|known| *known.name == *name)
    }

    /// All names, as a person would write them.
    fn names(&self) -> String {
        let names: Vec<String> = self
            .0
            .iter()
            .map(|one| format!("{{{}}}", one.name))
            .collect();
        names.join(" | ")
    }
}

/// A message with variables as a checked bubble.
///
/// # Errors
/// LINE's limits, broken by the message as written, with its variables empty or at their longest; a
/// name that is not known; a variable where none may stand.
pub fn with_variables(message: Json, scope: &Scope) -> Result<Bubble, Vec<Fault>> {
    let mut reading = Reading {
        scope,
        holes: Vec::new(),
        faults: Vec::new(),
    };
    let mut marked = message;
    // Braces of a text message of version 2 are LINE's own.
    if marked["type"] != "textV2" {
        reading.walk(&mut marked, "", "", false);
    }
    if !reading.faults.is_empty() {
        return Err(reading.faults);
    }
    if reading.holes.is_empty() {
        return bubble(marked);
    }
    if marked.get("emojis").is_some() {
        return Err(vec![fault(
            "emojis",
            "places of LINE emoji beside variables",
            "one of the two: a value moves the places",
        )]);
    }
    let longest: Vec<usize> = reading.holes.iter().map(|known| known.max).collect();
    check(&filled(&marked, &longest))
        .map_err(|faults| said(faults, "with its variables at their longest"))?;
    let empty = vec![0; longest.len()];
    check(&filled(&marked, &empty)).map_err(|faults| said(faults, "with its variables empty"))?;
    let built = bubble(marked)?;
    let mut json = String::with_capacity(built.json().len());
    let mut holes = Vec::with_capacity(reading.holes.len());
    let mut known = reading.holes.into_iter();
    for (i, part) in built.json().split(MARK).enumerate() {
        if i > 0
            && let Some(Known { name, max }) = known.next()
        {
            let at = json.len();
            holes.push(Hole { at, name, max });
        }
        json.push_str(part);
    }
    Ok(Bubble::with_holes(&json, built.quick_reply(), holes))
}

struct Reading<'s> {
    scope: &'s Scope,
    /// In the order of the marks: objects of `serde_json` keep theirs.
    holes: Vec<Known>,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn walk(&mut self, value: &mut Json, path: &str, key: &str, is_reply: bool) {
        match value {
            Json::String(text) if text.contains(['{', '}', MARK]) => {
                *text = self.text(text, path, !is_reply && SHOWN.contains(&key));
            }
            Json::Array(items) => {
                for (i, item) in items.iter_mut().enumerate() {
                    self.walk(item, &format!("{path}[{i}]"), key, is_reply);
                }
            }
            Json::Object(map) => {
                for (key, item) in map {
                    let path = match path {
                        "" => key.clone(),
                        path => format!("{path}.{key}"),
                    };
                    let is_reply = is_reply || key == "quickReply";
                    self.walk(item, &path, key, is_reply);
                }
            }
            _ => {}
        }
    }

    /// The text with a mark for each variable, `{{` and `}}` as braces.
    fn text(&mut self, text: &str, path: &str, is_shown: bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}', MARK]) {
            out.push_str(&rest[..at]);
            let tail = &rest[at..];
            if tail.starts_with(MARK) {
                rest = &tail[MARK.len_utf8()..];
                continue;
            }
            if let Some(after) = tail.strip_prefix("{{").or(tail.strip_prefix("}}")) {
                out.push_str(&tail[..1]);
                rest = after;
                continue;
            }
            let Some(name) = name(tail) else {
                out.push_str(&tail[..1]);
                rest = &tail[1..];
                continue;
            };
            match self.scope.get(name) {
                Some(_) if !is_shown => self.faults.push(fault(
                    path,
                    &format!("the variable {{{name}}}"),
                    "variables in shown words only: not in addresses, data or quick replies",
                )),
                Some(known) => {
                    self.holes.push(known.clone());
                    out.push(MARK);
                }
                None => self.faults.push(fault(
                    path,
                    &format!("the unknown variable {{{name}}}"),
                    &format!("{}; {{{{ for a brace", self.scope.names()),
                )),
            }
            rest = &tail[name.len() + 2..];
        }
        out.push_str(rest);
        out
    }
}

/// The name in `{name}` at the beginning of a text; other braces are braces.
fn name(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('{')?.split_once('}')?;
    let good = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-'));
    (good && name.starts_with(|c: char| c.is_ascii_lowercase())).then_some(name)
}

/// The message with each mark as so many letters, in the order of the marks.
fn filled(message: &Json, lengths: &[usize]) -> Json {
    fn below(value: &Json, lengths: &mut std::slice::Iter<'_, usize>) -> Json {
        match value {
            Json::String(text) if text.contains(MARK) => {
                let mut out = String::new();
                for (i, part) in text.split(MARK).enumerate() {
                    if i > 0 {
                        out.push_str(&"字".repeat(*lengths.next().unwrap_or(&0)));
                    }
                    out.push_str(part);
                }
                Json::String(out)
            }
            Json::Array(items) => items.iter().map(|item| below(item, lengths)).collect(),
            Json::Object(map) => {
                let entries = map.iter();
                let filled = entries.map(|(key, item)| (key.clone(), below(item, lengths)));
                Json::Object(filled.collect())
            }
            other => other.clone(),
        }
    }
    below(message, &mut lengths.iter())
}

fn said(mut faults: Vec<Fault>, how: &str) -> Vec<Fault> {
    for fault in &mut faults {
        fault.found = format!("{} {how}", fault.found);
    }
    faults
}

/// A fault of ours, not of a page of LINE's: it has no source.
fn fault(path: &str, found: &str, allowed: &str) -> Fault {
    Fault {
        path: path.to_owned(),
        found: found.to_owned(),
        allowed: allowed.to_owned(),
        choices: Vec::new(),
        source: "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::borrow::Cow;

    fn scope() -> Scope {
        let mut scope = Scope::default();
        scope.add("slot.order_number", 20);
        scope.add("call.status", MAX_VALUE);
        scope
    }

    fn found(message: Json) -> String {
        let faults = with_variables(message, &scope()).unwrap_err();
        let told: Vec<String> = faults
            .iter()
            .map(|fault| format!("{}: {}: {}", fault.path, fault.found, fault.allowed))
            .collect();
        told.join("\n")
    }

    #[test]
    fn values_go_where_the_names_stood() {
        let text = "訂單 {slot.order_number}：{call.status}，{{braces}} { } {X}";
        let bubble = with_variables(json!({ "type": "text", "text": text }), &scope()).unwrap();
        assert_eq!(bubble.holes().len(), 2);
        let filled = bubble.filled(|name| match name {
            "slot.order_number" => Some(Cow::Borrowed("TW1")),
            "call.status" => Some(Cow::Borrowed("\"出貨\"")),
            _ => None,
        });
        let read: Json = serde_json::from_str(&filled).unwrap();
        assert_eq!(read["text"], "訂單 TW1：\"出貨\"，{braces} { } {X}");
        assert!(!bubble.json().contains(MARK));
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let told = found(json!({ "type": "text", "text": "{slot.ordr}" }));
        assert!(
            told.contains("text: the unknown variable {slot.ordr}"),
            "{told}"
        );
        assert!(
            told.contains("{customer.name} | {slot.order_number}"),
            "{told}"
        );
    }

    #[test]
    fn a_message_must_fit_with_its_longest_and_with_no_values() {
        let text = format!("{}{{call.status}}", "字".repeat(4_701));
        let told = found(json!({ "type": "text", "text": text }));
        assert!(
            told.contains("5001") && told.contains("at their longest"),
            "{told}"
        );
        let told = found(json!({ "type": "text", "text": "{call.status}" }));
        assert!(told.contains("variables empty"), "{told}");
    }

    #[test]
    fn no_value_gets_into_an_address_or_a_quick_reply() {
        let action = |uri: &str| json!({ "type": "uri", "label": "l", "uri": uri });
        let told = found(json!({ "type": "template", "altText": "a", "template": {
            "type": "buttons", "text": "t", "actions": [action("https://x.tw/{slot.order_number}")],
        }}));
        assert!(
            told.starts_with("template.actions[0].uri: the variable"),
            "{told}"
        );
        let told = found(
            json!({ "type": "text", "text": "t", "quickReply": { "items": [
                { "type": "action", "action": { "type": "message", "label": "l", "text": "{call.status}" } },
            ]}}),
        );
        assert!(told.contains("quickReply.items[0].action.text"), "{told}");
    }
}
