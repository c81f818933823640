//! What every control needs: a refusal, a body, a channel.

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
