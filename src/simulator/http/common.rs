//! What every control needs: a refusal that names what is allowed, a body, a channel.

use crate::simulator::platform::{Channel, Platform};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// A refusal in LINE's shape, so that one reader of errors is enough.
pub(super) fn refuse(status: u16, message: &str) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    HttpResponse::build(status).json(json!({ "message": message }))
}

pub(super) fn parse<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, String> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

pub(super) fn channel<'a>(platform: &'a Platform, named: Option<&str>) -> Option<&'a Arc<Channel>> {
    match named {
        Some(id) => platform.channel(id),
        None => platform.channels().first(),
    }
}

/// Says that there is no such channel, and which there are.
pub(super) fn no_channel(platform: &Platform, named: Option<&str>) -> HttpResponse {
    let known: Vec<&str> = platform.channels().iter().map(|one| &**one.id()).collect();
    let (named, known) = (named.unwrap_or_default(), known.join(", "));
    refuse(404, &format!("no channel {named:?}, allowed: {known}"))
}

/// Says that nobody knows this chat.
pub(super) fn no_chat(chat: &str) -> HttpResponse {
    let how = "POST /sim/customers makes a customer, GET /sim/customers lists them";
    refuse(404, &format!("no customer or group {chat:?}: {how}"))
}
