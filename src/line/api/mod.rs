//! A thin client of LINE's Messaging API, one per channel.
//!
//! Law of this room: one method call is one request with a deadline. Only calls that carry no
//! messages are repeated, once, after a 401 and with a new token. Bodies and tokens are never
//! logged; LINE's request id always is (Messaging API docs, "Development guidelines").

mod calls;
mod error;
mod outcome;

pub use crate::line::http::{Clock, Endpoint, Observer, Silent, StatusClass};
pub use error::{CallError, SettingsError};

use crate::domain::ids::{ChannelId, ConversationKey};
use crate::line::http::{Post, class_of, post, uri};
use crate::line::tokens::{Bearer, TokenSource, Tokens};
use crate::ports::messenger::{Outcome, Report, Via};
use bytes::Bytes;
use http::Uri;
use reqwest::Url;
use reqwest::header::HeaderValue;
use std::sync::Arc;
use std::time::{Duration, Instant};

const JSON: &str = "application/json";

/// What the client must know of a channel.
#[derive(Clone, Debug)]
pub struct ChannelSettings {
    /// The operator's alias.
    pub id: ChannelId,
    /// `https://api.line.me`, or the simulator's address.
    pub api_base: String,
    /// `https://api-data.line.me`, or the simulator's address.
    pub data_api_base: String,
    /// Where access tokens come from.
    pub token: TokenSource,
}

/// The client of one channel.
pub struct Client {
    channel: ChannelId,
    api: Url,
    data: Url,
    reply: Uri,
    push: Uri,
    tokens: Arc<Tokens>,
    observer: Arc<dyn Observer>,
}

/// One request that carries messages.
pub(crate) struct Messages<'a> {
    pub conversation: &'a ConversationKey,
    pub via: &'a Via,
    pub body: Arc<str>,
    pub retry_key: Option<HeaderValue>,
    pub bearer: &'a Bearer,
    pub deadline: Duration,
}

/// How it went, with what breaker and limiter want to know.
pub(crate) struct Sent {
    pub report: Report,
    pub class: StatusClass,
}

impl Client {
    /// Prepares a client; nothing is sent.
    ///
    /// # Errors
    /// An address that is not an `http` or `https` URL.
    pub fn new(
        settings: ChannelSettings,
        clock: Clock,
        observer: Arc<dyn Observer>,
    ) -> Result<Client, SettingsError> {
        let api = base(&settings.id, "api_base", &settings.api_base)?;
        let data = base(&settings.id, "data_api_base", &settings.data_api_base)?;
        let address = |via| {
            uri(&join(&api, &["v2", "bot", "message", via])).map_err(|why| SettingsError {
                channel: settings.id.clone(),
                key: "api_base",
                why,
            })
        };
        let (reply, push) = (address("reply")?, address("push")?);
        let tokens = Tokens::new(
            settings.id.clone(),
            join(&api, &["oauth2", "v3", "token"]),
            settings.token,
            clock,
            Arc::clone(&observer),
        );
        Ok(Client {
            reply,
            push,
            channel: settings.id,
            api,
            data,
            tokens: Arc::new(tokens),
            observer,
        })
    }

    /// The channel.
    pub fn channel(&self) -> &ChannelId {
        &self.channel
    }

    /// The channel's tokens.
    pub fn tokens(&self) -> &Arc<Tokens> {
        &self.tokens
    }

    /// Makes the one request of a committed attempt.
    pub(crate) async fn send(&self, messages: Messages<'_>) -> Sent {
        let (endpoint, url, retry_key) = match messages.via {
            Via::Reply => (Endpoint::Reply, &self.reply, None),
            Via::Push => (Endpoint::Push, &self.push, messages.retry_key),
        };
        let begun = Instant::now();
        let result = post(Post {
            url: url.clone(),
            bearer: messages.bearer.header(),
            retry_key,
            body: Bytes::from_owner(Shared(messages.body)),
            deadline: messages.deadline,
        })
        .await;
        let class = class_of(&result);
        // Absent when no answer came; the class says whether the request may have been read.
        let status = result.as_ref().ok().map(|answer| answer.status);
        self.observer
            .called(&self.channel, endpoint, class, begun.elapsed());
        let report = outcome::report(messages.via, result);
        let request_id = report.request_id.as_deref();
        let (channel, conversation) = (self.channel.as_str(), messages.conversation);
        let (endpoint, class_name) = (endpoint.name(), class.name());
        if matches!(report.outcome, Outcome::Accepted) {
            tracing::info!(channel, endpoint, status, request_id, %conversation, "sent to LINE");
        } else {
            let outcome = tracing::field::debug(&report.outcome);
            tracing::warn!(channel, endpoint, status, class = class_name, request_id, %conversation,
                outcome, "send not confirmed by LINE");
        }
        Sent { report, class }
    }
}

fn base(channel: &ChannelId, key: &'static str, text: &str) -> Result<Url, SettingsError> {
    let wrong = |why: String| SettingsError {
        channel: channel.clone(),
        key,
        why,
    };
    let url = Url::parse(text.trim_end_matches('/')).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("not an http or https address".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(wrong(
            "an address without query, fragment and user".to_owned(),
        ));
    }
    Ok(url)
}

/// A path below a base; every segment is percent-encoded, whatever it holds.
fn join(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    url.path_segments_mut()
        .expect("an http url has a path")
        .pop_if_empty()
        .extend(path);
    url
}

/// A frozen body, lent to the HTTP library without a copy.
struct Shared(Arc<str>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
