//! From LINE's event to the core's: which conversation, which kind, and whether it is for us.

use crate::actors::Inbound as Inward;
use crate::domain::conversation::{Content, Kind, Received};
use crate::domain::ids::{ChannelId, ChatId, ChatKind, ConversationKey, Fingerprint};
use crate::domain::playbook::Understanding;
use crate::domain::time::Millis;
use crate::line_wire::event::{self, Inbound, Message, NotAnEvent, Payload};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Chat id of the conversation that records what belongs to no chat: module events, delivery
/// receipts, events that could not be read. LINE's own ids never begin with an underscore.
pub const NO_CHAT: &str = "_channel";

/// Greatest part of a raw event that is recorded with it.
const MAX_RECORDED: usize = 8 * 1024;

/// What is taken from groups and rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum GroupPolicy {
    /// Messages that mention the account or begin with a call word; taps.
    #[default]
    WhenAddressed,
    /// Nothing but joining and leaving.
    Ignore,
    /// Everything.
    All,
}

/// How a channel reads its events.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The channel.
    pub channel: ChannelId,
    /// What is taken from groups.
    pub groups: GroupPolicy,
    /// Words at the start of a group message that address the account.
    pub call_words: Arc<[Arc<str>]>,
}

/// One event, sorted to its conversation.
pub struct Sorted {
    /// Whose it is.
    pub key: ConversationKey,
    /// What the core gets.
    pub inbound: Inward,
    /// The event as LINE sent it, whatever the core is given of it.
    pub event: Bytes,
}

impl Reading {
    /// Sorts an event that was read; `None` when it is group talk that is not for the account.
    pub fn sort(&self, event: Inbound<'_>, raw: Bytes, now: Millis) -> Option<Sorted> {
        let chat = ChatId::new(event.source.chat().unwrap_or(NO_CHAT));
        if chat.kind() != ChatKind::Customer && !self.is_for_us(&event) {
            return None;
        }
        // Old bodies carry no event id: the bytes of the event then name it.
        let id = Fingerprint::of(event.id.as_deref().unwrap_or(event.raw));
        let received = Received {
            id,
            at: event.timestamp.map_or(now, Millis),
            received: now,
            standby: event.standby,
            redelivered: event.redelivered,
            token: event
                .reply_token
                .as_deref()
                .filter(|_| !event.standby)
                .map(Arc::from),
            kind: kind_of(&event, chat.kind(), id),
        };
        let as_sent = raw.clone();
        Some(Sorted {
            key: ConversationKey::new(self.channel.clone(), chat),
            inbound: Inward {
                received,
                raw,
                event_type: event.event_type.into(),
            },
            event: as_sent,
        })
    }

    /// Keeps an event that could not be read, undecided, under its chat's conversation, or the
    /// channel's own when it names no chat.
    ///
    /// It is kept raw only when an unsend can reach it: when it names its chat and its message.
    /// Whatever else it is, its shape and its fault are kept, and no words. So is group talk,
    /// unless all of it is taken: nobody can tell whether it was addressed to the account.
    pub fn broken(&self, event: &RawValue, raw: Bytes, fault: &NotAnEvent, now: Millis) -> Sorted {
        let as_sent = raw.clone();
        let names = event::names(event);
        let chat = names.source.chat().map(ChatId::new);
        let taken = chat.as_ref().is_some_and(|chat| {
            chat.kind() == ChatKind::Customer || self.groups == GroupPolicy::All
        });
        let message = names.message.as_deref().filter(|_| taken);
        let raw = match message {
            Some(_) => raw,
            None => Bytes::from(told(event, fault)),
        };
        let received = Received {
            id: Fingerprint::of(names.id.as_deref().unwrap_or(event.get())),
            at: names.timestamp.map_or(now, Millis),
            received: now,
            standby: names.standby,
            redelivered: names.redelivered,
            token: None,
            kind: Kind::Quarantined {
                event_type: "broken".into(),
                raw: recorded(&String::from_utf8_lossy(&raw)),
                message: message.map(Fingerprint::of),
            },
        };
        let chat = chat.unwrap_or_else(|| ChatId::new(NO_CHAT));
        Sorted {
            key: ConversationKey::new(self.channel.clone(), chat),
            inbound: Inward {
                received,
                raw,
                event_type: "broken".into(),
            },
            event: as_sent,
        }
    }

    fn is_for_us(&self, event: &Inbound<'_>) -> bool {
        let message = match (self.groups, &event.payload) {
            (GroupPolicy::All, _) => return true,
            // The state of the chat itself matters under every policy; so does an unsend.
            (_, Payload::Join | Payload::Leave | Payload::Unsend { .. }) => return true,
            (GroupPolicy::Ignore, _) => return false,
            (GroupPolicy::WhenAddressed, Payload::Postback { .. }) => return true,
            (GroupPolicy::WhenAddressed, Payload::Message(m) | Payload::MessageEdited(m)) => m,
            (GroupPolicy::WhenAddressed, _) => return false,
        };
        let words = message.text.as_deref().unwrap_or_default().trim_start();
        message.mentions_account
            || self
                .call_words
                .iter()
                .any(|call| words.starts_with(&**call))
    }
}

fn kind_of(event: &Inbound<'_>, chat: ChatKind, id: Fingerprint) -> Kind {
    match &event.payload {
        Payload::Message(message) => Kind::Message {
            message: message_id(message, id),
            content: content(message),
            understanding: Understanding::default(),
        },
        Payload::MessageEdited(message) => Kind::Edited {
            message: message_id(message, id),
            content: content(message),
            understanding: Understanding::default(),
        },
        Payload::Unsend { message_id } => Kind::Unsent {
            message: Fingerprint::of(message_id),
        },
        Payload::Follow { is_unblocked } => Kind::Followed {
            returning: *is_unblocked,
        },
        Payload::Unfollow => Kind::Unfollowed,
        Payload::Join if chat != ChatKind::Customer => Kind::Joined,
        Payload::Leave if chat != ChatKind::Customer => Kind::Left,
        Payload::Postback { data, raw } => Kind::Postback {
            data: (&**data).into(),
            raw: recorded(raw),
        },
        Payload::Join | Payload::Leave | Payload::Other => Kind::Noted {
            event_type: (&*event.event_type).into(),
            raw: recorded(event.raw),
        },
    }
}

/// What is kept of an event whose words nobody could erase.
fn told(event: &RawValue, fault: &NotAnEvent) -> String {
    // The fault is made of our own words; the rest leaves room for it within what is recorded.
    let shape = event::shape(event, MAX_RECORDED / 2);
    format!(
        "{{\"fault\":\"{}\",\"shape\":{shape}}}",
        fault.to_string().replace('"', "'")
    )
}

/// A message without an id (never seen, allowed for) is named by its event.
fn message_id(message: &Message<'_>, event: Fingerprint) -> Fingerprint {
    message.id.as_deref().map_or(event, Fingerprint::of)
}

fn content(message: &Message<'_>) -> Content {
    match &message.text {
        Some(text) => Content::Text((&**text).into()),
        None => Content::Other {
            kind: (&*message.message_type).into(),
            raw: recorded(message.raw),
        },
    }
}

fn recorded(raw: &str) -> Box<str> {
    raw[..raw.floor_char_boundary(MAX_RECORDED)].into()
}
