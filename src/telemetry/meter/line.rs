//! Calls to LINE, and what holds them back.
#![allow(clippy::disallowed_macros)] // telemetry::meter is where the raw macros may stand

use crate::domain::ids::ChannelId;
use metrics::{Counter, Histogram, counter, gauge, histogram};
use std::cell::RefCell;
use std::collections::HashMap;

/// A call to LINE ended. Endpoint and code are values of the catalogue.
pub fn line_call(channel: &ChannelId, endpoint: &'static str, code: &'static str, seconds: f64) {
    thread_local! {
        /// Resolved per thread: every message passes here.
        static CALLS: RefCell<HashMap<(ChannelId, &'static str, &'static str), (Counter, Histogram)>> =
            RefCell::default();
    }
    CALLS.with_borrow_mut(|known| {
        let key = (channel.clone(), endpoint, code);
        let (count, took) = known.entry(key).or_insert_with(|| {
            let id = channel.as_str().to_string();
            let count = counter!("hotline_line_api_requests_total", "channel" => id, "endpoint" => endpoint, "code" => code);
            (count, histogram!("hotline_line_api_seconds", "endpoint" => endpoint))
        });
        count.increment(1);
        took.record(seconds);
    });
}

/// A send was not begun.
pub fn line_held_back(channel: &ChannelId, reason: &'static str) {
    let id = channel.as_str().to_string();
    counter!("hotline_line_held_back_total", "channel" => id, "reason" => reason).increment(1);
}

/// A channel's breaker opened or closed.
pub fn breaker(channel: &ChannelId, open: bool) {
    let id = channel.as_str().to_string();
    gauge!("hotline_line_breaker_open", "channel" => id).set(f64::from(u8::from(open)));
}

/// What is left of a channel's month.
pub fn quota(channel: &ChannelId, left: Option<u64>) {
    let id = channel.as_str().to_string();
    gauge!("hotline_line_quota_remaining_messages", "channel" => id)
        .set(left.map_or(-1.0, |left| left as f64));
}
