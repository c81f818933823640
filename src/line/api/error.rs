//! Why a call without messages failed, and why a client could not be made.

use crate::domain::ids::ChannelId;
use crate::line::http::{Answer, Lost};
use crate::line::tokens::TokenError;
use crate::line_wire::api::ErrorBody;
use crate::line_wire::message::truncate_graphemes;
use std::sync::Arc;

/// A setting that cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("channel {channel}: {key}: {why}")]
pub struct SettingsError {
    /// Which channel.
    pub channel: ChannelId,
    /// Which key.
    pub key: &'static str,
    /// What is allowed.
    pub why: String,
}

/// Why a call without messages failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// No access token could be had.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No connection to LINE.
    #[error("no connection to LINE: name, route, firewall or TLS on the way to api_base")]
    NotConnected,
    /// A timeout, or the connection was lost.
    #[error("no answer from LINE")]
    Lost,
    /// The answer was cut, too long or not what LINE documents.
    #[error("an answer from LINE that cannot be read")]
    Unreadable,
    /// LINE said no.
    #[error("LINE answered {status}: {message} (request {})", request_id.as_deref().unwrap_or("unknown"))]
    Status {
        /// HTTP status.
        status: u16,
        /// LINE's words, at most 200 characters.
        message: String,
        /// LINE's request id.
        request_id: Option<Arc<str>>,
    },
    /// More calls than the channel's own limit allows; ask again later.
    #[error("too many calls of this kind")]
    Busy,
}

impl CallError {
    pub(super) fn status(status: u16, answer: Answer) -> CallError {
        let error = ErrorBody::read(answer.body.as_deref().unwrap_or_default());
        let mut message = error.message;
        for detail in &error.details {
            message.push_str("; ");
            message.push_str(&detail.property);
            message.push_str(": ");
            message.push_str(&detail.message);
        }
        CallError::Status {
            status,
            message: truncate_graphemes(&message, 200).to_owned(),
            request_id: answer.request_id,
        }
    }
}

impl From<Lost> for CallError {
    fn from(lost: Lost) -> CallError {
        match lost {
            Lost::NotConnected => CallError::NotConnected,
            Lost::Unclear => CallError::Lost,
        }
    }
}
