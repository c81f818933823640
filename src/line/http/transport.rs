//! One HTTP request that carries no messages, by the general client.
//!
//! It never retries, never follows a redirect, never asks a proxy, and tells apart *not connected*
//! from *lost after the request may have been written*.

use super::here::{Slot, here};
use crate::ports::messenger;
use bytes::{Bytes, BytesMut};
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use reqwest::{Method, Request, Url};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A connection must stand within this time (name, TCP and TLS together).
pub(super) const CONNECT: Duration = messenger::CONNECT.std();
/// Idle connections are closed by us first, so that we do not write into one LINE is closing.
pub(super) const IDLE: Duration = Duration::from_secs(30);

pub(super) const RETRY_KEY: HeaderName = HeaderName::from_static("x-line-retry-key");
pub(super) const REQUEST_ID: &str = "x-line-request-id";
pub(super) const USER_AGENT: &str = concat!("hotline/", env!("CARGO_PKG_VERSION"));

/// What to send.
pub(crate) struct Call {
    pub method: Method,
    pub url: Url,
    /// The whole `Authorization` value, marked sensitive.
    pub bearer: Option<HeaderValue>,
    pub content_type: Option<&'static str>,
    pub retry_key: Option<HeaderValue>,
    pub body: Bytes,
    /// Time for everything: connecting, writing, reading.
    pub deadline: Duration,
    /// Bytes of the answer to keep at most.
    pub keep: usize,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub request_id: Option<Arc<str>>,
    /// `None`: the body was cut or too long.
    pub body: Option<Bytes>,
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// No connection: certainly nothing was written.
    NotConnected,
    /// Anything later: the request may have been read.
    Unclear,
}

/// Makes the request.
pub(crate) async fn call(call: Call) -> Result<Answer, Lost> {
    let end = Instant::now() + call.deadline;
    let keep = call.keep;
    // Nothing was written when there is not even a client.
    let client = here(&HERE, build).map_err(|_| Lost::NotConnected)?;
    let mut response = client
        .execute(request(call))
        .await
        .map_err(|error| classify(&error))?;
    let status = response.status().as_u16();
    let request_id = request_id(response.headers());
    let body = tokio::time::timeout_at(end, read(&mut response, keep))
        .await
        .ok()
        .flatten();
    Ok(Answer {
        status,
        request_id,
        body,
    })
}

/// LINE's id of the request, for its support.
pub(super) fn request_id(headers: &HeaderMap) -> Option<Arc<str>> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    (id.len() <= 128).then(|| Arc::from(id))
}

/// The body, unless it breaks off or is longer than `keep`.
async fn read(response: &mut reqwest::Response, keep: usize) -> Option<Bytes> {
    let first = response.chunk().await.ok()?;
    let Some(first) = first else {
        return Some(Bytes::new());
    };
    let mut whole: Option<BytesMut> = None;
    loop {
        let length = whole.as_ref().map_or(first.len(), BytesMut::len);
        if length > keep {
            return None;
        }
        match response.chunk().await.ok()? {
            None => return Some(whole.map_or(first, BytesMut::freeze)),
            Some(more) => whole
                .get_or_insert_with(|| BytesMut::from(&first[..]))
                .extend_from_slice(&more),
        }
    }
}

fn request(call: Call) -> Request {
    let mut request = Request::new(call.method, call.url);
    let headers = request.headers_mut();
    if let Some(bearer) = call.bearer {
        headers.insert(AUTHORIZATION, bearer);
    }
    if let Some(kind) = call.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(key) = call.retry_key {
        headers.insert(RETRY_KEY, key);
    }
    if !matches!(*request.method(), Method::GET | Method::DELETE) {
        if call.body.is_empty() {
            // Not said by itself, and some servers wait for a body.
            request
                .headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        *request.body_mut() = Some(call.body.into());
    }
    *request.timeout_mut() = Some(call.deadline);
    request
}

/// A failed connect is certain; everything else, a timeout included, is doubtful.
fn classify(error: &reqwest::Error) -> Lost {
    if error.is_connect() || error.is_builder() {
        Lost::NotConnected
    } else {
        Lost::Unclear
    }
}

thread_local! {
    static HERE: Slot<reqwest::Client> = const { Slot::new(None) };
}

fn build() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(64)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(5))
        .build()
        .inspect_err(|error| tracing::error!(%error, "no http client"))
}
