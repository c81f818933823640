//! One HTTP request: the only place that knows the HTTP library.
//!
//! It never retries, never follows a redirect, never asks a proxy, and tells apart *not connected*
//! from *lost after the request may have been written*. Each runtime thread has its own client, so
//! that a connection's task runs on the thread that uses the connection: workers have a runtime
//! each, and a connection driven by another thread's runtime waits for that thread.

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, Request, Url};
use std::cell::RefCell;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// A connection must stand within this time (name, TCP and TLS together).
pub(crate) const CONNECT: Duration = Duration::from_secs(2);
/// Idle connections are closed by us first, so that we do not write into one LINE is closing.
const IDLE: Duration = Duration::from_secs(30);
/// Where the status says everything, the body is only drained to keep the connection, for at most
/// this long.
const DRAIN: Duration = Duration::from_secs(1);

const RETRY_KEY: HeaderName = HeaderName::from_static("x-line-retry-key");
const REQUEST_ID: &str = "x-line-request-id";

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
    /// Bytes of the answer to keep at most; zero for sends, whose status says nearly everything.
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
    let client = client().map_err(|_| Lost::NotConnected)?;
    let mut response = client
        .execute(request(call))
        .await
        .map_err(|error| classify(&error))?;
    let status = response.status().as_u16();
    let request_id = response
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| id.len() <= 128)
        .map(Arc::from);
    // Of a send's answer, only these two need their words to be understood.
    let is_settled = keep == 0 && !matches!(status, 400 | 429);
    let until = if is_settled {
        end.min(Instant::now() + DRAIN)
    } else {
        end
    };
    let body = tokio::time::timeout_at(until, read(&mut response, keep.max(4_096)))
        .await
        .ok()
        .flatten();
    Ok(Answer {
        status,
        request_id,
        body,
    })
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

struct Here {
    runtime: tokio::runtime::Id,
    alive: Weak<()>,
    client: reqwest::Client,
}

thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// The client of this thread's runtime; a client of a runtime that has ended is never used.
fn client() -> Result<reqwest::Client, reqwest::Error> {
    let runtime = tokio::runtime::Handle::current().id();
    HERE.with_borrow_mut(|here| {
        if let Some(here) = here
            && here.runtime == runtime
            && here.alive.strong_count() > 0
        {
            return Ok(here.client.clone());
        }
        let client = build()?;
        let token = Arc::new(());
        let alive = Arc::downgrade(&token);
        // Holds the token as long as the runtime lives.
        tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(token);
        });
        *here = Some(Here {
            runtime,
            alive,
            client: client.clone(),
        });
        Ok(client)
    })
}

fn build() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(concat!("hotline/", env!("CARGO_PKG_VERSION")))
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
