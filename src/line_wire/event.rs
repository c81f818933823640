//! Webhook bodies, read in two stages so that nothing one event contains can hurt its neighbours.
//!
//! Stage one splits the body into raw events; stage two reads one event field by field, each on
//! its own: a missing, null or mistyped field is an absent field, an unknown type is kept raw.
//! LINE adds properties, enum values and event types without notice ("Development guidelines").

mod broken;
mod raw;

pub use broken::{Names, names, shape};
use raw::{RawEvent, RawMessage, RawSource, Text, member, number, object, text, truth};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Reply tokens of the dummy events that older consoles sent to verify a webhook URL.
const DUMMY_TOKENS: [&str; 2] = [
    "00000000000000000000000000000000",
    "ffffffffffffffffffffffffffffffff",
];

/// A webhook body, split.
#[derive(Debug)]
pub struct Body<'a> {
    /// The bot user id; absent in bodies of the old Verify button.
    pub destination: Option<Cow<'a, str>>,
    /// The events, unread.
    pub events: Vec<&'a RawValue>,
}

/// Why a body is not a webhook body.
#[derive(Debug, thiserror::Error)]
#[error("not a webhook body: {0}")]
pub struct NotAWebhook(String);

#[derive(Deserialize)]
struct RawBody<'a> {
    #[serde(borrow, default)]
    destination: Option<&'a RawValue>,
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// Stage one: splits a body.
///
/// # Errors
/// When it is not a JSON object with an `events` array. What the events contain does not matter.
pub fn split(body: &[u8]) -> Result<Body<'_>, NotAWebhook> {
    let raw: RawBody<'_> =
        serde_json::from_slice(body).map_err(|error| NotAWebhook(position(&error)))?;
    Ok(Body {
        destination: raw.destination.and_then(text),
        events: raw.events,
    })
}

/// The kind and place of a JSON fault; never the text around it, which may be a customer's.
fn position(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Data => "it is not an object with an `events` array",
        serde_json::error::Category::Io => "it cannot be read",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// One event, read.
#[derive(Debug)]
pub struct Inbound<'a> {
    /// `type`, as LINE wrote it.
    pub event_type: Cow<'a, str>,
    /// `webhookEventId`; absent in old bodies.
    pub id: Option<Cow<'a, str>>,
    /// The reply token, if there is one that can be used.
    pub reply_token: Option<Cow<'a, str>>,
    /// `timestamp` in milliseconds since the Unix epoch.
    pub timestamp: Option<u64>,
    /// `mode` is `standby`.
    pub standby: bool,
    /// `deliveryContext.isRedelivery`.
    pub redelivered: bool,
    /// Where it comes from.
    pub source: Source<'a>,
    /// What it says, for the types Hotline acts on.
    pub payload: Payload<'a>,
    /// The event as it came.
    pub raw: &'a str,
}

/// The `source` object.
#[derive(Debug, Default)]
pub struct Source<'a> {
    /// `userId`; absent in groups without the customer's consent.
    pub user: Option<Cow<'a, str>>,
    /// `groupId` or `roomId`.
    pub group: Option<Cow<'a, str>>,
}

