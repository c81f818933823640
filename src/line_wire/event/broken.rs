//! What can still be said of an event that cannot be read: whose it is, which message it carries,
//! and its shape without a word of what anybody wrote.

use super::Source;
use super::raw::{RawEvent, RawMessage, RawSource, number, object, text};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Names found in an event that cannot be read; each is absent when it is not there or mistyped.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// `webhookEventId`.
    pub id: Option<Cow<'a, str>>,
    /// `timestamp` in milliseconds since the Unix epoch.
    pub timestamp: Option<u64>,
    /// `mode` is `standby`.
    pub standby: bool,
    /// `deliveryContext.isRedelivery`.
    pub redelivered: bool,
    /// Where it comes from.
    pub source: Source<'a>,
    /// `message.id`: what an unsend of its words would name.
    pub message: Option<Cow<'a, str>>,
}

/// Reads the names leniently. Never fails: what is no object has none.
pub fn names(raw: &RawValue) -> Names<'_> {
    let Ok(event) = serde_json::from_str::<RawEvent<'_>>(raw.get()) else {
        return Names::default();
    };
    let message = event.message.map(object::<RawMessage<'_>>);
    Names {
        id: event.webhook_event_id.and_then(text),
        timestamp: event.timestamp.and_then(number),
        standby: event.is_standby(),
        redelivered: event.is_redelivered(),
        source: Source::of(
            event
                .source
                .map(object::<RawSource<'_>>)
                .unwrap_or_default(),
        ),
        message: message.and_then(|message| message.id).and_then(text),
    }
}

/// Longest name of a field or type that a shape repeats.
const MAX_NAME: usize = 40;

/// The event with every value blanked: texts are their length in bytes, numbers are 0. Names of
/// fields and of types stay when they look like LINE's (ASCII letters, digits, underscores).
///
/// The result is JSON, and no longer than `max` bytes before the brackets that close it.
pub fn shape(raw: &RawValue, max: usize) -> String {
    let json = raw.get();
    let mut out = String::with_capacity(json.len().min(max));
    let mut rest = json;
    // The name of the field whose value comes next, when it is one whose value may stay.
    let mut is_type = false;
    while let Some(letter) = rest.chars().next() {
        if out.len() > max {
            return cut(out);
        }
        match letter {
            '"' => {
                let (inside, after) = string(rest);
                rest = after;
                let is_name = after.trim_start().starts_with(':');
                if looks_like_a_name(inside) && (is_name || is_type) {
                    out.extend(["\"", inside, "\""]);
                } else {
                    out.push_str(&format!("\"{} bytes\"", inside.len()));
                }
                is_type = is_name && inside == "type";
                continue;
            }
            '{' | '[' => {
                out.push(letter);
                is_type = false;
            }
            '}' | ']' | ':' | ',' => out.push(letter),
            '-' | '0'..='9' => {
                let numeric = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
                rest = rest.trim_start_matches(numeric);
                out.push('0');
                is_type = false;
                continue;
            }
            // `true`, `false`, `null`.
            'a'..='z' => out.push(letter),
            _ => {}
        }
        rest = &rest[letter.len_utf8()..];
    }
    out
}

/// A string's inside and what follows it; the JSON is known to be well formed.
fn string(rest: &str) -> (&str, &str) {
    let inside = &rest[1..];
    let mut escaped = false;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return (&inside[..at], &inside[at + 1..]),
            _ => {}
        }
    }
    (inside, "")
}

fn looks_like_a_name(inside: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    inside.len() <= MAX_NAME && inside.bytes().all(plain)
}

/// Ends a shape that grew too long: after the last whole value, with what closes it.
fn cut(mut out: String) -> String {
    out.truncate(out.rfind([',', '[', '{']).map_or(0, |at| at + 1));
    // Texts in a shape hold neither brackets nor quotes.
    let mut open = Vec::new();
    for letter in out.chars() {
        match letter {
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => drop(open.pop()),
            _ => {}
        }
    }
    // An object wants a name, a list a value.
    match open.last() {
        Some('}') => out.push_str("\"cut\":true"),
        _ => out.push_str("\"cut\""),
    }
    out.extend(open.iter().rev());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.into()).unwrap()
    }

    #[test]
    fn names_are_found_beside_a_text_that_is_not_valid() {
        let event = raw(
            r#"{"type":"message","webhookEventId":"01","timestamp":7,"source":{"type":"user",
            "userId":"U1"},"message":{"type":"text","id":"5","text":"\ud83e"}}"#,
        );
        let names = names(&event);
        assert_eq!(names.source.chat(), Some("U1"));
        assert_eq!(names.id.as_deref(), Some("01"));
        assert_eq!(names.message.as_deref(), Some("5"));
        assert_eq!(names.timestamp, Some(7));
    }

    #[test]
    fn what_is_no_event_has_no_names() {
        for json in ["17", "null", "[]", "\"秘密\"", r#"{"type":1,"type":2}"#] {
            assert!(super::names(&raw(json)).source.chat().is_none());
        }
    }

    #[test]
    fn a_shape_keeps_names_and_lengths_and_no_words() {
        let event = raw(
            r#"{ "type":"message", "秘密":[1.5e3,true,null], "text":"my \"secret\"", "type":"a b",
            "message":{"type":"text","text":"secret"}}"#,
        );
        assert_eq!(
            shape(&event, 1_000),
            r#"{"type":"message","6 bytes":[0,true,null],"text":"13 bytes","type":"3 bytes","message":{"type":"text","text":"6 bytes"}}"#
        );
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "秘密[\\\\\"a-z,{}\\[\\]:]{0,20}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::vec(("[a-z秘密\"]{0,6}", inner), 0..5)
                    .prop_map(|pairs| { serde_json::Value::Object(pairs.into_iter().collect()) }),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_shape_is_json_without_words_at_any_length(value in json(), max in 0..200usize) {
            let event = raw(&value.to_string());
            let shape = shape(&event, max);
            prop_assert!(serde_json::from_str::<&RawValue>(&shape).is_ok(), "{}", shape);
            prop_assert!(!shape.contains('秘') && !shape.contains('密'));
        }
    }
}
