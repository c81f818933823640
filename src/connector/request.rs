//! Templates to a request: values percent-encoded in the path, JSON in the body.

use crate::config::connectors::{Connector, Method, Piece, Template, pieces_of};
use crate::ports::connector::Call;
use bytes::Bytes;
use reqwest::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use reqwest::{Request, Url};
use serde_json::Value as Json;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const AGENT: &str = concat!("hotline/", env!("CARGO_PKG_VERSION"));

/// What one call asks; built once, sent once a try.
pub(super) struct Prepared {
    method: reqwest::Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl Prepared {
    /// Fills a connector's templates. `None`: a value is missing, or would change the address.
    pub(super) fn of(connector: &Connector, call: &Call) -> Option<Prepared> {
        let base = connector.service.base.as_str();
        let root = Url::parse(base).ok()?;
        let path = path(&connector.path, call)?;
        let url = Url::parse(&format!("{base}{path}")).ok()?;
        let same = (root.scheme(), root.host_str(), root.port())
            == (url.scheme(), url.host_str(), url.port());
        // A value like `..` would be resolved away: then the path is not what the config wrote.
        let written = format!("{}{path}", root.path().trim_end_matches('/'));
        let written = written
            .split_once('?')
            .map_or(written.as_str(), |(path, _)| path);
        if !same || url.path() != written || url.fragment().is_some() {
            return None;
        }
        let body = match &connector.body {
            Some(body) => Some(Bytes::from(filled(body, call)?.to_string())),
            None => None,
        };
        Some(Prepared {
            method: match connector.method {
                Method::Get => reqwest::Method::GET,
                Method::Post => reqwest::Method::POST,
                Method::Put => reqwest::Method::PUT,
                Method::Patch => reqwest::Method::PATCH,
                Method::Delete => reqwest::Method::DELETE,
            },
            headers: headers(connector, call, body.is_some())?,
            url,
            body,
        })
    }

    /// The request of one try.
    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        match &self.body {
            Some(body) => *request.body_mut() = Some(body.clone().into()),
            None if self.method != reqwest::Method::GET => {
                // Not said by itself, and some servers wait for a body.
                let none = HeaderValue::from_static("0");
                request.headers_mut().insert(CONTENT_LENGTH, none);
            }
            None => {}
        }
        request
    }
}

fn headers(connector: &Connector, call: &Call, has_body: bool) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if has_body {
        let json = HeaderValue::from_static("application/json");
        headers.insert(CONTENT_TYPE, json);
    }
    for (name, value) in &connector.service.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let mut value = HeaderValue::from_str(value.expose()).ok()?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    headers.insert(KEY, HeaderValue::from_str(&call.key).ok()?);
    Some(headers)
}

fn value<'c>(call: &'c Call, slot: &str) -> Option<&'c str> {
    let mut slots = call.slots.iter();
    let found = slots.find(|(name, _)| **name == *slot);
    found
        .map(|(_, value)| &**value)
        .filter(|value| !value.is_empty())
}

fn path(template: &Template, call: &Call) -> Option<String> {
    let mut path = String::new();
    for piece in &template.0 {
        match piece {
            Piece::Text(text) => path.push_str(text),
            Piece::Slot(name) => {
                let value = value(call, name)?;
                // A proxy that decodes the path would find another one.
                if !path.contains('?') && !is_segment(value) {
                    return None;
                }
                encode(&mut path, value);
            }
        }
    }
    Some(path)
}

/// Whether a value stays within its segment of a path, even decoded.
fn is_segment(value: &str) -> bool {
    let leaves = |c: char| matches!(c, '/' | '\\') || c.is_control();
    !matches!(value, "." | "..") && !value.contains(leaves)
}

/// Everything but unreserved characters (RFC 3986, 2.3) as `%XX`.
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
}

/// The body with its slots filled; the JSON around them keeps its form whatever they hold.
fn filled(body: &Json, call: &Call) -> Option<Json> {
    Some(match body {
        Json::String(text) => {
            let mut out = String::new();
            for piece in pieces_of(text)? {
                match piece {
                    Piece::Text(text) => out.push_str(&text),
                    Piece::Slot(name) => out.push_str(value(call, &name)?),
                }
            }
            Json::String(out)
        }
        Json::Array(items) => {
            let items: Option<Vec<Json>> = items.iter().map(|item| filled(item, call)).collect();
            Json::Array(items?)
        }
        Json::Object(map) => {
            let entries = map.iter();
            let filled: Option<_> = entries
                .map(|(key, item)| Some((key.clone(), filled(item, call)?)))
                .collect();
            Json::Object(filled?)
        }
        other => other.clone(),
    })
}
