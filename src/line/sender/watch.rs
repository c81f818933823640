//! The quota watch: every channel at an interval, and soon after LINE said *no more this month*.

use super::Inner;
use crate::line::breaker::State;
use std::time::Duration;
use tokio::time::Instant;

/// How often stale quotas are looked for between the regular rounds.
const TICK: Duration = Duration::from_secs(5);

/// Runs until dropped.
pub(super) async fn quotas(inner: &Inner, interval: Duration) {
    let mut regular = Instant::now();
    loop {
        let is_regular = Instant::now() >= regular;
        if is_regular {
            regular = Instant::now() + interval;
        }
        for channel in inner.channels.values() {
            let is_wanted = channel.quota.take_stale() || is_regular;
            if !is_wanted || channel.breaker.state() != State::Closed {
                continue;
            }
            let name = channel.client.channel();
            match channel.quota.refresh(&channel.client).await {
                Ok(remaining) => tracing::debug!(channel = %name, ?remaining, "quota"),
                Err(error) => tracing::warn!(channel = %name, %error, "quota unknown"),
            }
        }
        tokio::time::sleep(TICK.min(interval)).await;
    }
}
