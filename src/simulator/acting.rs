//! Turns customers' acts into webhook events, and the events into the sender's queue.

use super::actions::{Action, ActionError};
use super::events::{self, Head, Minted, Source};
use super::media::{Kind, Media};
use super::people::Customer;
use super::platform::{Channel, Platform};
use super::richmenu::Tap;
use super::thread::{Entry, From};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

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

    fn perform(
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

    fn perform_other(
        &self,
        channel: &Arc<Channel>,
        user: &Arc<str>,
        source: Source,
        action: &Action,
    ) -> Result<Minted, ActionError> {
        let chat = source.chat().clone();
        let mint = |kind, replyable, payload: Option<(&str, &Value)>| {
            self.mint(
                channel,
                kind,
                Some(source.clone()),
                replyable,
                None,
                payload,
            )
        };
        match action {
            Action::Postback {
                data,
                display_text,
                params,
            } => {
                if let Some(text) = display_text {
                    let shown = json!({"type": "text", "text": text, "postback": true});
                    let id = self.ids.message();
                    self.show(channel, &chat, Some(user), From::Customer, &id, shown);
                }
                let mut postback = json!({"data": data});
                if let Some(params) = params {
                    postback["params"] = params.clone();
                }
                Ok(mint("postback", true, Some(("postback", &postback))))
            }
            Action::RichMenu { x, y } => {
                let tap = channel
                    .menus
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .tap(user, *x, *y)
                    .map_err(|why| ActionError::NothingThere(why.to_owned()))?;
                match tap {
                    Tap::Act(action) => self.perform(channel, user, None, &action),
                    Tap::Nothing(what) => Err(ActionError::NothingThere(what)),
                }
            }
            Action::RichMenuSwitch {
                rich_menu_alias_id,
                data,
            } => {
                let status = channel
                    .menus
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .switch(user, rich_menu_alias_id);
                let mut params = json!({"status": status});
                if status == "SUCCESS" {
                    params["newRichMenuAliasId"] = json!(rich_menu_alias_id);
                    self.tell_menu(user);
                }
                let postback = json!({"data": data, "params": params});
                Ok(mint("postback", true, Some(("postback", &postback))))
            }
            Action::Follow {} => {
                let mut unblocked = false;
                self.ensure_customer(channel, user, |customer| {
                    unblocked = customer.blocked;
                    customer.friend = true;
                    customer.blocked = false;
                });
                self.tell_customer(channel, user);
                let follow = json!({"isUnblocked": unblocked});
                Ok(mint("follow", true, Some(("follow", &follow))))
            }
            Action::Unfollow {} => {
                self.ensure_customer(channel, user, |customer| {
                    customer.friend = false;
                    customer.blocked = true;
                });
                self.tell_customer(channel, user);
                Ok(mint("unfollow", false, None))
            }
            Action::Unsend { message_id } => {
                let media = self.media.get_mut(message_id).is_some_and(|mut media| {
                    media.unsent = true;
                    media.bytes = None;
                    true
                });
                let shown = self.in_thread(channel, &chat, |thread| thread.unsend(message_id));
                if !media && !shown && self.thread_keep > 0 {
                    return Err(ActionError::NoMessage(message_id.clone()));
                }
                self.tell_thread(&chat);
                let unsend = json!({"messageId": message_id});
                Ok(mint("unsend", false, Some(("unsend", &unsend))))
            }
            Action::Edit { message_id, text } => {
                if matches!(source, Source::User(_)) {
                    return Err(ActionError::GroupOnly);
                }
                let shown = json!({"type": "text", "id": message_id, "text": text});
                let done = self.in_thread(channel, &chat, |thread| thread.edit(message_id, shown));
                if !done && self.thread_keep > 0 {
                    return Err(ActionError::NoMessage(message_id.clone()));
                }
                self.tell_thread(&chat);
                // An edited message keeps its id, gets a new quote token and no read token.
                let quote = events::mark('q', &chat, message_id);
                let message =
                    json!({"type": "text", "id": message_id, "text": text, "quoteToken": quote});
                Ok(mint("messageEdited", true, Some(("message", &message))))
            }
            Action::Event {
                kind,
                replyable,
                payload,
                payload_key,
            } => {
                let key = payload_key.as_deref().unwrap_or(kind);
                let payload = payload.as_ref().map(|payload| (key, payload));
                Ok(self.mint(
                    channel,
                    kind,
                    Some(source.clone()),
                    *replyable,
                    None,
                    payload,
                ))
            }
            _ => Err(ActionError::NothingThere(
                "not an act of its own".to_owned(),
            )),
        }
    }

    /// Mints ids and tokens and writes the event.
    pub(super) fn mint<T: Serialize>(
        &self,
        channel: &Channel,
        kind: &str,
        source: Option<Source>,
        replyable: bool,
        message_id: Option<&str>,
        payload: Option<(&str, &T)>,
    ) -> Minted {
        let now = self.now();
        let standby = self.delivery().standby;
        let chat = source
            .as_ref()
            .map_or_else(|| Arc::from(""), |source| source.chat().clone());
        let reply_token = (replyable && !standby).then(|| {
            self.reply_tokens
                .issue(&self.ids, channel.index, chat.clone(), now)
        });
        let webhook_event_id = self.ids.ulid(now);
        let head = Head {
            kind,
            standby,
            at: now,
            source: source.as_ref(),
            id: &webhook_event_id,
            reply_token: reply_token.as_deref(),
        };
        Minted {
            event: events::write(&head, payload).into(),
            webhook_event_id,
            message_id: message_id.map(str::to_owned),
            reply_token,
            chat,
        }
    }

    /// Hands an event to the sender; without one (or a webhook URL) it is lost, as at LINE.
    pub fn enqueue(&self, channel: &Channel, minted: Minted) {
        let lanes = channel
            .lanes
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if lanes.is_empty() {
            return;
        }
        let place = minted.chat.bytes().fold(0_usize, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        // A closed lane means the simulator is stopping.
        let _ = lanes[place % lanes.len()].send(minted);
    }

    /// Makes sure a customer exists and changes it.
    pub(super) fn ensure_customer(
        &self,
        channel: &Channel,
        user: &str,
        change: impl FnOnce(&mut Customer),
    ) -> Arc<str> {
        if let Some(mut found) = channel.customers.get_mut(user) {
            change(&mut found);
            return found.user_id.clone();
        }
        let id: Arc<str> = Arc::from(user);
        let mut entry = channel
            .customers
            .entry(id.clone())
            .or_insert_with(|| Customer::new(id, None, "zh-TW", &self.ids));
        change(&mut entry);
        entry.user_id.clone()
    }

    fn source(
        &self,
        channel: &Channel,
        user: &Arc<str>,
        group: Option<&str>,
    ) -> Result<Source, ActionError> {
        let Some(group) = group else {
            return Ok(Source::User(user.clone()));
        };
        let unknown = || ActionError::NoChat(group.to_owned());
        let found = channel.groups.get(group).ok_or_else(unknown)?;
        if !found.joined {
            return Err(unknown());
        }
        let id = found.key().clone();
        Ok(if group.starts_with('R') {
            Source::Room(id, Some(user.clone()))
        } else {
            Source::Group(id, Some(user.clone()))
        })
    }

    fn read_token(&self, channel: &Channel, chat: &str, message: &str) -> Option<String> {
        channel
            .options
            .chat
            .then(|| events::mark('r', chat, message))
    }

    fn shelve(&self, channel: &Channel, id: &str, kind: Kind) -> usize {
        let media = Media {
            kind,
            channel: channel.index,
            ready_at: self.now() + self.content_delay_ms,
            unsent: false,
            bytes: None,
        };
        let size = super::media::bytes(id, &media).1.len();
        self.media.insert(id.to_owned(), media);
        size
    }

    /// Puts a customer's bubble into a chat and tells the watchers.
    pub(super) fn show(
        &self,
        channel: &Channel,
        chat: &Arc<str>,
        user: Option<&Arc<str>>,
        from: From,
        message_id: &str,
        message: Value,
    ) {
        let entry = Entry {
            seq: self.thread_seq.fetch_add(1, Ordering::Relaxed),
            at: self.now(),
            from,
            message_id: message_id.to_owned(),
            message,
            via: None,
            billed: None,
            unsent: false,
            edited: false,
            token_age_ms: None,
            user_id: user.cloned(),
            quick_reply: None,
        };
        self.place(channel, chat, entry);
    }
}
