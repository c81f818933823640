//! Rich menus: create, look, delete, picture.

use super::super::richmenu::{MENUS_MAX, Menu, RichMenus};
use super::super::validate::check_menu;
use super::Ctx;
use super::answer::{Outcome, parse};
use serde_json::{Value, json};
use std::sync::{Arc, MutexGuard, PoisonError};

/// Largest picture. Source: LINE reference, "Upload rich menu image": 1 MB.
const IMAGE_MAX: usize = 1_024 * 1_024;

pub(super) fn menus<'a>(ctx: &Ctx<'a>) -> MutexGuard<'a, RichMenus> {
    ctx.channel
        .menus
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn create(ctx: &Ctx<'_>) -> Outcome {
    let mut object = match checked(ctx) {
        Ok(object) => object,
        Err(refusal) => return *refusal,
    };
    let mut menus = menus(ctx);
    if menus.menus.len() >= MENUS_MAX {
        return Outcome::refuse(
            400,
            "The number of rich menus exceeds the limit",
            "1,000 menus",
        );
    }
    let id = format!("richmenu-{}", ctx.platform.ids.secret(2));
    object["richMenuId"] = json!(id);
    menus.menus.insert(
        id.clone(),
        Menu {
            object,
            image: None,
        },
    );
    Outcome::ok(&json!({ "richMenuId": id }))
}

pub(super) fn validate(ctx: &Ctx<'_>) -> Outcome {
    match checked(ctx) {
        Ok(_) => Outcome::ok(&json!({})),
        Err(refusal) => *refusal,
    }
}

fn checked(ctx: &Ctx<'_>) -> Result<Value, Box<Outcome>> {
    let object = parse(ctx.request.body)?;
    if !object.is_object() {
        return Err(Box::new(Outcome::property("richMenu")));
    }
    let faults = check_menu(&object);
    if faults.is_empty() {
        Ok(object)
    } else {
        Err(Box::new(Outcome::faulty(&faults)))
    }
}

pub(super) fn list(ctx: &Ctx<'_>) -> Outcome {
    let menus = menus(ctx);
    let all: Vec<_> = menus.menus.values().map(|menu| &menu.object).collect();
    Outcome::ok(&json!({ "richmenus": all }))
}

pub(super) fn get(ctx: &Ctx<'_>) -> Outcome {
    match menus(ctx).menus.get(ctx.route.args[0]) {
        Some(menu) => Outcome::ok(&menu.object),
        None => Outcome::not_found("rich menu"),
    }
}

pub(super) fn delete(ctx: &Ctx<'_>) -> Outcome {
    if menus(ctx).remove(ctx.route.args[0]) {
        ctx.platform.tell_menu("");
        Outcome::ok(&json!({}))
    } else {
        Outcome::not_found("rich menu")
    }
}

pub(super) fn image_put(ctx: &Ctx<'_>) -> Outcome {
    let kind = ctx.request.content_type.unwrap_or_default();
    if !["image/png", "image/jpeg"].contains(&kind) {
        return Outcome::refuse(415, "Unsupported media type", "neither JPEG nor PNG");
    }
    if ctx.request.body.is_empty() || ctx.request.body.len() > IMAGE_MAX {
        return Outcome::refuse(400, "The image size must be 1 MB or less", "picture size");
    }
    let mut menus = menus(ctx);
    let Some(menu) = menus.menus.get_mut(ctx.route.args[0]) else {
        return Outcome::not_found("rich menu");
    };
    if menu.image.is_some() {
        let text = "An image has already been uploaded to the richmenu";
        return Outcome::refuse(400, text, "a picture cannot be replaced");
    }
    let side = |key: &str| menu.object["size"][key].as_u64();
    if let Some((width, height)) = dimensions(ctx.request.body)
        && (Some(width), Some(height)) != (side("width"), side("height"))
    {
        let text = "The image size does not match the size of the rich menu";
        return Outcome::refuse(400, text, "picture has other sides than the menu");
    }
    menu.image = Some((kind.to_owned(), Arc::from(ctx.request.body)));
    Outcome::ok(&json!({}))
}

/// Sides of a PNG; JPEGs are not looked into.
fn dimensions(bytes: &[u8]) -> Option<(u64, u64)> {
    let side = |at: usize| {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_be_bytes(four)))
    };
    bytes.starts_with(b"\x89PNG").then_some(())?;
    Some((side(16)?, side(20)?))
}

pub(super) fn image_get(ctx: &Ctx<'_>) -> Outcome {
    let menus = menus(ctx);
    match menus
        .menus
        .get(ctx.route.args[0])
        .and_then(|menu| menu.image.as_ref())
    {
        Some((kind, bytes)) => Outcome::bytes(kind, bytes.to_vec()),
        None => Outcome::not_found("rich menu image"),
    }
}
