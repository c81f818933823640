//! Issuing access tokens. Signed assertions (JWT) are not simulated and say so.

use super::super::access::Kind;
use super::super::endpoints::Endpoint;
use super::super::platform::Platform;
use super::answer::{Outcome, Request};
use serde_json::json;
use std::collections::HashMap;

/// Answers the token endpoints, which need no access token; `None` for all others.
pub(super) fn answer(
    platform: &Platform,
    request: &Request<'_>,
    endpoint: Endpoint,
    now: u64,
) -> Option<Outcome> {
    let form = match endpoint {
        Endpoint::TokenStateless
        | Endpoint::TokenShort
        | Endpoint::TokenVerify
        | Endpoint::TokenRevoke
        | Endpoint::TokenJwt => form(request.body),
        _ => return None,
    };
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let form_encoded = request
        .content_type
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !form_encoded {
        return Some(Outcome::refuse(
            415,
            "Unsupported media type",
            "not form-encoded",
        ));
    }
    Some(match endpoint {
        Endpoint::TokenStateless | Endpoint::TokenShort => {
            if !field("client_assertion").is_empty() {
                return Some(bad(
                    "invalid_request",
                    "signed assertions are not simulated",
                ));
            }
            if field("grant_type") != "client_credentials" {
                return Some(bad("unsupported_grant_type", "grant_type is not supported"));
            }
            let found = platform.channels.iter().position(|channel| {
                channel.options.channel_id == field("client_id")
                    && channel.options.secret == field("client_secret")
            });
            let Some(channel) = found else {
                return Some(bad("invalid_client", "invalid client_id or client_secret"));
            };
            let (kind, life) = if endpoint == Endpoint::TokenStateless {
                (Kind::Stateless, super::super::access::STATELESS_LIFE_MS)
            } else {
                (Kind::Short, super::super::access::SHORT_LIFE_MS)
            };
            let token = platform.access.issue(&platform.ids, channel, kind, now);
            Outcome::ok(&json!({"token_type": "Bearer", "access_token": token,
                "expires_in": life / 1_000}))
        }
        Endpoint::TokenVerify => match platform.access.left(field("access_token"), now) {
            Some((channel, left)) => Outcome::ok(&json!({
                "client_id": platform.channels[channel].options.channel_id,
                "expires_in": left / 1_000, "scope": "P CM"})),
            None => bad("invalid_request", "access token expired"),
        },
        Endpoint::TokenRevoke => {
            platform.access.revoke(field("access_token"));
            Outcome::ok(&json!({}))
        }
        _ => bad(
            "invalid_request",
            "channel access token v2.1 is not simulated",
        ),
    })
}

fn bad(error: &str, text: &str) -> Outcome {
    Outcome {
        reason: Some(text.to_owned()),
        ..Outcome::status(400, &json!({"error": error, "error_description": text}))
    }
}

fn form(body: &[u8]) -> HashMap<String, String> {
    String::from_utf8_lossy(body)
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// Percent-decoding with `+` for a blank; a broken escape stays as written.
pub(in crate::simulator) fn decode(text: &str) -> String {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(byte) = bytes.get(i) {
        i += 1;
        match byte {
            b'+' => out.push(b' '),
            b'%' => match (hex(bytes.get(i)), hex(bytes.get(i + 1))) {
                (Some(high), Some(low)) => {
                    out.push((high * 16 + low) as u8);
                    i += 2;
                }
                _ => out.push(b'%'),
            },
            other => out.push(*other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
