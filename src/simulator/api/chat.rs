//! Loading animation, read marks, profiles, groups, link tokens.

use super::super::endpoints::Endpoint;
use super::super::events::unmark;
use super::super::people::Customer;
use super::Ctx;
use super::answer::{Outcome, parse};
use serde_json::{Value, json};
use std::sync::Arc;

/// Most ids of one page of followers.
const FOLLOWERS_PAGE: usize = 1_000;

/// Default and most ids of one page of group members.
const MEMBERS_PAGE: usize = 100;

/// 5 to 60 seconds in steps of 5. Source: LINE reference, "Display a loading animation".
pub(super) fn loading(ctx: &Ctx<'_>) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let Some(chat) = body["chatId"].as_str().filter(|chat| chat.starts_with('U')) else {
        return Outcome::property("chatId");
    };
    let seconds = match &body["loadingSeconds"] {
        Value::Null => Some(20),
        given => given.as_u64(),
    };
    let Some(seconds) = seconds.filter(|n| (5..=60).contains(n) && n.is_multiple_of(5)) else {
        return Outcome::property("loadingSeconds");
    };
    let until = ctx.now + seconds * 1_000;
    let found = ctx.channel.customers.get_mut(chat).map(|mut customer| {
        customer.loading_until = until;
    });
    if found.is_some() {
        ctx.platform
            .watchers
            .tell("loading", || json!({"userId": chat, "until": until}));
    }
    Outcome::status(202, &json!({}))
}

pub(super) fn mark_as_read(ctx: &Ctx<'_>) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let token = body["markAsReadToken"].as_str().unwrap_or_default();
    match unmark('r', token) {
        Some((chat, _)) if known(ctx, &chat) => read(ctx, &chat),
        _ => Outcome::refuse(
            400,
            "Invalid markAsReadToken",
            "read token is not one of ours",
        ),
    }
}

pub(super) fn mark_as_read_by_user(ctx: &Ctx<'_>) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    match body["chat"]["userId"].as_str() {
        Some(user) if known(ctx, user) => read(ctx, user),
        _ => Outcome::property("chat.userId"),
    }
}

fn known(ctx: &Ctx<'_>, chat: &str) -> bool {
    ctx.channel.customers.contains_key(chat) || ctx.channel.groups.contains_key(chat)
}

fn read(ctx: &Ctx<'_>, chat: &str) -> Outcome {
    if let Some(mut customer) = ctx.channel.customers.get_mut(chat) {
        customer.read = true;
    }
    ctx.platform
        .watchers
        .tell("read", || json!({"userId": chat, "read": true}));
    Outcome::ok(&json!({}))
}

/// LINE's pictures are on its own hosts; ours are on the simulator's listener, if there is one.
fn profile_of(ctx: &Ctx<'_>, customer: &Customer) -> Value {
    let mut profile = json!({"userId": customer.user_id, "displayName": customer.display_name});
    if let Some(base) = ctx.platform.base_url.get() {
        profile["pictureUrl"] = json!(format!("{base}{}", customer.picture_url));
    }
    profile
}

/// 404: unknown, blocked, or never a friend nor a writer.
pub(super) fn profile(ctx: &Ctx<'_>) -> Outcome {
    match ctx.channel.customers.get(ctx.route.args[0]) {
        Some(customer) if customer.reachable(ctx.now) => {
            let mut profile = profile_of(ctx, &customer);
            profile["language"] = json!(customer.language);
            Outcome::ok(&profile)
        }
        _ => Outcome::not_found("user"),
    }
}

pub(super) fn followers(ctx: &Ctx<'_>) -> Outcome {
    let limit = ctx
        .request
        .param("limit")
        .map_or(Some(300), |n| n.parse().ok());
    let Some(limit) = limit.filter(|n| (1..=FOLLOWERS_PAGE).contains(n)) else {
        return Outcome::property("limit");
    };
    let mut ids: Vec<Arc<str>> = ctx
        .channel
        .customers
        .iter()
        .filter(|customer| customer.friend)
        .map(|customer| customer.user_id.clone())
        .collect();
    ids.sort();
    page(&ids, ctx.request.param("start"), limit, "userIds")
}

fn page(ids: &[Arc<str>], start: Option<&str>, limit: usize, key: &str) -> Outcome {
    let from = start.map_or(0, |last| ids.partition_point(|id| **id <= *last));
    let part = &ids[from..ids.len().min(from + limit)];
    let mut answer = json!({ key: part });
    if from + limit < ids.len() {
        answer["next"] = json!(part.last());
    }
    Outcome::ok(&answer)
}

pub(super) fn member(ctx: &Ctx<'_>) -> Outcome {
    let [group, user] = ctx.route.args;
    let inside = ctx
        .channel
        .groups
        .get(group)
        .is_some_and(|group| group.joined && group.members.iter().any(|id| &**id == user));
    match ctx.channel.customers.get(user) {
        Some(customer) if inside => Outcome::ok(&profile_of(ctx, &customer)),
        _ => Outcome::not_found("member"),
    }
}

pub(super) fn members(ctx: &Ctx<'_>) -> Outcome {
    match ctx.channel.groups.get(ctx.route.args[0]) {
        Some(group) if group.joined => {
            let mut ids = group.members.clone();
            ids.sort();
            page(&ids, ctx.request.param("start"), MEMBERS_PAGE, "memberIds")
        }
        _ => Outcome::not_found("group"),
    }
}

pub(super) fn count(ctx: &Ctx<'_>) -> Outcome {
    match ctx.channel.groups.get(ctx.route.args[0]) {
        Some(group) if group.joined => Outcome::ok(&json!({"count": group.members.len()})),
        _ => Outcome::not_found("group"),
    }
}

pub(super) fn summary(ctx: &Ctx<'_>) -> Outcome {
    match ctx.channel.groups.get(ctx.route.args[0]) {
        Some(group) if group.joined => {
            Outcome::ok(&json!({"groupId": group.key(), "groupName": group.name}))
        }
        _ => Outcome::not_found("group"),
    }
}

pub(super) fn leave(ctx: &Ctx<'_>) -> Outcome {
    match ctx.channel.groups.get_mut(ctx.route.args[0]) {
        Some(mut group) if group.joined => {
            group.joined = false;
            Outcome::ok(&json!({}))
        }
        _ if ctx.route.endpoint == Endpoint::GroupLeave => Outcome::not_found("group"),
        _ => Outcome::not_found("room"),
    }
}

pub(super) fn link_token(ctx: &Ctx<'_>) -> Outcome {
    if !known(ctx, ctx.route.args[0]) {
        return Outcome::not_found("user");
    }
    Outcome::ok(&json!({"linkToken": ctx.platform.ids.secret(2)}))
}