impl<'a> Source<'a> {
    fn of(source: RawSource<'a>) -> Source<'a> {
        Source {
            user: source.user_id.and_then(text),
            group: source.group_id.or(source.room_id).and_then(text),
        }
    }

    /// The chat that an answer goes to.
    pub fn chat(&self) -> Option<&str> {
        self.group.as_deref().or(self.user.as_deref())
    }
}

/// What an event says. Types that are only recorded are [`Payload::Other`].
#[derive(Debug)]
pub enum Payload<'a> {
    /// `message`.
    Message(Message<'a>),
    /// `messageEdited`: the same shape, text only, groups only.
    MessageEdited(Message<'a>),
    /// `unsend`.
    Unsend {
        /// The message to forget.
        message_id: Cow<'a, str>,
    },
    /// `follow`.
    Follow {
        /// A block was lifted; LINE calls it "not exact", older bodies lack it.
        is_unblocked: bool,
    },
    /// `unfollow`.
    Unfollow,
    /// `join`.
    Join,
    /// `leave`.
    Leave,
    /// `postback`.
    Postback {
        /// `data` of the action.
        data: Cow<'a, str>,
        /// The whole `postback` object.
        raw: &'a str,
    },
    /// Everything else: known types that are only recorded, and unknown ones.
    Other,
}

/// A `message` object.
#[derive(Debug)]
pub struct Message<'a> {
    /// `id`.
    pub id: Option<Cow<'a, str>>,
    /// `type`: `text`, `image`, …, or something new.
    pub message_type: Cow<'a, str>,
    /// `text`, of text messages.
    pub text: Option<Cow<'a, str>>,
    /// Some mentionee is the account itself.
    pub mentions_account: bool,
    /// The whole object.
    pub raw: &'a str,
}

/// Why one event cannot be read. Its neighbours can.
#[derive(Debug, thiserror::Error)]
#[error("not a webhook event: {0}")]
pub struct NotAnEvent(String);

/// Stage two: reads one event.
///
/// # Errors
/// When it is not an object, has no `type`, or its text is not valid (a lone surrogate).
pub fn read(raw: &RawValue) -> Result<Inbound<'_>, NotAnEvent> {
    let json = raw.get();
    let event: RawEvent<'_> =
        serde_json::from_str(json).map_err(|error| NotAnEvent(position(&error)))?;
    let event_type = event
        .r#type
        .and_then(text)
        .ok_or_else(|| NotAnEvent("it has no `type`".into()))?;
    let source = event.source.map(object::<RawSource<'_>>);
    let payload = payload(&event_type, &event)?;
    let reply_token = event.reply_token.and_then(text);
    Ok(Inbound {
        reply_token: reply_token.filter(|t| !t.is_empty() && !DUMMY_TOKENS.contains(&&**t)),
        id: event.webhook_event_id.and_then(text),
        timestamp: event.timestamp.and_then(number),
        standby: event.is_standby(),
        redelivered: event.is_redelivered(),
        event_type,
        source: Source::of(source.unwrap_or_default()),
        payload,
        raw: json,
    })
}

fn payload<'a>(event_type: &str, event: &RawEvent<'a>) -> Result<Payload<'a>, NotAnEvent> {
    Ok(match event_type {
        "message" | "messageEdited" => {
            let raw = event
                .message
                .ok_or_else(|| NotAnEvent(format!("`{event_type}` has no `message`")))?;
            let message = message(raw)?;
            if event_type == "message" {
                Payload::Message(message)
            } else {
                Payload::MessageEdited(message)
            }
        }
        "unsend" => match member(event.unsend).message_id.and_then(text) {
            Some(message_id) => Payload::Unsend { message_id },
            None => return Err(NotAnEvent("`unsend` names no message".into())),
        },
        "follow" => Payload::Follow {
            is_unblocked: member(event.follow).is_unblocked.is_some_and(truth),
        },
        "unfollow" => Payload::Unfollow,
        "join" => Payload::Join,
        "leave" => Payload::Leave,
        "postback" => match (event.postback, member(event.postback).data.and_then(text)) {
            (Some(raw), Some(data)) => Payload::Postback {
                data,
                raw: raw.get(),
            },
            _ => Payload::Other,
        },
        _ => Payload::Other,
    })
}

fn message(raw: &RawValue) -> Result<Message<'_>, NotAnEvent> {
    let message = object::<RawMessage<'_>>(raw);
    let message_type = message
        .r#type
        .and_then(text)
        .unwrap_or(Cow::Borrowed("unknown"));
    let words = match (message_type.as_ref(), message.text) {
        ("text", Some(raw)) => Some(
            serde_json::from_str::<Text<'_>>(raw.get())
                .map_err(|_| NotAnEvent("its text is not valid Unicode".into()))?
                .0,
        ),
        _ => None,
    };
    let mentionees = member(message.mention).mentionees;
    let mentionees: Vec<&RawValue> = mentionees
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default();
    Ok(Message {
        id: message.id.and_then(text),
        message_type,
        text: words,
        mentions_account: mentionees
            .iter()
            .any(|raw| member(Some(raw)).is_self.is_some_and(truth)),
        raw: raw.get(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(json: &str) -> Result<String, String> {
        let body = format!("{{\"events\":[{json}]}}");
        let body = split(body.as_bytes()).map_err(|e| e.to_string())?;
        read(body.events[0])
            .map(|e| format!("{e:?}"))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_broken_event_does_not_hurt_its_neighbours() {
        let body = br#"{"destination":"U1","events":[
            {"type":"message","message":{"type":"text","id":"1","text":"\ud83e"}},
            17, {"no":"type"}, null,
            {"type":"message","message":{"type":"text","id":"2","text":"hi"},"replyToken":"t"}]}"#;
        let body = split(body).unwrap();
        let read: Vec<bool> = body.events.iter().map(|raw| read(raw).is_ok()).collect();
        assert_eq!(read, [false, false, false, false, true]);
    }

    #[test]
    fn mistyped_fields_are_absent_fields() {
        let event = r#"{"type":"message","replyToken":7,"timestamp":"x","mode":3,"source":"U",
            "webhookEventId":null,"deliveryContext":[],"message":{"type":"text","id":9,"text":"a"}}"#;
        assert!(one(event).is_ok());
    }

    #[test]
    fn dummy_tokens_of_the_verify_button_are_no_tokens() {
        for token in DUMMY_TOKENS {
            let json = format!(
                r#"{{"type":"message","replyToken":"{token}","message":{{"type":"text","text":"a"}}}}"#
            );
            assert!(one(&json).unwrap().contains("reply_token: None"));
        }
    }

    #[test]
    fn unknown_types_are_kept_raw() {
        assert!(
            one(r#"{"type":"teleport","source":{"userId":"U1"}}"#)
                .unwrap()
                .contains("Other")
        );
        assert!(
            one(r#"{"type":"message","message":{"type":"hologram","id":"1"}}"#)
                .unwrap()
                .contains("hologram")
        );
    }

    #[test]
    fn a_fault_never_quotes_the_body() {
        let error = split("{\"events\":[\"秘密\"".as_bytes())
            .unwrap_err()
            .to_string();
        assert!(!error.contains("秘密"), "{error}");
    }
}
