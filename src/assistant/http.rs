//! One HTTP request to a model's server: bounded in time and bytes, never redirected, never by proxy.

use bytes::{Bytes, BytesMut};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// A connection must stand within this time.
const CONNECT: Duration = Duration::from_secs(5);
/// Idle connections are closed by us first.
const IDLE: Duration = Duration::from_secs(30);
/// A server's wish is heard up to a day; more is no wish but a mistake.
const LONGEST_WISH: Duration = Duration::from_secs(86_400);
/// Bytes of an answer that are read; one with token probabilities has about 100 for each token.
const LONGEST: usize = 2 * 1024 * 1024;
const USER_AGENT: &str = concat!("hotline/", env!("CARGO_PKG_VERSION"));

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    /// How long the server asks to be left alone, at most a day.
    pub retry_after: Option<Duration>,
    pub body: Bytes,
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// No connection.
    NotConnected,
    /// The connection broke, or the answer was too long.
    Broken,
    /// The deadline passed.
    Timeout,
}

/// Posts JSON. `owner` names whose connections are used.
pub(super) async fn post(
    owner: u64,
    url: Url,
    bearer: Option<HeaderValue>,
    body: Vec<u8>,
    until: Instant,
) -> Result<Answer, Lost> {
    let client = client(owner).ok_or(Lost::NotConnected)?;
    let mut request = client.post(url).header(CONTENT_TYPE, "application/json");
    if let Some(bearer) = bearer {
        request = request.header(AUTHORIZATION, bearer);
    }
    let exchange = async {
        let mut response = request.body(body).send().await.map_err(classify)?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(classify)? {
            if body.len() + chunk.len() > LONGEST {
                return Err(Lost::Broken);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            retry_after,
            body: body.freeze(),
        })
    };
    tokio::time::timeout_at(until, exchange)
        .await
        .unwrap_or(Err(Lost::Timeout))
}

fn classify(error: reqwest::Error) -> Lost {
    if error.is_connect() || error.is_builder() {
        Lost::NotConnected
    } else {
        Lost::Broken
    }
}

/// Seconds or a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wish = if is_number {
        text.parse().map_or(LONGEST_WISH, Duration::from_secs)
    } else {
        let at = httpdate::parse_http_date(text).ok()?;
        at.duration_since(SystemTime::now()).unwrap_or_default()
    };
    Some(wish.min(LONGEST_WISH))
}

/// The client of this thread: a connection driven by another thread's runtime waits for that thread. Owners
/// differ, so a client never outlives the runtime it was made on and used again.
fn client(owner: u64) -> Option<reqwest::Client> {
    thread_local! {
        static CLIENTS: RefCell<HashMap<u64, reqwest::Client>> = RefCell::default();
    }
    CLIENTS.with_borrow_mut(|clients| {
        if let Some(client) = clients.get(&owner) {
            return Some(client.clone());
        }
        let built = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true)
            .build()
            .inspect_err(|error| tracing::error!(%error, "no http client for the assistant"))
            .ok()?;
        clients.insert(owner, built.clone());
        Some(built)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_of_ages_is_a_day() {
        for (text, expected) in [
            ("7", Some(Duration::from_secs(7))),
            ("18446744073709551615", Some(LONGEST_WISH)),
            ("99999999999999999999999", Some(LONGEST_WISH)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(LONGEST_WISH)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(Duration::ZERO)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            assert_eq!(retry_after(&headers), expected, "{text}");
        }
    }
}
