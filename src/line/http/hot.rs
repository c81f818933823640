//! The hot send: a POST that carries messages, on a pooled client without the layers a general
//! client has (redirects, retries, cookies, proxies), which cost a third of the call
//! (`docs/adr/014-hot-send-client.md`).
//!
//! It never repeats what may have been written, and tells apart *not connected* from *lost after
//! the request may have been written*.

use super::here::{Slot, here};
use super::transport::{Answer, CONNECT, IDLE, Lost, RETRY_KEY, USER_AGENT};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{self, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tower_service::Service;

/// Where the status says everything, the body is only drained to keep the connection, for at most
/// this long.
const DRAIN: Duration = Duration::from_secs(1);
/// Bytes of a body nobody reads that are drained to keep the connection.
const KEEP: usize = 4 * 1024;
/// Bytes of an error's words that are read: LINE lists every property at fault.
const KEEP_WORDS: usize = 64 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What to send.
pub(crate) struct Post {
    pub url: Uri,
    /// The whole `Authorization` value, marked sensitive.
    pub bearer: HeaderValue,
    pub retry_key: Option<HeaderValue>,
    /// JSON.
    pub body: Bytes,
    /// Time for everything: connecting, writing, reading.
    pub deadline: Duration,
}

/// Makes the request.
pub(crate) async fn post(post: Post) -> Result<Answer, Lost> {
    let end = Instant::now() + post.deadline;
    // Nothing was written when there is not even a client.
    let client = here(&HERE, build).map_err(|_| Lost::NotConnected)?;
    let asking = client.request(request(post));
    let response = match tokio::time::timeout_at(end, asking).await {
        Ok(Ok(response)) => response,
        // A failed connect is certain; everything else, a timeout included, is doubtful.
        Ok(Err(error)) if error.is_connect() => return Err(Lost::NotConnected),
        Ok(Err(_)) | Err(_) => return Err(Lost::Unclear),
    };
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    let request_id = super::transport::request_id(&head.headers);
    // Only these two need their words to be understood.
    let (until, keep) = match status {
        400 | 429 => (end, KEEP_WORDS),
        _ => (end.min(Instant::now() + DRAIN), KEEP),
    };
    let body = tokio::time::timeout_at(until, read(body, keep));
    Ok(Answer {
        status,
        request_id,
        body: body.await.ok().flatten(),
    })
}

/// The body, unless it breaks off or is longer than `keep`.
async fn read(body: Incoming, keep: usize) -> Option<Bytes> {
    if body.is_end_stream() {
        return Some(Bytes::new());
    }
    let whole = Limited::new(body, keep).collect().await.ok()?;
    Some(whole.to_bytes())
}

fn request(post: Post) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(post.body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = post.url;
    let headers = request.headers_mut();
    headers.insert(header::AUTHORIZATION, post.bearer);
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    if let Some(key) = post.retry_key {
        headers.insert(RETRY_KEY, key);
    }
    request
}

type Hot = Arc<Client<Patient, Full<Bytes>>>;

thread_local! {
    static HERE: Slot<Hot> = const { Slot::new(None) };
}

fn build() -> Result<Hot, rustls::Error> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let tls = HttpsConnectorBuilder::new()
        .try_with_platform_verifier()
        .inspect_err(|error| tracing::error!(%error, "no http client for sends"))?
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(tcp);
    let client = Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(64)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(5))
        .build(Patient(tls));
    Ok(Arc::new(client))
}

/// A connector that gives up in time; name, TCP and TLS together.
#[derive(Clone)]
struct Patient(HttpsConnector<HttpConnector>);

type Connection = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Service<Uri> for Patient {
    type Response = Connection;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<Connection, Failure>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move { tokio::time::timeout(CONNECT, connecting).await? })
    }
}
