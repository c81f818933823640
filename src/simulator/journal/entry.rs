//! What the journal holds: one record per call received and per webhook sent.
//!
//! A ledger needs nothing else: an accepted call says what was delivered to whom, in order, and
//! what the caller was told about it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// One record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalEntry {
    /// Position, from 1, without gaps. Calls are numbered in the order they were decided.
    pub seq: u64,
    /// When it was decided (calls) or over (webhooks), milliseconds.
    pub at: u64,
    /// Alias of the channel; empty when the call named none.
    pub channel: Arc<str>,
    /// What happened.
    pub what: What,
}

/// Either direction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    /// Somebody called LINE's API.
    Call(Box<Call>),
    /// We called a webhook.
    Webhook(Box<WebhookCall>),
}

/// What the caller got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// The answer with `status` and `response`.
    #[default]
    Answer,
    /// Nothing: the connection was closed at once.
    Closed,
    /// Nothing: the connection hung for `waitMs` and was closed.
    Hung,
}

/// A call of LINE's API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Call {
    /// Name of the endpoint: `reply`, `push`, `profile`, …; `unknown` for none of LINE's.
    pub endpoint: String,
    /// HTTP method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// The `x-line-request-id` of the answer.
    pub request_id: String,
    /// The `X-Line-Retry-Key` of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_key: Option<String>,
    /// The `Content-Type` of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The raw body when it is text of at most 2 MB, else its size in words.
    pub body: String,
    /// Status the caller is told; 0 when it is told nothing.
    pub status: u16,
    /// Body the caller is told, when it is text.
    pub response: String,
    /// What the caller got.
    pub told: Told,
    /// Injected waiting before and after the decision, milliseconds.
    pub wait_ms: u64,
    /// Whether the platform did what was asked.
    pub accepted: bool,
    /// Why not, in our words (LINE's own texts are in `response`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Recipients counted against the quota.
    pub billed: u32,
    /// The reply token used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_token: Option<String>,
    /// Milliseconds between the last delivery of the token and its use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_age_ms: Option<u64>,
    /// Who got the messages, in the order of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<Delivered>,
    /// The injected fault that shaped this call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Accepted, yet the caller was told nothing or an error: an injected doubt.
    pub doubt: bool,
    /// A rule of LINE's that the caller broke although the answer does not say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violation: Option<String>,
}

impl Call {
    /// The messages of an accepted send, in order; empty for every other call.
    pub fn messages(&self) -> Vec<Value> {
        if self.deliveries.is_empty() {
            return Vec::new();
        }
        match serde_json::from_str::<Value>(&self.body) {
            Ok(mut body) => match body.get_mut("messages").map(Value::take) {
                Some(Value::Array(messages)) => messages,
                _ => Vec::new(),
            },
            Err(_) => Vec::new(),
        }
    }
}

/// One recipient of an accepted send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivered {
    /// User, group or room.
    pub to: Arc<str>,
    /// Ids given to the messages, in order.
    pub message_ids: Vec<String>,
    /// False: accepted by LINE with 200, but nothing arrives (blocked, not a friend).
    pub arrived: bool,
}

/// A webhook request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookCall {
    /// Where to.
    pub url: String,
    /// The raw signed body.
    pub body: String,
    /// Ids of the events, in order.
    pub event_ids: Vec<String>,
    /// When it was sent, milliseconds.
    pub sent_at: u64,
    /// Status of the answer; 0 when there was none.
    pub status: u16,
    /// How long the answer took, milliseconds.
    pub took_ms: u64,
    /// LINE's word for the failure: `could_not_connect`, `request_timeout`, `error_status_code`,
    /// `unclassified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many times these events had been sent before.
    pub attempt: u32,
}

impl WebhookCall {
    /// Whether the receiver took the events (any 2xx within the time).
    pub fn acknowledged(&self) -> bool {
        self.error.is_none() && (200..300).contains(&self.status)
    }
}
