//! The hot send: a POST that carries messages, on a pooled client without the layers a general
//! client has (redirects, retries, cookies, proxies): with it a message cost 46–51 µs of CPU instead
//! of 55–57 (`docs/adr/014-hot-send-client.md`).
//!
//! Two pools: one for HTTPS, made at the first such send, and one for plain HTTP (a simulator), which
//! needs no certificates. It never repeats what may have been written, and tells apart *not connected* from *lost after
//! the request may have been written*.

use super::here::{Slot, here};
use super::transport::{Answer, CONNECT, IDLE, Lost, RETRY_KEY, USER_AGENT};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{self, HeaderValue};
use http::uri::Scheme;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
/// After certificates could not be loaded, sends over HTTPS are not begun for this long.
const PAUSE: Duration = Duration::from_secs(5);
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
    let asking = if post.url.scheme() == Some(&Scheme::HTTPS) {
        let build = || FAILED.unless_lately(PAUSE, safe);
        here(&SAFE, build)
            .map_err(|_| Lost::NotConnected)?
            .request(request(post))
    } else {
        let Ok(client) = here(&PLAIN, || Ok::<_, Infallible>(pooled(tcp())));
        client.request(request(post))
    };
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

type Pool<C> = Arc<Client<Patient<C>, Full<Bytes>>>;

thread_local! {
    static SAFE: Slot<Pool<HttpsConnector<HttpConnector>>> = const { Slot::new(None) };
    static PLAIN: Slot<Pool<HttpConnector>> = const { Slot::new(None) };
}

/// Every thread reads the same certificates.
static FAILED: Failed = Failed(Mutex::new(None));

/// When something failed that is not worth trying again at once.
struct Failed(Mutex<Option<Instant>>);

impl Failed {
    /// Tries, unless it failed less than a pause ago; of those who fail together, one says so.
    fn unless_lately<T, E: fmt::Display>(
        &self,
        pause: Duration,
        attempt: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, ()> {
        if is_within(pause, *self.at()) {
            return Err(());
        }
        // Not under the lock: it reads files.
        attempt().map_err(|error| {
            let mut at = self.at();
            if !is_within(pause, *at) {
                *at = Some(Instant::now());
                tracing::error!(%error, "no certificates, no sends over https for a while");
            }
        })
    }

    fn at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_within(pause: Duration, at: Option<Instant>) -> bool {
    at.is_some_and(|at| at.elapsed() < pause)
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp
}

fn safe() -> Result<Pool<HttpsConnector<HttpConnector>>, rustls::Error> {
    let mut tcp = tcp();
    tcp.enforce_http(false);
    let tls = HttpsConnectorBuilder::new()
        .try_with_platform_verifier()?
        .https_only()
        .enable_http1()
        .enable_http2()
        .wrap_connector(tcp);
    Ok(pooled(tls))
}

fn pooled<C>(connector: C) -> Pool<C>
where
    Patient<C>: Connect + Clone,
{
    let client = Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(64)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(5))
        .build(Patient(connector));
    Arc::new(client)
}

/// A connector that gives up in time; name, TCP and TLS together.
#[derive(Clone)]
struct Patient<C>(C);

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl<C> Service<Uri> for Patient<C>
where
    C: Service<Uri>,
    C::Error: Into<Failure>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<C::Response, Failure>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move {
            let connected = tokio::time::timeout(CONNECT, connecting).await?;
            connected.map_err(Into::into)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_failure_is_remembered_for_a_while_and_a_success_is_none() {
        const LONG: Duration = Duration::from_secs(3_600);
        let failed = Failed(Mutex::new(None));
        let tried = Cell::new(0);
        let attempt = |result: Result<u8, &'static str>| {
            tried.set(tried.get() + 1);
            result
        };
        for _ in 0..3 {
            assert_eq!(failed.unless_lately(LONG, || attempt(Err("no"))), Err(()));
        }
        assert_eq!(tried.get(), 1, "not tried, not logged again");
        assert_eq!(failed.unless_lately(LONG, || attempt(Ok(1))), Err(()));
        assert_eq!(
            failed.unless_lately(Duration::ZERO, || attempt(Ok(1))),
            Ok(1)
        );
        let well = Failed(Mutex::new(None));
        for _ in 0..2 {
            assert_eq!(well.unless_lately(LONG, || attempt(Ok(2))), Ok(2));
        }
        assert_eq!(tried.get(), 4);
    }
}
