//! What an account asks about itself: quota, counts, bot info, webhook URL.

use super::super::options::Quota;
use super::Ctx;
use super::answer::{Outcome, Test, parse};
use serde_json::json;
use std::sync::PoisonError;

/// Longest webhook URL. Source: LINE reference, "Set webhook endpoint URL".
const URL_MAX: usize = 500;

pub(super) fn quota(ctx: &Ctx<'_>) -> Outcome {
    Outcome::ok(&match ctx.channel.usage.month(ctx.now).0 {
        Quota::None => json!({"type": "none"}),
        Quota::Limited(limit) => json!({"type": "limited", "value": limit}),
    })
}

pub(super) fn consumption(ctx: &Ctx<'_>) -> Outcome {
    Outcome::ok(&json!({"totalUsage": ctx.channel.usage.month(ctx.now).1}))
}

pub(super) fn delivered(ctx: &Ctx<'_>) -> Outcome {
    let kind = ctx.route.args[0];
    if !["reply", "push", "multicast", "broadcast"].contains(&kind) {
        return Outcome::not_found("kind of message");
    }
    let date = ctx.request.param("date").unwrap_or_default();
    match date.parse().ok().filter(|_| date.len() == 8) {
        Some(day) => {
            let success = ctx.channel.usage.day(kind, day);
            Outcome::ok(&json!({"status": "ready", "success": success}))
        }
        None => Outcome::refuse(400, "The value for the 'date' parameter is invalid", "date"),
    }
}

pub(super) fn bot_info(ctx: &Ctx<'_>) -> Outcome {
    let options = &ctx.channel.options;
    let (chat, read) = if options.chat {
        ("chat", "manual")
    } else {
        ("bot", "auto")
    };
    let basic: String = options.destination.chars().skip(1).take(8).collect();
    Outcome::ok(
        &json!({"userId": options.destination, "basicId": format!("@{basic}"),
        "displayName": options.name, "chatMode": chat, "markAsReadMode": read}),
    )
}

pub(super) fn webhook_get(ctx: &Ctx<'_>) -> Outcome {
    match ctx.channel.webhook_url() {
        Some(url) => Outcome::ok(&json!({"endpoint": url, "active": true})),
        None => Outcome::not_found("webhook URL"),
    }
}

/// LINE takes `https` only; the simulator's receivers on this machine may be plain `http`.
pub(super) fn webhook_put(ctx: &Ctx<'_>) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    match body["endpoint"].as_str().filter(|url| acceptable(url)) {
        Some(url) => {
            *ctx.channel
                .webhook_url
                .write()
                .unwrap_or_else(PoisonError::into_inner) = Some(url.to_owned());
            Outcome::ok(&json!({}))
        }
        None => Outcome::refuse(400, "Invalid webhook endpoint URL", "url"),
    }
}

fn acceptable(url: &str) -> bool {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    url.len() <= URL_MAX
        && (url.starts_with("https://") || local.iter().any(|host| url.starts_with(host)))
}

/// The call itself is the shell's: it waits for the receiver.
pub(super) fn webhook_test(ctx: &Ctx<'_>) -> Outcome {
    let given = if ctx.request.body.is_empty() {
        None
    } else {
        match parse(ctx.request.body) {
            Ok(body) => body["endpoint"].as_str().map(str::to_owned),
            Err(refusal) => return *refusal,
        }
    };
    match given.or_else(|| ctx.channel.webhook_url()) {
        Some(url) if acceptable(&url) => Outcome {
            test: Some(Test {
                channel: ctx.channel.id.clone(),
                url,
            }),
            ..Outcome::ok(&json!({}))
        },
        Some(_) => Outcome::refuse(400, "Invalid webhook endpoint URL", "url"),
        None => Outcome::not_found("webhook URL"),
    }
}
