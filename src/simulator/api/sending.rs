//! What all sends share: admission, recipients, ids, arrival.
//!
//! Refuses by retry key first, then by quota: a retry of an accepted call is 409 even when the month
//! is used up meanwhile.

use super::super::events;
use super::super::retry::{self, Claim};
use super::super::thread::{Entry, From};
use super::super::validate::{Rules, check_messages};
use super::Ctx;
use super::answer::{MONTH_TEXT, Outcome};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Retry key, then quota: `Some` refuses.
pub(super) fn admit(
    ctx: &Ctx<'_>,
    kind: &str,
    sent: Option<Arc<str>>,
    recipients: u64,
) -> Option<Outcome> {
    let keys = &ctx.channel.retry_keys;
    if let Some(key) = ctx.request.retry_key {
        if !retry::well_formed(key) {
            let text = "The X-Line-Retry-Key header must be a UUID";
            return Some(Outcome::refuse(400, text, "retry key is no UUID"));
        }
        let claim = keys.claim(key, kind, ctx.request.body, ctx.request_id, sent, ctx.now);
        if let Claim::Before { first, same_body } = claim {
            let text = r#"{"message":"The retry key is already accepted""#;
            let body = match &first.sent {
                Some(sent) => format!("{text},{}", &sent[1..]),
                None => format!("{text}}}"),
            };
            return Some(Outcome {
                reason: Some("retry key was accepted before".to_owned()),
                accepted_request_id: Some(first.request_id),
                violation: (!same_body)
                    .then(|| "retry key was used again with another body".to_owned()),
                ..Outcome::text(409, body)
            });
        }
    }
    if let Err(over) = ctx.channel.usage.spend(recipients, ctx.now) {
        if let Some(key) = ctx.request.retry_key {
            keys.release(key);
        }
        return Some(Outcome::refuse(429, MONTH_TEXT, &over.to_string()));
    }
    None
}

pub(super) fn with_token(outcome: Outcome, token: &str) -> Outcome {
    Outcome {
        reply_token: Some(token.to_owned()),
        ..outcome
    }
}

pub(super) fn faults_of(body: &Value, rules: Rules<'_>) -> Option<Outcome> {
    let faults = check_messages(&body["messages"], rules);
    if !faults.is_empty() {
        return Some(Outcome::faulty(&faults));
    }
    let silent = &body["notificationDisabled"];
    (!silent.is_null() && !silent.is_boolean()).then(|| Outcome::property("notificationDisabled"))
}

/// One unit at most, 30 of `[A-Za-z0-9_]`. Source: LINE docs, "Unit-based statistics aggregation".
pub(super) fn units_of(body: &Value) -> Option<Outcome> {
    let units = &body["customAggregationUnits"];
    let fine = match units.as_array().map(Vec::as_slice) {
        None => units.is_null(),
        Some([]) => true,
        Some([unit]) => unit.as_str().is_some_and(|name| {
            (1..=30).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        }),
        Some(_) => false,
    };
    (!fine).then(|| Outcome::property("customAggregationUnits"))
}

/// LINE's shape of an id, or one that this channel knows anyway (module channels, tests).
pub(super) fn known_shape(ctx: &Ctx<'_>, to: &str) -> bool {
    let shaped = to.len() == 33
        && to.starts_with(['U', 'C', 'R'])
        && to.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit());
    shaped || ctx.channel.customers.contains_key(to) || ctx.channel.groups.contains_key(to)
}

/// People a send reaches: `None` when it reaches nobody.
pub(super) fn recipients(ctx: &Ctx<'_>, to: &str) -> Option<u32> {
    if let Some(group) = ctx.channel.groups.get(to) {
        return group
            .joined
            .then(|| u32::try_from(group.members.len()).unwrap_or(u32::MAX));
    }
    let customer = ctx.channel.customers.get(to)?;
    customer.reachable(ctx.now).then_some(1)
}

pub(super) fn friends(ctx: &Ctx<'_>) -> Vec<Arc<str>> {
    let mut all: Vec<_> = ctx
        .channel
        .customers
        .iter()
        .filter(|customer| customer.friend)
        .map(|customer| customer.user_id.clone())
        .collect();
    all.sort();
    all
}

pub(super) fn ids_for(ctx: &Ctx<'_>, count: usize) -> Vec<String> {
    (0..count).map(|_| ctx.platform.ids.message()).collect()
}

/// `{"sentMessages":[…]}`; quote tokens for the types that can be quoted.
pub(super) fn sent_messages(chat: &str, messages: &[Value], ids: &[String]) -> String {
    let mut out = String::from(r#"{"sentMessages":["#);
    for (i, (message, id)) in messages.iter().zip(ids).enumerate() {
        let comma = if i > 0 { "," } else { "" };
        let quotable = matches!(
            message["type"].as_str(),
            Some("text" | "textV2" | "sticker" | "image" | "video" | "template" | "flex")
        );
        let _ = if quotable {
            let token = events::mark('q', chat, id);
            write!(out, r#"{comma}{{"id":"{id}","quoteToken":"{token}"}}"#)
        } else {
            write!(out, r#"{comma}{{"id":"{id}"}}"#)
        };
    }
    out.push_str("]}");
    out
}

/// Shows the messages in the chat; false when nothing arrives.
pub(super) fn arrive(
    ctx: &Ctx<'_>,
    chat: &Arc<str>,
    messages: &[Value],
    ids: &[String],
    via: &'static str,
    billed: u32,
    token_age_ms: Option<u64>,
) -> bool {
    let platform = ctx.platform;
    let arrived = match ctx.channel.customers.get_mut(&**chat) {
        Some(mut customer) => {
            let reached = !customer.blocked && (via == "reply" || customer.reachable(ctx.now));
            if reached && customer.loading_until > 0 {
                customer.loading_until = 0;
                drop(customer);
                platform
                    .watchers
                    .tell("loading", || json!({"userId": chat, "until": null}));
            }
            reached
        }
        None => ctx
            .channel
            .groups
            .get(&**chat)
            .is_some_and(|group| group.joined),
    };
    if arrived && platform.thread_keep > 0 {
        for (i, (message, id)) in messages.iter().zip(ids).enumerate() {
            let entry = Entry {
                seq: platform.thread_seq.fetch_add(1, Ordering::Relaxed),
                at: ctx.now,
                from: From::Account,
                message_id: id.clone(),
                message: message.clone(),
                via: Some(via),
                billed: Some(if i == 0 { billed } else { 0 }),
                unsent: false,
                edited: false,
                token_age_ms,
                user_id: None,
                quick_reply: None,
            };
            platform.place(ctx.channel, chat, entry);
        }
    }
    arrived
}
