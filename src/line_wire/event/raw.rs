//! LINE's objects with every field unread: each is looked at on its own, so that a mistyped one is
//! an absent one and hurts nothing beside it.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawEvent<'a> {
    #[serde(borrow, default)]
    pub(super) r#type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) webhook_event_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) reply_token: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) mode: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) source: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) delivery_context: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) postback: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) unsend: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) follow: Option<&'a RawValue>,
}

impl RawEvent<'_> {
    /// `mode` is `standby`: another of the account's modules has the chat.
    pub(super) fn is_standby(&self) -> bool {
        self.mode
            .and_then(text)
            .is_some_and(|mode| mode == "standby")
    }

    /// LINE says that it sends the event again.
    pub(super) fn is_redelivered(&self) -> bool {
        let context = member(self.delivery_context);
        context.is_redelivery.is_some_and(truth)
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RawSource<'a> {
    #[serde(borrow)]
    pub(super) user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) group_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) room_id: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RawMessage<'a> {
    #[serde(borrow)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) r#type: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) text: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) mention: Option<&'a RawValue>,
}

/// Small objects of which one member matters.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Member<'a> {
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) message_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) is_unblocked: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) is_redelivery: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) is_self: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) mentionees: Option<&'a RawValue>,
}

/// A string that borrows when it holds no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    // A raw value is whole JSON: without an escape, a string is what stands between its quotes.
    let plain = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if !plain.contains('\\') {
        return Some(Cow::Borrowed(plain));
    }
    serde_json::from_str::<Text<'_>>(raw.get())
        .ok()
        .map(|text| text.0)
}

pub(super) fn number(raw: &RawValue) -> Option<u64> {
    serde_json::from_str(raw.get()).ok()
}

pub(super) fn truth(raw: &RawValue) -> bool {
    raw.get() == "true"
}

pub(super) fn object<'a, T: Deserialize<'a> + Default>(raw: &'a RawValue) -> T {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

pub(super) fn member<'a>(raw: Option<&'a RawValue>) -> Member<'a> {
    raw.map(object).unwrap_or_default()
}
