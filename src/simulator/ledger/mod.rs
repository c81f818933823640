//! The ledger: holds what was asked and acknowledged against what LINE accepted.
//!
//! Law of this room: it reads nothing but [`JournalEntry`] records, so a router cannot talk itself
//! out of a loss, and it refuses leniency: an answer nobody asked for counts as doubled. An answer
//! names its question by its *marker*, the first word of a text message ([`marker_of`]).

mod judge;
mod order;
#[cfg(test)]
mod tests;

pub use judge::{Offence, Verdict};

use super::journal::{Call, JournalEntry, Told, WebhookCall, What};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What was asked, and what the journal says came of it.
///
/// Give each question of a customer a marker of its own: order is judged only between such. Where
/// markers repeat, they are counted: as many answers as questions.
#[derive(Debug, Default)]
pub struct Ledger {
    asked: Vec<Asked>,
    by_event: HashMap<String, usize>,
    /// Fingerprint of a reply token → index of the question that brought it.
    by_token: HashMap<u64, usize>,
    customers: HashMap<String, Customer>,
    unclear: Vec<Unclear>,
    violations: Vec<Offence>,
    billed: u64,
    injected_doubts: u64,
}

/// One question.
#[derive(Debug)]
struct Asked {
    event: String,
    customer: String,
    marker: String,
    attempts: Vec<Attempt>,
    /// When the first 2xx came, milliseconds.
    acknowledged: Option<u64>,
}

/// One webhook request that carried a question.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    /// Number of the request in the journal.
    seq: u64,
    /// Place of the event in the request.
    place: usize,
    sent_at: u64,
    over_at: u64,
    /// Nothing of it can still be on its way: acknowledged, or the connection ended.
    settled: bool,
}

/// One customer: questions in the order they were asked, answers in the order LINE accepted them.
#[derive(Debug, Default)]
struct Customer {
    asked: Vec<usize>,
    answers: Vec<Answer>,
}

/// One accepted message.
#[derive(Debug)]
struct Answer {
    marker: String,
    seq: u64,
}

/// A send that was not accepted, and whose caller could not know it.
#[derive(Debug)]
struct Unclear {
    reply_token: Option<u64>,
    to: Option<String>,
    markers: Vec<String>,
}

impl Ledger {
    /// A ledger in which nothing was asked.
    pub fn new() -> Ledger {
        Ledger::default()
    }

    /// Notes a question before it is sent: a `webhookEventId` and the marker of its answer.
    /// Questions of one customer in the order they are asked.
    pub fn ask(&mut self, customer: &str, event: &str, marker: &str) {
        let index = self.asked.len();
        self.asked.push(Asked {
            event: event.to_owned(),
            customer: customer.to_owned(),
            marker: marker.to_owned(),
            attempts: Vec::new(),
            acknowledged: None,
        });
        self.by_event.insert(event.to_owned(), index);
        self.customer(customer).asked.push(index);
    }

    /// Reads one record of the journal. Records in the order of their numbers, each once, and after
    /// the questions they are about.
    pub fn see(&mut self, entry: &JournalEntry) {
        match &entry.what {
            What::Webhook(webhook) => self.webhook(entry, webhook),
            What::Call(call) => self.call(entry, call),
        }
    }

    fn customer(&mut self, id: &str) -> &mut Customer {
        if !self.customers.contains_key(id) {
            self.customers.insert(id.to_owned(), Customer::default());
        }
        self.customers.get_mut(id).expect("was just inserted")
    }

    fn webhook(&mut self, entry: &JournalEntry, webhook: &WebhookCall) {
        let acknowledged = webhook.acknowledged();
        // After a timeout, or a refusal ("not known to be durable"), the events may still land.
        let lost_connection =
            webhook.status == 0 && webhook.error.as_deref() == Some("could_not_connect");
        for (place, event) in webhook.event_ids.iter().enumerate() {
            let Some(&index) = self.by_event.get(event) else {
                continue;
            };
            let asked = &mut self.asked[index];
            asked.attempts.push(Attempt {
                seq: entry.seq,
                place,
                sent_at: webhook.sent_at,
                over_at: entry.at,
                settled: acknowledged || lost_connection,
            });
            if acknowledged && asked.acknowledged.is_none() {
                asked.acknowledged = Some(entry.at);
            }
        }
        self.note_tokens(webhook);
    }

    /// Replies name a token and no customer; only the event that brought the token knows whose.
    fn note_tokens(&mut self, webhook: &WebhookCall) {
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            events: Vec<Event<'a>>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Event<'a> {
            webhook_event_id: &'a str,
            reply_token: Option<&'a str>,
        }
        let Ok(body) = serde_json::from_str::<Body<'_>>(&webhook.body) else {
            return;
        };
        for event in body.events {
            if let (Some(token), Some(&index)) =
                (event.reply_token, self.by_event.get(event.webhook_event_id))
            {
                self.by_token.insert(fingerprint(token), index);
            }
        }
    }

    fn call(&mut self, entry: &JournalEntry, call: &Call) {
        self.billed += u64::from(call.billed);
        if let Some(violation) = &call.violation {
            self.violations.push(Offence {
                kind: "violation",
                customer: String::new(),
                event: String::new(),
                detail: format!("{violation} (entry {})", entry.seq),
            });
        }
        if !matches!(
            call.endpoint.as_str(),
            "reply" | "push" | "multicast" | "narrowcast" | "broadcast"
        ) {
            return;
        }
        self.injected_doubts += u64::from(call.doubt);
        if call.deliveries.is_empty() {
            if !call.accepted && (call.told != Told::Answer || call.status >= 500) {
                self.unclear.extend(unclear(call));
            }
            return;
        }
        let messages = call.messages();
        for delivered in &call.deliveries {
            let customer = self.customer(&delivered.to);
            customer
                .answers
                .extend(messages.iter().map(|message| Answer {
                    marker: marker_of(message).to_owned(),
                    seq: entry.seq,
                }));
        }
    }
}

/// What names the question an answer belongs to: the first word of a text message; empty for
/// messages of other types.
pub fn marker_of(message: &Value) -> &str {
    let text = message["text"].as_str().unwrap_or_default();
    text.split_whitespace().next().unwrap_or_default()
}

fn unclear(call: &Call) -> Option<Unclear> {
    let body: Value = serde_json::from_str(&call.body).ok()?;
    let messages = body["messages"].as_array()?;
    Some(Unclear {
        reply_token: body["replyToken"].as_str().map(fingerprint),
        to: body["to"].as_str().map(str::to_owned),
        markers: messages.iter().map(|m| marker_of(m).to_owned()).collect(),
    })
}

fn fingerprint(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}
