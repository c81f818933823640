//! An OpenAI-compatible server without a model: it says what a script tells it, and writes down what it was asked.
//!
//! Law: **OpenAI's wire, not our reading of it.** Every answer that a script does not spoil is what the API
//! reference of chat completions describes; every way a real server fails can be scripted for one request or
//! for all.

mod script;
mod speech;

pub use script::{Fault, Script, Setup};

use serde::Serialize;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests remembered.
const KEEP: usize = 1_000;

/// One request it got.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Position, from 1.
    pub seq: u64,
    /// Whether it bore a bearer token.
    pub authorized: bool,
    /// Its body; null when it was no JSON.
    pub body: Value,
    /// The status that was decided on; 0: the connection hangs or is closed.
    pub status: u16,
}

/// What is said, when all is decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// An answer.
    Answer {
        status: u16,
        retry_after: Option<u64>,
        body: Vec<u8>,
    },
    /// The connection is closed without a byte.
    Close,
    /// Nothing, until the caller goes away.
    Hang,
}

/// The server.
#[derive(Debug, Default)]
pub struct Assistant {
    inner: Mutex<Inner>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    setup: Setup,
    next: VecDeque<Script>,
    asked: VecDeque<Asked>,
    seq: u64,
}

impl Assistant {
    /// What it does with the next requests, one script after the other; then what the set-up says.
    pub fn script(&self, scripts: impl IntoIterator<Item = Script>) {
        self.inner().next.extend(scripts);
    }

    /// Replaces the set-up and forgets the scripts that were left.
    pub fn set_up(&self, setup: Setup) {
        let mut inner = self.inner();
        inner.setup = setup;
        inner.next.clear();
    }

    /// The set-up.
    pub fn setup(&self) -> Setup {
        self.inner().setup.clone()
    }

    /// Scripts not used yet.
    pub fn left(&self) -> usize {
        self.inner().next.len()
    }

    /// Requests numbered above `seq` that are remembered, oldest first.
    pub fn asked_since(&self, seq: u64) -> Vec<Asked> {
        let inner = self.inner();
        let newer = inner.asked.iter().filter(|asked| asked.seq > seq);
        newer.cloned().collect()
    }

    /// Number of the newest request; 0 when there was none.
    pub fn last_seq(&self) -> u64 {
        self.inner().seq
    }

    /// Blocks the calling thread until so many requests came since the start, at most `patience`.
    pub fn wait_for(&self, requests: u64, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut inner = self.inner();
        while inner.seq < requests {
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                return false;
            };
            let waited = self.grown.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Decides on a request: how long to wait, what to say then.
    pub(super) fn decide(&self, body: &[u8], authorized: bool) -> (Duration, Said) {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut inner = self.inner();
        let refused = inner.setup.refuses(&request).map(str::to_owned);
        let script = match &refused {
            // A refused manner of asking does not use a script up: the caller asks again.
            Some(_) => Script::default(),
            None => match inner.next.pop_front() {
                Some(script) => script,
                None => inner.setup.default.clone(),
            },
        };
        let said = match refused {
            Some(parameter) => Said::Answer {
                status: 400,
                retry_after: None,
                body: error(&unsupported(&parameter)),
            },
            None => speech::say(&request, &script),
        };
        inner.seq += 1;
        let asked = Asked {
            seq: inner.seq,
            authorized,
            body: request,
            status: match &said {
                Said::Answer { status, .. } => *status,
                Said::Close | Said::Hang => 0,
            },
        };
        inner.asked.push_back(asked);
        if inner.asked.len() > KEEP {
            inner.asked.pop_front();
        }
        drop(inner);
        self.grown.notify_all();
        (Duration::from_millis(script.delay_ms), said)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// OpenAI's words for a parameter that a model does not take.
fn unsupported(parameter: &str) -> String {
    let hint = match parameter {
        "max_tokens" => " Use 'max_completion_tokens' instead.",
        _ => "",
    };
    format!("Unsupported parameter: '{parameter}' is not supported with this model.{hint}")
}

/// An error body as OpenAI writes it.
fn error(message: &str) -> Vec<u8> {
    let error =
        json!({"message": message, "type": "invalid_request_error", "param": null, "code": null});
    json!({ "error": error }).to_string().into_bytes()
}
