//! LINE's side of the webhook: signed requests over kept connections, as many as are needed.
//!
//! Never waits for a free connection: a generator that does is closed, not open. Refuses to open
//! more than [`MOST`]; what is then not sent in time shows as lag and the run is invalid.

use crate::live::{Live, count};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// LINE counts a webhook answer that takes longer as `request_timeout`.
///
/// Source: LINE docs, "Check webhook error causes and statistics".
pub const TIMEOUT: Duration = Duration::from_secs(2);
/// Connections at once: 5,000 messages a second whose webhooks all take the whole two seconds
/// would need 10,000; descriptors are the bound.
pub const MOST: usize = 8_192;

/// Connections to one target; for one thread.
pub struct Client {
    target: Target,
    idle: RefCell<Vec<SendRequest<Full<Bytes>>>>,
    places: Semaphore,
    live: Arc<Live>,
}

/// Where webhooks go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Always on loopback.
    pub addr: SocketAddr,
    /// As given, for the Host header.
    pub host: String,
    /// Path of the webhook.
    pub path: String,
}

impl Target {
    /// The webhook's address.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.host, self.path)
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When it was taken up: what comes after, connecting included, is the target's time.
    pub sent: Instant,
    /// When the answer was read, or given up.
    pub over: Instant,
    /// Status; the word LINE has for the failure when there was none.
    pub status: Result<u16, &'static str>,
}

impl Client {
    /// No connection yet.
    pub fn new(target: Target, live: Arc<Live>) -> Client {
        Client {
            target,
            idle: RefCell::default(),
            places: Semaphore::new(MOST),
            live,
        }
    }

    /// Opens connections ahead of the first message. Those that fail are tried again when needed.
    pub async fn warm(self: &Rc<Self>, connections: usize) {
        for _ in 0..connections {
            if let Ok(fresh) = self.connect().await {
                self.idle.borrow_mut().push(fresh);
            }
        }
    }

    /// Posts one signed webhook.
    pub async fn post(&self, body: Bytes, signature: &str) -> Ended {
        let _place = self.places.acquire().await;
        let sent = Instant::now();
        let exchange = self.exchange(body, signature);
        let status = match tokio::time::timeout(TIMEOUT, exchange).await {
            Ok(status) => status,
            Err(_) => Err("request_timeout"),
        };
        Ended {
            sent,
            over: Instant::now(),
            status,
        }
    }

    async fn exchange(&self, body: Bytes, signature: &str) -> Result<u16, &'static str> {
        loop {
            let kept = self.kept();
            let fresh = kept.is_none();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connect().await.map_err(|_| "could_not_connect")?,
            };
            let request = self.request(body.clone(), signature)?;
            let response = match connection.send_request(request).await {
                Ok(response) => response,
                // The peer closed an idle connection before the request left: nothing was sent.
                Err(error) if error.is_canceled() && !fresh => continue,
                Err(_) => return Err("unclassified"),
            };
            let status = response.status().as_u16();
            let read = response.into_body().collect().await;
            if read.is_ok() && connection.ready().await.is_ok() {
                self.idle.borrow_mut().push(connection);
            }
            return Ok(status);
        }
    }

    /// The connection used last: the others may idle out.
    fn kept(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle.borrow_mut();
        while let Some(connection) = idle.pop() {
            if connection.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    fn request(&self, body: Bytes, signature: &str) -> Result<Request<Full<Bytes>>, &'static str> {
        Request::post(&*self.target.path)
            .header(header::HOST, &*self.target.host)
            .header(header::USER_AGENT, "LineBotWebhook/2.0")
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header("x-line-signature", signature)
            .body(Full::new(body))
            .map_err(|_| "unclassified")
    }

    async fn connect(&self) -> std::io::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.target.addr).await?;
        stream.set_nodelay(true)?;
        let (connection, io) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(std::io::Error::other)?;
        let live = self.live.clone();
        count(&live.connections);
        tokio::task::spawn_local(async move {
            // An error ends this connection only; the request on it learns of it.
            let _ = io.await;
            live.connections.fetch_sub(1, Ordering::Relaxed);
        });
        Ok(connection)
    }
}
