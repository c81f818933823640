//! Requests, answers, and what lies between.

use super::super::faults::Instead;
use super::super::journal::{Delivered, Told};
use super::super::validate::Fault;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) const RATE_TEXT: &str = "The API rate limit has been exceeded. Try again later.";
pub(super) const MONTH_TEXT: &str = "You have reached your monthly limit.";

/// A call of LINE's API as it came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// HTTP method in capitals.
    pub method: &'a str,
    /// Path without query.
    pub path: &'a str,
    /// Query without the question mark.
    pub query: &'a str,
    /// `Authorization`
    pub authorization: Option<&'a str>,
    /// `Content-Type`
    pub content_type: Option<&'a str>,
    /// `X-Line-Retry-Key`
    pub retry_key: Option<&'a str>,
    /// Raw body.
    pub body: &'a [u8],
}

impl Request<'_> {
    pub(super) fn says_json(&self) -> bool {
        self.content_type.is_some_and(|kind| {
            kind.get(..16)
                .is_some_and(|start| start.eq_ignore_ascii_case("application/json"))
        })
    }

    pub(super) fn full_path(&self) -> String {
        if self.query.is_empty() {
            self.path.to_owned()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// The first value of a query parameter, as written.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// What the caller is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`
    pub content_type: String,
    /// Body.
    pub body: Vec<u8>,
    /// `x-line-request-id`
    pub request_id: String,
    /// `x-line-accepted-request-id`, on 409.
    pub accepted_request_id: Option<Arc<str>>,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// A decided call.
#[derive(Debug)]
pub struct Handled {
    /// The answer, to be given when `told` says so.
    pub answer: Answer,
    /// Answer, close, or hang for `after_ms` and close.
    pub told: Told,
    /// Wait before telling, milliseconds.
    pub after_ms: u64,
    /// Its number in the journal.
    pub seq: u64,
    /// The call asked for a test of this webhook URL: the shell does it and answers with its result.
    pub test: Option<Test>,
}

/// A webhook test that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Alias of the channel.
    pub channel: Arc<str>,
    /// Where to.
    pub url: String,
}

/// A decision before it is written down.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Outcome {
    pub status: u16,
    pub body: Vec<u8>,
    pub content_type: String,
    pub accepted: bool,
    pub reason: Option<String>,
    pub billed: u32,
    pub reply_token: Option<String>,
    pub token_age_ms: Option<u64>,
    pub deliveries: Vec<Delivered>,
    pub violation: Option<String>,
    pub accepted_request_id: Option<Arc<str>>,
    pub test: Option<Test>,
}

impl Outcome {
    pub(super) fn ok<T: Serialize>(body: &T) -> Outcome {
        Outcome::status(200, body)
    }

    pub(super) fn status<T: Serialize>(status: u16, body: &T) -> Outcome {
        Outcome::text(status, serde_json::to_string(body).unwrap_or_default())
    }

    pub(super) fn text(status: u16, json: String) -> Outcome {
        Outcome {
            status,
            body: json.into_bytes(),
            content_type: "application/json".to_owned(),
            accepted: (200..300).contains(&status),
            ..Outcome::default()
        }
    }

    pub(super) fn bytes(content_type: &str, body: Vec<u8>) -> Outcome {
        Outcome {
            status: 200,
            body,
            content_type: content_type.to_owned(),
            accepted: true,
            ..Outcome::default()
        }
    }

    /// A refusal with LINE's text, and the reason in our words.
    pub(super) fn refuse(status: u16, message: &str, reason: &str) -> Outcome {
        Outcome {
            reason: Some(reason.to_owned()),
            ..Outcome::status(status, &json!({ "message": message }))
        }
    }

    /// A refusal with LINE's details.
    pub(super) fn faulty(faults: &[Fault]) -> Outcome {
        let first = faults.first();
        let why = first.map_or_else(String::new, |fault| {
            format!("{}: {}", fault.property, fault.message)
        });
        let message = format!("The request body has {} error(s)", faults.len());
        Outcome {
            reason: Some(why),
            ..Outcome::status(400, &json!({ "message": message, "details": faults }))
        }
    }

    /// LINE's complaint about one property.
    pub(super) fn property(name: &str) -> Outcome {
        let text =
            format!("The property, '{name}', in the request body is invalid (line: -, column: -)");
        Outcome::refuse(400, &text, &format!("{name} is missing or malformed"))
    }

    pub(super) fn not_found(what: &str) -> Outcome {
        Outcome::refuse(404, "Not found", &format!("{what} is unknown"))
    }

    /// What an injected fault says.
    pub(super) fn injected(instead: Instead) -> Outcome {
        match instead {
            Instead::RateLimit => Outcome::refuse(429, RATE_TEXT, "injected"),
            Instead::MonthlyLimit => Outcome::refuse(429, MONTH_TEXT, "injected"),
            Instead::Status(status) => {
                Outcome::refuse(status, "An internal error occurred", "injected")
            }
            Instead::Close | Instead::Hang => Outcome {
                reason: Some("injected".to_owned()),
                ..Outcome::default()
            },
        }
    }
}

/// The request's body as JSON, or LINE's complaint.
pub(super) fn parse(body: &[u8]) -> Result<Value, Box<Outcome>> {
    serde_json::from_slice(body).map_err(|error| {
        let text = format!(
            "The request body could not be parsed as JSON (line: {}, column: {})",
            error.line(),
            error.column()
        );
        Box::new(Outcome::refuse(400, &text, "body is not JSON"))
    })
}

/// A body for the journal: itself when it is text, else its size.
pub(super) fn as_text(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) if body.len() <= super::REQUEST_MAX => text.to_owned(),
        _ => format!("({} bytes)", body.len()),
    }
}
