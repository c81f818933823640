//! The quota watch: every channel at an interval, and soon after LINE said *no more this month*.

use super::Inner;
use super::channel::Channel;
use crate::line::breaker::State;
use futures_util::stream::{self, StreamExt};
use std::time::Duration;
use tokio::time::Instant;

/// How often stale quotas are looked for between the regular rounds.
const TICK: Duration = Duration::from_secs(5);
/// Channels asked at the same time.
const AT_ONCE: usize = 8;

/// Runs until dropped.
pub(super) async fn quotas(inner: &Inner, interval: Duration) {
    let mut regular = Instant::now();
    loop {
        let is_regular = Instant::now() >= regular;
        if is_regular {
            regular = Instant::now() + interval;
        }
        stream::iter(inner.channels.values())
            .for_each_concurrent(AT_ONCE, |channel| look(channel, is_regular))
            .await;
        tokio::time::sleep(TICK.min(interval)).await;
    }
}

async fn look(channel: &Channel, is_regular: bool) {
    // A sick LINE is not asked; what is stale stays stale until it is well.
    if channel.breaker.state() != State::Closed || !(channel.quota.take_stale() || is_regular) {
        return;
    }
    let name = channel.client.channel();
    match channel.quota.refresh(&channel.client).await {
        Ok(remaining) => tracing::debug!(channel = %name, ?remaining, "quota"),
        Err(error) => {
            channel.quota.still_stale();
            tracing::warn!(channel = %name, %error, "quota cannot be read from LINE, asked again soon");
        }
    }
}
