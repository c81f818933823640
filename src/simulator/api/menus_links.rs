//! Who sees which rich menu: default, per user, in bulk, aliases.

use super::super::richmenu::MENUS_MAX;
use super::Ctx;
use super::answer::{Outcome, parse};
use super::menus::menus;
use serde_json::{Value, json};

/// Most users of a bulk link. Source: LINE reference, "Link rich menu to multiple users".
const BULK_MAX: usize = 500;

fn without_image(ctx: &Ctx<'_>, id: &str) -> Option<Outcome> {
    match menus(ctx).menus.get(id) {
        None => Some(Outcome::not_found("rich menu")),
        Some(menu) if menu.image.is_none() => {
            let text = "must upload richmenu image before applying it to user";
            Some(Outcome::refuse(400, text, "rich menu has no picture"))
        }
        Some(_) => None,
    }
}

pub(super) fn default_set(ctx: &Ctx<'_>) -> Outcome {
    let id = ctx.route.args[0];
    if let Some(refusal) = without_image(ctx, id) {
        return refusal;
    }
    menus(ctx).default = Some(id.to_owned());
    ctx.platform.tell_menu("");
    Outcome::ok(&json!({}))
}

pub(super) fn default_get(ctx: &Ctx<'_>) -> Outcome {
    match &menus(ctx).default {
        Some(id) => Outcome::ok(&json!({ "richMenuId": id })),
        None => Outcome::refuse(404, "no default richmenu", "no default rich menu"),
    }
}

pub(super) fn default_cancel(ctx: &Ctx<'_>) -> Outcome {
    menus(ctx).default = None;
    ctx.platform.tell_menu("");
    Outcome::ok(&json!({}))
}

pub(super) fn link(ctx: &Ctx<'_>) -> Outcome {
    let [user, id] = ctx.route.args;
    if let Some(refusal) = without_image(ctx, id) {
        return refusal;
    }
    if !ctx.channel.customers.contains_key(user) {
        return Outcome::refuse(400, "The user hasn't added the account as a friend", "user");
    }
    menus(ctx).links.insert(user.to_owned(), id.to_owned());
    ctx.platform.tell_menu(user);
    Outcome::ok(&json!({}))
}

pub(super) fn of_user(ctx: &Ctx<'_>) -> Outcome {
    match menus(ctx).links.get(ctx.route.args[0]) {
        Some(id) => Outcome::ok(&json!({ "richMenuId": id })),
        None => Outcome::refuse(404, "the user has no richmenu", "no rich menu is linked"),
    }
}

pub(super) fn unlink(ctx: &Ctx<'_>) -> Outcome {
    menus(ctx).links.remove(ctx.route.args[0]);
    ctx.platform.tell_menu(ctx.route.args[0]);
    Outcome::ok(&json!({}))
}

/// 202: LINE does it later; here it is done at once.
pub(super) fn bulk(ctx: &Ctx<'_>, link: bool) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let users: Vec<&str> = body["userIds"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if users.is_empty() || users.len() > BULK_MAX {
        return Outcome::property("userIds");
    }
    let id = body["richMenuId"].as_str().unwrap_or_default();
    if link && let Some(refusal) = without_image(ctx, id) {
        return refusal;
    }
    let mut menus = menus(ctx);
    for user in users {
        if !link {
            menus.links.remove(user);
        } else if ctx.channel.customers.contains_key(user) {
            menus.links.insert(user.to_owned(), id.to_owned());
        }
    }
    drop(menus);
    ctx.platform.tell_menu("");
    Outcome::status(202, &json!({}))
}

pub(super) fn alias_create(ctx: &Ctx<'_>) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let alias = body["richMenuAliasId"].as_str().unwrap_or_default();
    let shaped = (1..=32).contains(&alias.len())
        && alias.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
        });
    if !shaped {
        return Outcome::property("richMenuAliasId");
    }
    let id = body["richMenuId"].as_str().unwrap_or_default();
    let mut menus = menus(ctx);
    if !menus.menus.contains_key(id) {
        return Outcome::refuse(400, "richmenu not found", "alias of an unknown rich menu");
    }
    if menus.aliases.contains_key(alias) {
        return Outcome::refuse(400, "conflict richmenu alias id", "alias exists");
    }
    if menus.aliases.len() >= MENUS_MAX {
        return Outcome::refuse(
            400,
            "The number of aliases exceeds the limit",
            "1,000 aliases",
        );
    }
    menus.aliases.insert(alias.to_owned(), id.to_owned());
    Outcome::ok(&json!({}))
}

pub(super) fn alias_list(ctx: &Ctx<'_>) -> Outcome {
    let menus = menus(ctx);
    let all: Vec<_> = menus
        .aliases
        .iter()
        .map(|(alias, id)| one(alias, id))
        .collect();
    Outcome::ok(&json!({ "aliases": all }))
}

fn one(alias: &str, id: &str) -> Value {
    json!({"richMenuAliasId": alias, "richMenuId": id})
}

pub(super) fn alias_get(ctx: &Ctx<'_>) -> Outcome {
    match menus(ctx).aliases.get_key_value(ctx.route.args[0]) {
        Some((alias, id)) => Outcome::ok(&one(alias, id)),
        None => Outcome::refuse(404, "richmenu alias not found", "alias is unknown"),
    }
}

pub(super) fn alias_update(ctx: &Ctx<'_>) -> Outcome {
    let body = match parse(ctx.request.body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let id = body["richMenuId"].as_str().unwrap_or_default();
    let mut menus = menus(ctx);
    if !menus.menus.contains_key(id) {
        return Outcome::refuse(400, "richmenu not found", "alias of an unknown rich menu");
    }
    match menus.aliases.get_mut(ctx.route.args[0]) {
        Some(held) => {
            id.clone_into(held);
            Outcome::ok(&json!({}))
        }
        None => Outcome::refuse(404, "richmenu alias not found", "alias is unknown"),
    }
}

pub(super) fn alias_delete(ctx: &Ctx<'_>) -> Outcome {
    match menus(ctx).aliases.remove(ctx.route.args[0]) {
        Some(_) => Outcome::ok(&json!({})),
        None => Outcome::refuse(404, "richmenu alias not found", "alias is unknown"),
    }
}
