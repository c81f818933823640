//! Mints ids and tokens, writes events, hands them to the sender, keeps the chat's bubbles.
//!
//! Refuses chats that do not exist; never waits.

use super::actions::ActionError;
use super::events::{self, Head, Minted, Source};
use super::media::{Kind, Media};
use super::people::Customer;
use super::platform::{Channel, Platform};
use super::thread::{Entry, From};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Platform {
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

    pub(super) fn source(
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

    pub(super) fn read_token(
        &self,
        channel: &Channel,
        chat: &str,
        message: &str,
    ) -> Option<String> {
        channel
            .options
            .chat
            .then(|| events::mark('r', chat, message))
    }

    pub(super) fn shelve(&self, channel: &Channel, id: &str, kind: Kind) -> usize {
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
