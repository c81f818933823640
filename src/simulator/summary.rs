//! One line of the journal for the phone page: what a person wants to see of a call.

use super::journal::{JournalEntry, What};
use serde::Serialize;
use std::sync::Arc;

/// A journal entry without its bodies.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    seq: u64,
    at: u64,
    channel: Arc<str>,
    /// `call` (towards LINE) or `webhook` (towards the receiver).
    kind: &'static str,
    method: String,
    path: String,
    endpoint: String,
    status: u16,
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// True: LINE bills `billed` recipients; false: free.
    billable: bool,
    billed: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_age_ms: Option<u64>,
    took_ms: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    to: Vec<Arc<str>>,
    messages: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    doubt: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    violation: Option<String>,
}

/// Sums an entry up.
pub fn of(entry: &JournalEntry) -> Summary {
    let blank = Summary {
        seq: entry.seq,
        at: entry.at,
        channel: entry.channel.clone(),
        kind: "call",
        method: "POST".to_owned(),
        path: String::new(),
        endpoint: String::new(),
        status: 0,
        accepted: false,
        reason: None,
        billable: false,
        billed: 0,
        token_age_ms: None,
        took_ms: 0,
        to: Vec::new(),
        messages: 0,
        fault: None,
        doubt: false,
        violation: None,
    };
    match &entry.what {
        What::Call(call) => Summary {
            method: call.method.clone(),
            path: call.path.clone(),
            endpoint: call.endpoint.clone(),
            status: call.status,
            accepted: call.accepted,
            reason: call.reason.clone(),
            billable: matches!(
                call.endpoint.as_str(),
                "push" | "multicast" | "narrowcast" | "broadcast"
            ),
            billed: call.billed,
            token_age_ms: call.token_age_ms,
            took_ms: call.wait_ms,
            // A page shows one name; a broadcast to everybody is not listed.
            to: call
                .deliveries
                .iter()
                .take(3)
                .map(|one| one.to.clone())
                .collect(),
            messages: call
                .deliveries
                .first()
                .map_or(0, |one| one.message_ids.len()),
            fault: call.fault.clone(),
            doubt: call.doubt,
            violation: call.violation.clone(),
            ..blank
        },
        What::Webhook(call) => Summary {
            kind: "webhook",
            path: call.url.clone(),
            endpoint: "webhook".to_owned(),
            status: call.status,
            accepted: call.acknowledged(),
            reason: call.error.clone(),
            took_ms: call.took_ms,
            messages: call.event_ids.len(),
            ..blank
        },
    }
}
