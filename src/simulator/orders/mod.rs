//! A small order service: what a shop's own system would be, so that a guided dialogue really tracks an
//! order, changes an address, cancels, files a return or a repair.
//!
//! Law: a key that came before gets the answer it got then, and nothing is done twice. Every way a real
//! system fails can be scripted for one request or for all. It writes down what it was asked.

mod book;

pub use book::{Order, SAMPLES};

use book::Book;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Requests, and answers by key, remembered.
const KEEP: usize = 1_000;
/// Longest scripted wait, milliseconds.
const WAIT_MAX_MS: u64 = 600_000;

/// How an answer is spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// 200 with a page of HTML.
    Html,
    /// 200 with JSON that breaks off.
    Truncated,
    /// 200 with more bytes than anybody wants.
    Huge,
    /// A redirect to somewhere else.
    Redirect,
    /// Nothing, until the caller goes away.
    Hang,
    /// The connection is closed without a byte; what was asked is done all the same.
    Close,
}

/// What is done with one request besides the answer. Everything may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Script {
    /// This status instead of an answer; nothing is done then.
    pub status: Option<u16>,
    /// Wait before anything is said, milliseconds, at most 600,000.
    pub delay_ms: u64,
    /// How the answer is spoilt.
    pub fault: Option<Fault>,
}

impl Script {
    /// Looks for values that cannot be meant.
    ///
    /// # Errors
    /// The first of them: name, value, what is allowed.
    pub fn check(&self) -> Result<(), String> {
        if let Some(status) = self.status
            && !(200..=599).contains(&status)
        {
            return Err(format!("status: {status}, allowed: 200 to 599"));
        }
        if self.delay_ms > WAIT_MAX_MS {
            let found = self.delay_ms;
            return Err(format!("delayMs: {found}, allowed: up to {WAIT_MAX_MS}"));
        }
        Ok(())
    }
}

/// How the service is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Setup {
    /// Every well-formed number is an order: up to four letters and six to sixteen digits.
    pub any: bool,
    /// What is done with requests no script is left for.
    pub default: Script,
}

/// One request it got.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Position, from 1.
    pub seq: u64,
    /// Its method.
    pub method: String,
    /// Its path, below the service.
    pub path: String,
    /// Its `Idempotency-Key`.
    pub key: Option<String>,
    /// Its `Authorization`.
    pub authorization: Option<String>,
    /// Its body; null when there was none or it was no JSON.
    pub body: Value,
    /// The status that was decided on; 0: the connection hangs or is closed.
    pub status: u16,
    /// The key came before: the first answer was given again.
    pub repeated: bool,
}

/// A request as the listener hands it over.
#[derive(Clone, Debug)]
pub(super) struct Request<'r> {
    pub(super) method: &'r str,
    pub(super) path: &'r str,
    pub(super) key: Option<&'r str>,
    pub(super) authorization: Option<&'r str>,
    pub(super) body: &'r [u8],
}

/// What is said, when all is decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// An answer.
    Answer { status: u16, body: Vec<u8> },
    /// A redirect.
    Redirect,
    /// The connection is closed without a byte.
    Close,
    /// Nothing, until the caller goes away.
    Hang,
}

/// The service.
#[derive(Debug, Default)]
pub struct Orders {
    inner: Mutex<Inner>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    book: Book,
    setup: Setup,
    next: VecDeque<Script>,
    answers: HashMap<String, (u16, Value)>,
    keys: VecDeque<String>,
    asked: VecDeque<Asked>,
    seq: u64,
}

impl Orders {
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

    /// The orders, by number.
    pub fn orders(&self) -> Vec<Order> {
        self.inner().book.all()
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
    pub(super) fn decide(&self, request: &Request<'_>) -> (Duration, Said) {
        let mut inner = self.inner();
        let script = inner.next.pop_front();
        let script = script.unwrap_or_else(|| inner.setup.default.clone());
        let body = serde_json::from_slice(request.body).unwrap_or(Value::Null);
        let (status, answer, repeated) = match script.status {
            Some(status) => (status, json!({ "error": "scripted" }), false),
            None => inner.answer(request, &body),
        };
        let said = spoilt(&script, status, &answer);
        inner.note(request, body, &said, repeated);
        drop(inner);
        self.grown.notify_all();
        (Duration::from_millis(script.delay_ms), said)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The answer, the one of the first time when the key came before.
    fn answer(&mut self, request: &Request<'_>, body: &Value) -> (u16, Value, bool) {
        let named = request
            .key
            .map(|key| format!("{} {} {key}", request.method, request.path));
        if let Some((status, answer)) = named.as_ref().and_then(|named| self.answers.get(named)) {
            return (*status, answer.clone(), true);
        }
        let any = self.setup.any;
        let (status, answer) = self.book.ask(request.method, request.path, body, any);
        // A question may be asked anew; only what changes something is remembered.
        if let Some(named) = named.filter(|_| request.method != "GET") {
            self.keys.push_back(named.clone());
            self.answers.insert(named, (status, answer.clone()));
            if self.keys.len() > KEEP
                && let Some(oldest) = self.keys.pop_front()
            {
                self.answers.remove(&oldest);
            }
        }
        (status, answer, false)
    }

    fn note(&mut self, request: &Request<'_>, body: Value, said: &Said, repeated: bool) {
        self.seq += 1;
        let asked = Asked {
            seq: self.seq,
            method: request.method.to_owned(),
            path: request.path.to_owned(),
            key: request.key.map(str::to_owned),
            authorization: request.authorization.map(str::to_owned),
            body,
            status: match said {
                Said::Answer { status, .. } => *status,
                Said::Redirect => 302,
                Said::Close | Said::Hang => 0,
            },
            repeated,
        };
        self.asked.push_back(asked);
        if self.asked.len() > KEEP {
            self.asked.pop_front();
        }
    }
}

fn spoilt(script: &Script, status: u16, answer: &Value) -> Said {
    let with = |body: Vec<u8>| Said::Answer { status, body };
    match script.fault {
        None => with(answer.to_string().into_bytes()),
        Some(Fault::Html) => with(b"<html><body>gateway</body></html>".to_vec()),
        Some(Fault::Truncated) => {
            let mut body = answer.to_string().into_bytes();
            body.truncate(body.len() / 2);
            with(body)
        }
        Some(Fault::Huge) => with(vec![b' '; 8 << 20]),
        Some(Fault::Redirect) => Said::Redirect,
        Some(Fault::Hang) => Said::Hang,
        Some(Fault::Close) => Said::Close,
    }
}

#[cfg(test)]
mod tests;
