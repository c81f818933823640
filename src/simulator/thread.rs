//! What stands in a chat, as the phone page shows it.

use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum From {
    /// The person.
    Customer,
    /// The Official Account.
    Account,
}

/// One bubble.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Order within the simulator.
    pub seq: u64,
    /// When, milliseconds.
    pub at: u64,
    /// Who.
    pub from: From,
    /// The message's id.
    pub message_id: String,
    /// The message as LINE's JSON; quick replies are lifted out of it.
    pub message: Value,
    /// How the account sent it: `reply`, `push`, `multicast`, `broadcast`, `narrowcast`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<&'static str>,
    /// Recipients billed for the call that sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billed: Option<u32>,
    /// Taken back by the customer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unsent: bool,
    /// Changed by the customer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// Age of the reply token when it was used, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_age_ms: Option<u64>,
    /// Who said it in a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Arc<str>>,
    /// Shown above the input while this is the newest message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quick_reply: Option<Value>,
}

/// The bubbles of one chat, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Thread {
    entries: VecDeque<Entry>,
}

impl Thread {
    /// Appends a bubble and forgets the oldest beyond `keep`.
    pub fn push(&mut self, mut entry: Entry, keep: usize) {
        if keep == 0 {
            return;
        }
        if let Some(last) = self.entries.back_mut() {
            last.quick_reply = None;
        }
        entry.quick_reply = match (entry.from, entry.message.as_object_mut()) {
            (From::Account, Some(message)) => message.remove("quickReply"),
            _ => None,
        };
        self.entries.push_back(entry);
        while self.entries.len() > keep {
            self.entries.pop_front();
        }
    }

    /// All bubbles.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }

    /// The newest bubble.
    pub fn last(&self) -> Option<&Entry> {
        self.entries.back()
    }

    /// The customer takes a message back: its words go.
    pub fn unsend(&mut self, message_id: &str) -> bool {
        let found = self.own(message_id);
        if let Some(entry) = found {
            entry.unsent = true;
            let kind = entry.message.get("type").cloned();
            entry.message = serde_json::json!({ "type": kind, "id": message_id });
            return true;
        }
        false
    }

    /// The customer changes the text of a message.
    pub fn edit(&mut self, message_id: &str, message: Value) -> bool {
        match self.own(message_id) {
            Some(entry) if !entry.unsent => {
                entry.edited = true;
                entry.message = message;
                true
            }
            _ => false,
        }
    }

    fn own(&mut self, message_id: &str) -> Option<&mut Entry> {
        self.entries
            .iter_mut()
            .rev()
            .find(|entry| entry.from == From::Customer && entry.message_id == message_id)
    }
}
