//! The assistant stage: calls to its server, what its answers are worth, what it costs.
#![allow(clippy::disallowed_macros)] // telemetry::meter is where the raw macros may stand

use crate::domain::ids::ChannelId;
use metrics::{counter, gauge, histogram};

/// A question ended, well or not.
pub fn assistant_question(seconds: f64) {
    histogram!("hotline_assistant_seconds").record(seconds);
}

/// An answer is so sure, in percent.
pub fn assistant_confidence(by: &'static str, percent: u8) {
    histogram!("hotline_assistant_confidence_ratio", "by" => by).record(f64::from(percent) / 100.0);
}

/// What a model's confidence was made of.
pub fn assistant_parts(self_report: Option<f64>, grounding: Option<f64>, logprob: Option<f64>) {
    let parts = [
        ("self_report", self_report),
        ("grounding", grounding),
        ("logprob", logprob),
    ];
    for (part, value) in parts {
        if let Some(value) = value {
            histogram!("hotline_assistant_confidence_part_ratio", "part" => part).record(value);
        }
    }
}

/// A model's answer counted for nothing.
pub fn assistant_gate(gate: &'static str) {
    counter!("hotline_assistant_gates_total", "gate" => gate).increment(1);
}

/// A request to the assistant's server ended.
pub fn assistant_call(code: &'static str) {
    counter!("hotline_assistant_calls_total", "code" => code).increment(1);
}

/// Tokens a request used.
pub fn assistant_tokens(channel: &ChannelId, prompt: u64, answer: u64) {
    for (kind, tokens) in [("prompt", prompt), ("answer", answer)] {
        let id = channel.as_str().to_string();
        counter!("hotline_assistant_tokens_total", "channel" => id, "kind" => kind)
            .increment(tokens);
    }
}

/// What is left of a channel's tokens of the day.
pub fn assistant_budget(channel: &ChannelId, left: u64) {
    let id = channel.as_str().to_string();
    gauge!("hotline_assistant_budget_left_tokens", "channel" => id).set(left as f64);
}

/// The breaker of the assistant's server opened or closed.
pub fn assistant_breaker(open: bool) {
    gauge!("hotline_assistant_breaker_open").set(f64::from(u8::from(open)));
}

/// Questions worked on, and questions that wait for a place.
pub fn assistant_load(in_flight: usize, waiting: usize) {
    gauge!("hotline_assistant_in_flight").set(in_flight as f64);
    gauge!("hotline_assistant_waiting").set(waiting as f64);
}
