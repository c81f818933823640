//! Calls of guided dialogues to other systems.
#![allow(clippy::disallowed_macros)] // telemetry::meter is where the raw macros may stand

use metrics::{counter, gauge, histogram};

/// A try of a call ended, or was not made. Results are values of the catalogue; the service is the
/// config's id.
pub fn connector_try(service: &str, result: &'static str, seconds: f64) {
    let id = service.to_string();
    counter!("hotline_connector_tries_total", "service" => id.clone(), "result" => result)
        .increment(1);
    // A time-out in no time is one that was not begun.
    let held = matches!(result, "unfit" | "forbidden" | "breaker_open" | "full")
        || (result == "timeout" && seconds == 0.0);
    if !held {
        histogram!("hotline_connector_seconds", "service" => id).record(seconds);
    }
}

/// A service's breaker opened or closed.
pub fn connector_breaker(service: &str, open: bool) {
    gauge!("hotline_connector_breaker_open", "service" => service.to_string())
        .set(f64::from(u8::from(open)));
}
