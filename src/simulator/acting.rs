//! Customers write: messages of every type become webhook events.
//!
//! Refuses what the app refuses (length, blocked accounts); acts that are no messages are in
//! `tapping`.

use super::actions::{Action, ActionError};
use super::events::{self, Minted, Source};
use super::media::Kind;
use super::platform::{Channel, Platform};
use super::thread::From;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Longest text the app sends. Source: LINE reference, text messages: 5,000 UTF-16 units.
const TEXT_UNITS: usize = 5_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlainText<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    quote_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark_as_read_token: Option<String>,
    text: &'a str,
}

impl Platform {
    /// The fast path: a customer (made known if new) writes, and the caller delivers the event
    /// itself, [`Platform::arm`]s the token if it waits before sending, and records the delivery
    /// with [`super::journal::Journal::record_webhook`].
    ///
    /// # Errors
    /// No such channel. Blocking and length are not looked at here.
    pub fn customer_says(
        &self,
        channel: &str,
        user: &str,
        text: &str,
    ) -> Result<Minted, ActionError> {
        let channel = self
            .channel(channel)
            .ok_or_else(|| ActionError::NoChannel(channel.to_owned()))?;
        let now = self.now();
        let user = self.ensure_customer(channel, user, |customer| {
            customer.wrote_at = now;
            customer.read = !channel.options.chat;
        });
        let id = self.ids.message();
        let message = PlainText {
            kind: "text",
            id: &id,
            quote_token: &events::mark('q', &user, &id),
            mark_as_read_token: self.read_token(channel, &user, &id),
            text,
        };
        let minted = self.mint(
            channel,
            "message",
            Some(Source::User(user.clone())),
            true,
            Some(&id),
            Some(("message", &message)),
        );
        if self.thread_keep > 0 {
            let shown = json!({"type": "text", "id": id, "text": text});
            self.show(channel, &user, Some(&user), From::Customer, &id, shown);
        }
        Ok(minted)
    }

    /// A customer acts; the event goes to the channel's webhook. `group` names the group or room it
    /// happens in.
    ///
    /// # Errors
    /// [`ActionError`]: the app would not allow it, or somebody is unknown.
    pub fn act(
        &self,
        channel: &str,
        user: &str,
        group: Option<&str>,
        action: &Action,
    ) -> Result<Minted, ActionError> {
        let found = self
            .channel(channel)
            .ok_or_else(|| ActionError::NoChannel(channel.to_owned()))?
            .clone();
        let minted = self.perform(&found, user, group, action)?;
        self.enqueue(&found, minted.clone());
        Ok(minted)
    }

    pub(super) fn perform(
        &self,
        channel: &Arc<Channel>,
        user: &str,
        group: Option<&str>,
        action: &Action,
    ) -> Result<Minted, ActionError> {
        let customer = channel
            .customers
            .get(user)
            .map(|found| (found.user_id.clone(), found.blocked))
            .ok_or_else(|| ActionError::NoChat(user.to_owned()))?;
        let (user, blocked) = customer;
        let source = self.source(channel, &user, group)?;
        if blocked && group.is_none() && !matches!(action, Action::Follow {} | Action::Unfollow {})
        {
            return Err(ActionError::Blocked(user.to_string()));
        }
        let id = self.ids.message();
        let quote = events::mark('q', source.chat(), &id);
        let content = json!({"type": "line"});
        let message = match action {
            Action::Text {
                text,
                mention,
                quoted_message_id,
            } => {
                let units = text.encode_utf16().count();
                if units == 0 || units > TEXT_UNITS {
                    return Err(ActionError::Length(units));
                }
                let mut message = json!({"type": "text", "text": text, "quoteToken": quote});
                if *mention {
                    let called = format!("@{}", channel.options.name);
                    message["text"] = json!(format!("{called} {text}"));
                    message["mention"] = json!({"mentionees": [{
                        "index": 0, "length": called.encode_utf16().count(), "type": "user",
                        "userId": channel.options.destination, "isSelf": true}]});
                }
                if let Some(quoted) = quoted_message_id {
                    message["quotedMessageId"] = json!(quoted);
                }
                message
            }
            Action::Sticker {
                package_id,
                sticker_id,
            } => json!({"type": "sticker", "packageId": package_id, "stickerId": sticker_id,
                        "stickerResourceType": "STATIC", "keywords": ["謝謝", "開心"],
                        "quoteToken": quote}),
            Action::Image {} => {
                self.shelve(channel, &id, Kind::Image);
                json!({"type": "image", "contentProvider": content, "quoteToken": quote})
            }
            Action::Video { duration } => {
                self.shelve(channel, &id, Kind::Video);
                json!({"type": "video", "duration": duration, "contentProvider": content,
                       "quoteToken": quote})
            }
            Action::Audio { duration } => {
                self.shelve(channel, &id, Kind::Audio);
                json!({"type": "audio", "duration": duration, "contentProvider": content})
            }
            Action::File { file_name } => {
                let size = self.shelve(channel, &id, Kind::File);
                json!({"type": "file", "fileName": file_name, "fileSize": size})
            }
            Action::Location {
                title,
                address,
                latitude,
                longitude,
            } => {
                let mut message =
                    json!({"type": "location", "latitude": latitude, "longitude": longitude});
                if let Some(title) = title {
                    message["title"] = json!(title);
                }
                if let Some(address) = address {
                    message["address"] = json!(address);
                }
                message
            }
            other => return self.perform_other(channel, &user, source, other),
        };
        Ok(self.write_message(channel, &user, source, id, message))
    }

    fn write_message(
        &self,
        channel: &Arc<Channel>,
        user: &Arc<str>,
        source: Source,
        id: String,
        mut message: Value,
    ) -> Minted {
        message["id"] = json!(id);
        if let Some(token) = self.read_token(channel, source.chat(), &id) {
            message["markAsReadToken"] = json!(token);
        }
        let now = self.now();
        if matches!(source, Source::User(_)) {
            self.ensure_customer(channel, user, |customer| {
                customer.wrote_at = now;
                customer.read = !channel.options.chat;
            });
        }
        let chat = source.chat().clone();
        let minted = self.mint(
            channel,
            "message",
            Some(source),
            true,
            Some(&id),
            Some(("message", &message)),
        );
        for secret in ["quoteToken", "markAsReadToken"] {
            message.as_object_mut().map(|fields| fields.remove(secret));
        }
        self.show(channel, &chat, Some(user), From::Customer, &id, message);
        minted
    }
}
