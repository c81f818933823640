//! Writes webhook events and bodies as LINE does: JSON text, built once, kept as text.
//!
//! Source of the shapes: LINE reference, "Webhook Event Objects". Properties without a value are
//! left out.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use std::sync::Arc;

/// Where an event happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// One to one.
    User(Arc<str>),
    /// In a group; the user is absent on events that belong to no one.
    Group(Arc<str>, Option<Arc<str>>),
    /// In a room.
    Room(Arc<str>, Option<Arc<str>>),
}

impl Source {
    /// The chat: where a reply goes.
    pub fn chat(&self) -> &Arc<str> {
        match self {
            Source::User(id) | Source::Group(id, _) | Source::Room(id, _) => id,
        }
    }

    fn write(&self, out: &mut String) {
        let (kind, key, id, user) = match self {
            Source::User(id) => ("user", "userId", id, &None),
            Source::Group(id, user) => ("group", "groupId", id, user),
            Source::Room(id, user) => ("room", "roomId", id, user),
        };
        out.push_str(r#"{"type":""#);
        out.push_str(kind);
        out.push('"');
        field(out, key, &**id);
        if let Some(user) = user {
            field(out, "userId", &**user);
        }
        out.push('}');
    }
}

/// An event ready to be sent, and what the sender must know about it.
#[derive(Clone, Debug)]
pub struct Minted {
    /// The event as JSON text.
    pub event: Arc<str>,
    /// Its `webhookEventId`.
    pub webhook_event_id: String,
    /// The message it carries, if any.
    pub message_id: Option<String>,
    /// Its reply token, if it is replyable.
    pub reply_token: Option<String>,
    /// The chat it happened in.
    pub chat: Arc<str>,
}

/// What every event carries.
pub(super) struct Head<'a> {
    pub kind: &'a str,
    pub standby: bool,
    pub at: u64,
    pub source: Option<&'a Source>,
    pub id: &'a str,
    pub reply_token: Option<&'a str>,
}

/// Writes one event; `payload` is the object under `key`.
pub(super) fn write<T: Serialize>(head: &Head<'_>, payload: Option<(&str, &T)>) -> String {
    let mut out = String::with_capacity(512);
    out.push_str(r#"{"type":""#);
    out.push_str(head.kind);
    out.push_str(r#"","mode":""#);
    out.push_str(if head.standby { "standby" } else { "active" });
    out.push('"');
    field(&mut out, "timestamp", &head.at);
    if let Some(source) = head.source {
        out.push_str(r#","source":"#);
        source.write(&mut out);
    }
    field(&mut out, "webhookEventId", head.id);
    out.push_str(r#","deliveryContext":{"isRedelivery":false}"#);
    if let Some(token) = head.reply_token {
        field(&mut out, "replyToken", token);
    }
    if let Some((key, payload)) = payload {
        field(&mut out, key, payload);
    }
    out.push('}');
    out
}

fn field<T: Serialize + ?Sized>(out: &mut String, key: &str, value: &T) {
    out.push_str(",\"");
    out.push_str(key);
    out.push_str("\":");
    out.push_str(&serde_json::to_string(value).expect("strings, numbers and maps are JSON"));
}

/// The same event marked as redelivered; everything else stays to the byte.
pub fn redelivered(event: &str) -> String {
    // The mark stands before any text of the customer, whose quotes are escaped anyway.
    event.replacen(r#""isRedelivery":false"#, r#""isRedelivery":true"#, 1)
}

/// The body of a webhook request.
pub fn body<S: AsRef<str>>(destination: &str, events: &[S]) -> String {
    let length: usize = events.iter().map(|event| event.as_ref().len() + 1).sum();
    let mut out = String::with_capacity(length + 80);
    out.push_str(r#"{"destination":""#);
    out.push_str(destination);
    out.push_str(r#"","events":["#);
    for (i, event) in events.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(event.as_ref());
    }
    out.push_str("]}");
    out
}

/// The `x-line-signature` of a body: base64 of HMAC-SHA256 under the channel secret.
///
/// Source: LINE docs, "Verify webhook signature".
pub fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// A token that names a message of a chat without being stored: quote (`q`), read (`r`).
pub(super) fn mark(kind: char, chat: &str, message: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}/{chat}/{message}"))
}

/// Reads a token of [`mark`] back: chat and message.
pub(super) fn unmark(kind: char, token: &str) -> Option<(String, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let mut parts = text.split('/');
    let same = parts.next()?.chars().eq([kind]);
    let (chat, message) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    (same && parts.next().is_none()).then_some((chat, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_is_lines_published_example() {
        let body = r#"{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}"#;
        assert_eq!(
            signature("8c570fa6dd201bb328f1c1eac23a96d8", body.as_bytes()),
            "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="
        );
        let none: [&str; 0] = [];
        assert_eq!(
            super::body("U8e742f61d673b39c7fff3cecb7536ef0", &none),
            body
        );
    }

    #[test]
    fn redelivery_changes_the_mark_and_not_the_customers_words() {
        let head = Head {
            kind: "message",
            standby: false,
            at: 5,
            source: Some(&Source::User(Arc::from("U1"))),
            id: "01",
            reply_token: Some("t"),
        };
        let words = serde_json::json!({"type": "text", "text": "\"isRedelivery\":false"});
        let event = write(&head, Some(("message", &words)));
        let again: serde_json::Value = serde_json::from_str(&redelivered(&event)).expect("JSON");
        assert_eq!(again["deliveryContext"]["isRedelivery"], true);
        assert_eq!(again["message"], words);
    }

    #[test]
    fn marks_come_back_only_as_their_kind() {
        let token = mark('q', "U1", "42");
        assert_eq!(
            unmark('q', &token),
            Some(("U1".to_owned(), "42".to_owned()))
        );
        assert_eq!(unmark('r', &token), None);
        assert_eq!(unmark('q', "%%%"), None);
    }
}
