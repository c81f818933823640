//! The calls that carry no messages: questions, rich menus, uploads. Only these are repeated, once,
//! after a 401 and with a new token.

use super::{CallError, Client, Endpoint, JSON, join};
use crate::line::http::{Call, DEADLINE, call, class_of};
use crate::line_wire::api::{
    BotInfoBody, ConsumptionBody, ProfileBody, QuotaBody, WebhookEndpointBody, WebhookTestBody,
};
use bytes::Bytes;
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};

/// Deadline of an upload.
const UPLOAD: Duration = Duration::from_secs(30);
/// Bytes kept of an answer; the longest is a list of 1,000 rich menus.
const KEEP: usize = 8 * 1024 * 1024;

impl Client {
    /// A customer's profile: `None` on 404 (not a friend, no consent, blocked, unknown).
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn profile(&self, user: &str) -> Result<Option<ProfileBody>, CallError> {
        match self
            .get(Endpoint::Profile, &["v2", "bot", "profile", user])
            .await
        {
            Err(CallError::Status { status: 404, .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Shows a customer that an answer is coming, for 5 to 60 seconds in steps of 5, or until the next
    /// message; only in a chat with one customer (100 calls a second).
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn show_loading(&self, user: &str, seconds: u8) -> Result<(), CallError> {
        let body = serde_json::json!({"chatId": user, "loadingSeconds": seconds}).to_string();
        let path = ["v2", "bot", "chat", "loading", "start"];
        self.post(Endpoint::Loading, &path, Some(&body))
            .await
            .map(drop)
    }

    /// The month's quota.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn quota(&self) -> Result<QuotaBody, CallError> {
        self.get(Endpoint::Quota, &["v2", "bot", "message", "quota"])
            .await
    }

    /// The month's consumption.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn consumption(&self) -> Result<ConsumptionBody, CallError> {
        let path = ["v2", "bot", "message", "quota", "consumption"];
        self.get(Endpoint::Consumption, &path).await
    }

    /// Who the account is.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn bot_info(&self) -> Result<BotInfoBody, CallError> {
        self.get(Endpoint::BotInfo, &["v2", "bot", "info"]).await
    }

    /// Where LINE sends webhooks, and whether it does.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn webhook_endpoint(&self) -> Result<WebhookEndpointBody, CallError> {
        let path = ["v2", "bot", "channel", "webhook", "endpoint"];
        self.get(Endpoint::Webhook, &path).await
    }

    /// Has LINE call the webhook with an empty body and tell how that went (60 calls an hour).
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn test_webhook(&self) -> Result<WebhookTestBody, CallError> {
        let path = ["v2", "bot", "channel", "webhook", "test"];
        let answer = self.post(Endpoint::Webhook, &path, Some("{}")).await?;
        serde_json::from_slice(&answer).map_err(|_| CallError::Unreadable)
    }

    /// Reads JSON from the API host.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        path: &[&str],
    ) -> Result<T, CallError> {
        let answer = self
            .request(endpoint, Method::GET, join(&self.api, path), None)
            .await?;
        serde_json::from_slice(&answer).map_err(|_| CallError::Unreadable)
    }

    /// Sends something that is no message to the API host.
    pub(crate) async fn post(
        &self,
        endpoint: Endpoint,
        path: &[&str],
        json: Option<&str>,
    ) -> Result<Bytes, CallError> {
        let body = json.map(|json| (JSON, Bytes::copy_from_slice(json.as_bytes())));
        self.request(endpoint, Method::POST, join(&self.api, path), body)
            .await
    }

    /// Deletes something on the API host.
    pub(crate) async fn delete(&self, endpoint: Endpoint, path: &[&str]) -> Result<(), CallError> {
        self.request(endpoint, Method::DELETE, join(&self.api, path), None)
            .await
            .map(drop)
    }

    /// Asks the data host whether something is there (404: no).
    pub(crate) async fn has_data(
        &self,
        endpoint: Endpoint,
        path: &[&str],
    ) -> Result<bool, CallError> {
        match self
            .request(endpoint, Method::GET, join(&self.data, path), None)
            .await
        {
            Ok(_) => Ok(true),
            Err(CallError::Status { status: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Uploads a file to the data host.
    pub(crate) async fn upload(
        &self,
        endpoint: Endpoint,
        path: &[&str],
        content_type: &'static str,
        body: Bytes,
    ) -> Result<(), CallError> {
        let url = join(&self.data, path);
        self.request(endpoint, Method::POST, url, Some((content_type, body)))
            .await
            .map(drop)
    }

    /// One request without messages; repeated once, with a new token, after a 401.
    async fn request(
        &self,
        endpoint: Endpoint,
        method: Method,
        url: Url,
        body: Option<(&'static str, Bytes)>,
    ) -> Result<Bytes, CallError> {
        let mut is_second = false;
        loop {
            let bearer = self.tokens.bearer(DEADLINE).await?;
            let begun = Instant::now();
            let result = call(Call {
                method: method.clone(),
                url: url.clone(),
                bearer: Some(bearer.header()),
                content_type: body.as_ref().map(|(kind, _)| *kind),
                retry_key: None,
                body: body
                    .as_ref()
                    .map_or_else(Bytes::new, |(_, body)| body.clone()),
                deadline: if body.as_ref().is_some_and(|(kind, _)| *kind != JSON) {
                    UPLOAD
                } else {
                    DEADLINE
                },
                keep: KEEP,
            })
            .await;
            let class = class_of(&result);
            self.observer
                .called(&self.channel, endpoint, class, begun.elapsed());
            let request_id = result
                .as_ref()
                .ok()
                .and_then(|answer| answer.request_id.as_deref());
            let (channel, endpoint, status) =
                (self.channel.as_str(), endpoint.name(), class.name());
            tracing::debug!(channel, endpoint, status, request_id, "called LINE");
            let answer = result?;
            match answer.status {
                200..=299 => {
                    self.tokens.accepted();
                    return answer.body.ok_or(CallError::Unreadable);
                }
                401 if !is_second && self.tokens.rejected(&bearer).can_try_again() => {
                    is_second = true;
                }
                status => return Err(CallError::status(status, answer)),
            }
        }
    }
}
