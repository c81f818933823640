//! One HTTP request to LINE, and what an onlooker may be told of it.
//!
//! Law of this room: no knowledge of what the request means, and the only place that knows the HTTP
//! libraries: `hot` posts messages, `transport` does everything else. A client, the tokens and the sender
//! stand on it; it stands on nothing of the edge.

mod endpoint;
mod here;
mod hot;
mod transport;

pub use endpoint::{Endpoint, Observer, Silent, StatusClass};
pub(crate) use hot::{Post, post};
pub(crate) use transport::{Answer, Call, Lost, call};

use crate::domain::time::Millis;
use bytes::Bytes;
use reqwest::{Method, Url};
use std::sync::Arc;
use std::time::Duration;

/// Store time.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// The address as the hot send wants it, parsed once.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn uri(url: &Url) -> Result<http::Uri, String> {
    url.as_str()
        .parse()
        .map_err(|error: http::uri::InvalidUri| error.to_string())
}

/// Deadline of every call that carries no messages.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// Posts a form without a token: how tokens are asked for. The form holds a secret.
pub(crate) async fn post_form(url: Url, form: String) -> Result<Answer, Lost> {
    call(Call {
        method: Method::POST,
        url,
        bearer: None,
        content_type: Some("application/x-www-form-urlencoded"),
        retry_key: None,
        body: Bytes::from(form),
        deadline: DEADLINE,
        keep: 64 * 1024,
    })
    .await
}

/// How a call ended, coarse enough for a label.
pub(crate) fn class_of(result: &Result<Answer, Lost>) -> StatusClass {
    match result {
        Ok(answer) => StatusClass::of(answer.status),
        Err(Lost::NotConnected) => StatusClass::NotConnected,
        Err(Lost::Unclear) => StatusClass::Lost,
    }
}
