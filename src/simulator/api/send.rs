//! Reply, push, multicast, narrowcast, broadcast, validate.

use super::super::endpoints::Endpoint;
use super::super::journal::Delivered;
use super::super::validate::Rules;
use super::Ctx;
use super::answer::{Outcome, parse};
use super::sending::{
    admit, arrive, faults_of, friends, ids_for, known_shape, recipients, sent_messages, units_of,
    with_token,
};
use crate::simulator::clock::iso;
use serde_json::{Value, json};
use std::sync::Arc;

/// LINE's text for a token that is used, expired or unknown: it does not tell them apart.
const BAD_TOKEN: &str = "Invalid reply token";

/// Most recipients of a multicast. Source: LINE reference, "Send multicast message".
const MULTICAST_MAX: usize = 500;

pub(super) fn reply(ctx: &Ctx<'_>) -> Outcome {
    if ctx.request.retry_key.is_some() {
        let text = "The X-Line-Retry-Key header is not supported by this endpoint";
        return Outcome::refuse(400, text, "retry key on reply");
    }
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let Some(token) = body["replyToken"]
        .as_str()
        .filter(|token| !token.is_empty())
    else {
        return Outcome::property("replyToken");
    };
    let tokens = &ctx.platform.reply_tokens;
    let index = ctx.channel.index;
    // Messages are checked before the token is used: a malformed reply leaves the token alive.
    let chat = tokens
        .look(token, index, ctx.now)
        .ok()
        .map(|spent| spent.chat);
    let rules = Rules {
        chat: chat.as_deref(),
        mentions: chat.as_deref().is_some_and(|chat| !chat.starts_with('U')),
    };
    if let Some(refusal) = faults_of(&body, rules) {
        return with_token(refusal, token);
    }
    let spent = match tokens.spend(token, index, ctx.now) {
        Ok(spent) => spent,
        Err(why) => return with_token(Outcome::refuse(400, BAD_TOKEN, &why.to_string()), token),
    };
    let messages = body["messages"]
        .as_array()
        .map_or(&[] as &[_], Vec::as_slice);
    let ids = ids_for(ctx, messages.len());
    let sent = sent_messages(&spent.chat, messages, &ids);
    let arrived = arrive(
        ctx,
        &spent.chat,
        messages,
        &ids,
        "reply",
        0,
        Some(spent.age_ms),
    );
    ctx.channel.usage.count("reply", 1, ctx.now);
    Outcome {
        token_age_ms: Some(spent.age_ms),
        deliveries: vec![Delivered {
            to: spent.chat,
            message_ids: ids,
            arrived,
        }],
        ..with_token(Outcome::text(200, sent), token)
    }
}

pub(super) fn push(ctx: &Ctx<'_>) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let Some(to) = body["to"].as_str().filter(|to| known_shape(ctx, to)) else {
        return Outcome::property("to");
    };
    let rules = Rules {
        chat: Some(to),
        mentions: !to.starts_with('U'),
    };
    if let Some(refusal) = faults_of(&body, rules).or_else(|| units_of(&body)) {
        return refusal;
    }
    let messages = body["messages"]
        .as_array()
        .map_or(&[] as &[_], Vec::as_slice);
    let ids = ids_for(ctx, messages.len());
    let to: Arc<str> = Arc::from(to);
    let sent: Arc<str> = sent_messages(&to, messages, &ids).into();
    let recipients = recipients(ctx, &to);
    if !to.starts_with('U') && recipients.is_none() && !ctx.channel.customers.contains_key(&*to) {
        return Outcome::refuse(400, "Failed to send messages", "not in that group or room");
    }
    let recipients = recipients.unwrap_or(0);
    if let Some(refusal) = admit(ctx, "push", Some(sent.clone()), u64::from(recipients)) {
        return refusal;
    }
    let arrived = arrive(ctx, &to, messages, &ids, "push", recipients, None);
    ctx.channel
        .usage
        .count("push", u64::from(recipients), ctx.now);
    Outcome {
        billed: recipients,
        deliveries: vec![Delivered {
            to,
            message_ids: ids,
            arrived,
        }],
        ..Outcome::text(200, sent.as_ref().to_owned())
    }
}

pub(super) fn multicast(ctx: &Ctx<'_>) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let to: Vec<Arc<str>> = body["to"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|to| to.starts_with('U') && known_shape(ctx, to))
        .map(Arc::from)
        .collect();
    let listed = body["to"].as_array().map_or(0, Vec::len);
    if to.is_empty() || to.len() > MULTICAST_MAX || to.len() != listed {
        return Outcome::property("to");
    }
    to_many(ctx, &body, to, "multicast", 200)
}

pub(super) fn broadcast(ctx: &Ctx<'_>) -> Outcome {
    match parse(ctx.request.body) {
        Ok(body) => to_many(ctx, &body, friends(ctx), "broadcast", 200),
        Err(refusal) => *refusal,
    }
}

/// Narrowcast without audiences: every friend is reached, at once, and the progress says so.
pub(super) fn narrowcast(ctx: &Ctx<'_>) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let mut to = friends(ctx);
    if let Some(max) = body["limit"]["max"].as_u64() {
        to.truncate(usize::try_from(max).unwrap_or(usize::MAX));
    }
    let count = to.len() as u64;
    let outcome = to_many(ctx, &body, to, "narrowcast", 202);
    if outcome.accepted {
        let at = (ctx.now, count);
        ctx.channel
            .narrowcasts
            .insert(ctx.request_id.to_owned(), at);
    }
    outcome
}

pub(super) fn narrowcast_progress(ctx: &Ctx<'_>) -> Outcome {
    let id = ctx.request.param("requestId").unwrap_or_default();
    match ctx.channel.narrowcasts.get(id) {
        None => Outcome::not_found("request id"),
        Some(done) => {
            let (at, count) = *done;
            Outcome::ok(
                &json!({"phase": "succeeded", "successCount": count, "failureCount": 0,
                "targetCount": count, "acceptedTime": iso(at), "completedTime": iso(at)}),
            )
        }
    }
}

pub(super) fn validate(ctx: &Ctx<'_>) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let rules = Rules {
        chat: None,
        mentions: matches!(
            ctx.route.endpoint,
            Endpoint::ValidateReply | Endpoint::ValidatePush
        ),
    };
    faults_of(&body, rules).unwrap_or_else(|| Outcome::ok(&json!({})))
}

fn to_many(
    ctx: &Ctx<'_>,
    body: &Value,
    to: Vec<Arc<str>>,
    kind: &'static str,
    status: u16,
) -> Outcome {
    let rules = Rules {
        chat: None,
        mentions: false,
    };
    if let Some(refusal) = faults_of(body, rules).or_else(|| units_of(body)) {
        return refusal;
    }
    let reached = to
        .iter()
        .filter_map(|user| recipients(ctx, user))
        .sum::<u32>();
    if let Some(refusal) = admit(ctx, kind, None, u64::from(reached)) {
        return refusal;
    }
    let messages = body["messages"]
        .as_array()
        .map_or(&[] as &[_], Vec::as_slice);
    let deliveries = to
        .into_iter()
        .map(|user| {
            let ids = ids_for(ctx, messages.len());
            let billed = recipients(ctx, &user).unwrap_or(0);
            let arrived = arrive(ctx, &user, messages, &ids, kind, billed, None);
            Delivered {
                to: user,
                message_ids: ids,
                arrived,
            }
        })
        .collect();
    ctx.channel.usage.count(kind, u64::from(reached), ctx.now);
    Outcome {
        billed: reached,
        deliveries,
        ..Outcome::text(status, "{}".to_owned())
    }
}
