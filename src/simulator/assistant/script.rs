//! What the fake server is told to do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest scripted wait, milliseconds.
const WAIT_MAX_MS: u64 = 600_000;
/// What a set-up may refuse, by the words of a request.
const REFUSALS: [&str; 5] = [
    "json_schema",
    "json_object",
    "logprobs",
    "max_tokens",
    "temperature",
];

/// How an answer is spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// 200 with a page of HTML.
    Html,
    /// 200 with JSON that breaks off.
    Truncated,
    /// 200 with no choices.
    NoChoices,
    /// The model's words are no JSON.
    Prose,
    /// The model's words are empty.
    Empty,
    /// The model refuses (`refusal`, no content).
    Refusal,
    /// 200 with more bytes than anybody wants.
    Huge,
    /// Nothing, until the caller goes away.
    Hang,
    /// The connection is closed without a byte.
    Close,
}

/// What is done with one request. Everything may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Script {
    /// The confidence a caller shall come to, 0 to 1: self-report and token probabilities are both this, and
    /// without sources nothing else counts.
    pub confidence: f64,
    /// What the model says to the customer. The default is a courtesy that states nothing.
    pub answer: Option<String>,
    /// Ids of the articles it cites.
    pub sources: Vec<String>,
    /// `yes`, `partly` or `no`.
    pub answerable: String,
    /// A person should answer.
    pub needs_human: bool,
    /// Another self-report than `confidence`: a word, a number, null.
    pub self_report: Option<Value>,
    /// Another geometric mean of the tokens' probabilities than `confidence`, above 0 to 1.
    pub logprob: Option<f64>,
    /// The model's words as they are, instead of all that.
    pub content: Option<String>,
    /// `stop`, `length`, `content_filter`.
    pub finish_reason: String,
    /// Tokens of prompt and answer that are told; null: nothing is told.
    pub usage: Option<(u64, u64)>,
    /// HTTP status; from 300 on with an error body.
    pub status: u16,
    /// Seconds of a `Retry-After` header.
    pub retry_after: Option<u64>,
    /// Wait before anything is said, milliseconds, at most 600,000.
    pub delay_ms: u64,
    /// How the answer is spoilt.
    pub fault: Option<Fault>,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            confidence: 0.8,
            answer: None,
            sources: Vec::new(),
            answerable: "yes".to_owned(),
            needs_human: false,
            self_report: None,
            logprob: None,
            content: None,
            finish_reason: "stop".to_owned(),
            usage: Some((700, 60)),
            status: 200,
            retry_after: None,
            delay_ms: 0,
            fault: None,
        }
    }
}

impl Script {
    /// An answer of which a caller shall come to this confidence.
    pub fn sure(confidence: f64) -> Script {
        Script {
            confidence,
            ..Script::default()
        }
    }

    /// A spoilt answer.
    pub fn fault(fault: Fault) -> Script {
        Script {
            fault: Some(fault),
            ..Script::default()
        }
    }

    /// An error of this status.
    pub fn status(status: u16) -> Script {
        Script {
            status,
            ..Script::default()
        }
    }

    /// Looks for values that cannot be meant.
    ///
    /// # Errors
    /// The first of them: name, value, what is allowed.
    pub fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.confidence) {
            return Err(format!("confidence: {}, allowed: 0 to 1", self.confidence));
        }
        if self
            .logprob
            .is_some_and(|logprob| !(logprob > 0.0 && logprob <= 1.0))
        {
            return Err(format!(
                "logprob: {:?}, allowed: above 0, up to 1",
                self.logprob
            ));
        }
        if !["yes", "partly", "no"].contains(&self.answerable.as_str()) {
            let found = &self.answerable;
            return Err(format!("answerable: {found:?}, allowed: yes, partly, no"));
        }
        if !(200..=599).contains(&self.status) {
            return Err(format!("status: {}, allowed: 200 to 599", self.status));
        }
        if self.delay_ms > WAIT_MAX_MS {
            let found = self.delay_ms;
            return Err(format!("delayMs: {found}, allowed: 0 to {WAIT_MAX_MS}"));
        }
        Ok(())
    }
}

/// What is done when no script is left, and what the server does not know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Setup {
    /// For every request without a script.
    pub default: Script,
    /// Requests with one of these are answered 400: `json_schema`, `json_object`, `logprobs`, `max_tokens`,
    /// `temperature`.
    pub refuses: Vec<String>,
}

impl Setup {
    /// Looks for values that cannot be meant.
    ///
    /// # Errors
    /// The first of them: name, value, what is allowed.
    pub fn check(&self) -> Result<(), String> {
        self.default
            .check()
            .map_err(|why| format!("default.{why}"))?;
        match self
            .refuses
            .iter()
            .find(|word| !REFUSALS.contains(&word.as_str()))
        {
            Some(word) => Err(format!(
                "refuses: {word:?}, allowed: {}",
                REFUSALS.join(", ")
            )),
            None => Ok(()),
        }
    }

    /// The first thing in a request that this server does not know.
    pub(super) fn refuses(&self, request: &Value) -> Option<&str> {
        let format = request["response_format"]["type"].as_str();
        let has = |word: &str| match word {
            "json_schema" | "json_object" => format == Some(word),
            _ => request.get(word).is_some(),
        };
        self.refuses
            .iter()
            .map(String::as_str)
            .find(|word| has(word))
    }
}
