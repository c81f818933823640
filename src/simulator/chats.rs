//! Chats as the phone page sees them: bubbles, loading animation, read mark, groups.

use super::actions::ActionError;
use super::events::{Minted, Source};
use super::people::Group;
use super::platform::{Channel, Platform};
use super::thread::{Entry, Thread};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};

/// A chat with everything around it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadView {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// `{until}` while the loading animation runs, else null.
    pub loading: Option<Value>,
    /// The rich menu this customer sees, with `imageUrl`, else null.
    pub rich_menu: Option<Value>,
    /// The account has read everything.
    pub read: bool,
}

impl Platform {
    /// The chat with a customer or group.
    pub fn thread(&self, channel: &str, chat: &str) -> Option<ThreadView> {
        let channel = self.channel(channel)?;
        if let Some(group) = channel.groups.get(chat) {
            return Some(ThreadView {
                entries: group.thread.entries(),
                loading: None,
                rich_menu: None,
                read: true,
            });
        }
        let customer = channel.customers.get(chat)?;
        let now = self.now();
        let view = ThreadView {
            entries: customer.thread.entries(),
            loading: (customer.loading_until > now)
                .then(|| json!({"until": customer.loading_until})),
            rich_menu: None,
            read: customer.read,
        };
        drop(customer);
        Some(ThreadView {
            rich_menu: self.menu_of(channel, chat),
            ..view
        })
    }

    /// The rich menu a customer sees.
    pub fn menu_of(&self, channel: &Channel, user: &str) -> Option<Value> {
        channel
            .menus
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .shown_to(user)
    }

    /// A new group (or room, when `room`) with members, the account among them: sends `join`.
    ///
    /// # Errors
    /// No such channel, or a member is unknown.
    pub fn create_group(
        &self,
        channel: &str,
        name: &str,
        members: &[&str],
        room: bool,
    ) -> Result<(Arc<str>, Minted), ActionError> {
        let found = self
            .channel(channel)
            .ok_or_else(|| ActionError::NoChannel(channel.to_owned()))?;
        let members = members
            .iter()
            .map(|member| {
                found
                    .customers
                    .get(*member)
                    .map(|customer| customer.user_id.clone())
                    .ok_or_else(|| ActionError::NoChat((*member).to_owned()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let id: Arc<str> = self.ids.chat(if room { 'R' } else { 'C' }).into();
        found.groups.insert(
            id.clone(),
            Group {
                name: name.to_owned(),
                members,
                joined: true,
                thread: Thread::default(),
            },
        );
        let source = group_source(&id);
        let minted = self.mint::<Value>(found, "join", Some(source), true, None, None);
        self.enqueue(found, minted.clone());
        Ok((id, minted))
    }

    /// A member joins (`true`) or leaves a group: sends `memberJoined` or `memberLeft`.
    ///
    /// # Errors
    /// No such channel or group.
    pub fn group_member(
        &self,
        channel: &str,
        group: &str,
        user: &str,
        joins: bool,
    ) -> Result<Minted, ActionError> {
        let found = self
            .channel(channel)
            .ok_or_else(|| ActionError::NoChannel(channel.to_owned()))?;
        let user = self.ensure_customer(found, user, |_| {});
        let mut entry = found
            .groups
            .get_mut(group)
            .ok_or_else(|| ActionError::NoChat(group.to_owned()))?;
        entry.members.retain(|member| *member != user);
        if joins {
            entry.members.push(user.clone());
        }
        let source = group_source(entry.key());
        drop(entry);
        let (kind, key) = if joins {
            ("memberJoined", "joined")
        } else {
            ("memberLeft", "left")
        };
        let members = json!({"members": [{"type": "user", "userId": user}]});
        let minted = self.mint(
            found,
            kind,
            Some(source),
            joins,
            None,
            Some((key, &members)),
        );
        self.enqueue(found, minted.clone());
        Ok(minted)
    }

    /// The account is thrown out of a group: sends `leave`.
    ///
    /// # Errors
    /// No such channel or group.
    pub fn expel(&self, channel: &str, group: &str) -> Result<Minted, ActionError> {
        let found = self
            .channel(channel)
            .ok_or_else(|| ActionError::NoChannel(channel.to_owned()))?;
        let mut entry = found
            .groups
            .get_mut(group)
            .ok_or_else(|| ActionError::NoChat(group.to_owned()))?;
        entry.joined = false;
        let source = group_source(entry.key());
        drop(entry);
        let minted = self.mint::<Value>(found, "leave", Some(source), false, None, None);
        self.enqueue(found, minted.clone());
        Ok(minted)
    }

    /// Puts a bubble into a chat and tells the watchers.
    pub(super) fn place(&self, channel: &Channel, chat: &Arc<str>, entry: Entry) {
        if self.thread_keep == 0 {
            return;
        }
        let mut shown = None;
        self.in_thread(channel, chat, |thread| {
            thread.push(entry, self.thread_keep);
            shown = thread.last().cloned();
            true
        });
        if let Some(entry) = shown {
            self.watchers
                .tell("thread", || json!({"userId": chat, "entry": entry}));
        }
    }

    pub(super) fn in_thread(
        &self,
        channel: &Channel,
        chat: &str,
        change: impl FnOnce(&mut Thread) -> bool,
    ) -> bool {
        if let Some(mut group) = channel.groups.get_mut(chat) {
            return change(&mut group.thread);
        }
        channel
            .customers
            .get_mut(chat)
            .is_some_and(|mut customer| change(&mut customer.thread))
    }

    pub(super) fn tell_thread(&self, chat: &str) {
        self.watchers
            .tell("thread", || json!({"userId": chat, "entry": null}));
    }

    pub(super) fn tell_menu(&self, user: &str) {
        self.watchers.tell("richmenu", || json!({"userId": user}));
    }

    pub(super) fn tell_customer(&self, channel: &Channel, user: &str) {
        self.watchers.tell("customer", || {
            channel
                .customers
                .get(user)
                .map(|customer| customer.view(&channel.id))
        });
    }
}

fn group_source(id: &Arc<str>) -> Source {
    if id.starts_with('R') {
        Source::Room(id.clone(), None)
    } else {
        Source::Group(id.clone(), None)
    }
}
