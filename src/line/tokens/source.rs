//! Where tokens come from, and the secrets that must not be shown.

use reqwest::header::HeaderValue;
use std::fmt::{self, Write};
use std::sync::Arc;

/// Something that must not be shown.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: &str) -> Secret {
        Secret(Arc::from(text))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Where a channel's tokens come from.
#[derive(Clone, Debug)]
pub enum TokenSource {
    /// Issued in LINE's console; lives until it is reissued.
    LongLived(Secret),
    /// Issued by us, every 15 minutes.
    Stateless {
        /// The channel's number.
        channel_id: String,
        /// The channel secret.
        channel_secret: Secret,
    },
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The configured token holds characters no header can carry.
    #[error("access token has characters that no header can carry")]
    Malformed,
    /// LINE refused id and secret.
    #[error("LINE refused to issue a token: status {0}")]
    Refused(u16),
    /// LINE could not be asked, or not in time.
    #[error("no token from LINE for now")]
    Unavailable,
}

impl TokenSource {
    /// The form that asks for a stateless token.
    pub(super) fn form(&self) -> Option<String> {
        match self {
            TokenSource::LongLived(_) => None,
            TokenSource::Stateless {
                channel_id,
                channel_secret,
            } => Some(format!(
                "grant_type=client_credentials&client_id={}&client_secret={}",
                percent_encode_form(channel_id),
                percent_encode_form(channel_secret.reveal()),
            )),
        }
    }
}

/// The `Authorization` value of a token, marked sensitive.
pub(super) fn header(token: &str) -> Result<HeaderValue, TokenError> {
    let mut header = HeaderValue::from_str(&format!("Bearer {token}"))
        .ok()
        .filter(|_| !token.is_empty())
        .ok_or(TokenError::Malformed)?;
    header.set_sensitive(true);
    Ok(header)
}

/// A value of a form: everything but unreserved characters as `%XX`.
fn percent_encode_form(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes every write");
        }
    }
    out
}
