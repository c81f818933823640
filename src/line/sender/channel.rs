//! What the messenger keeps of one channel: client, breaker, buckets, quota.

use super::{Inner, SenderSettings};
use crate::domain::ids::{ChannelId, ConversationKey};
use crate::domain::time::Millis;
use crate::line::api::{CallError, Client, StatusClass};
use crate::line::breaker::{Breaker, Leave, State, Verdict};
use crate::line::limiter::Limiter;
use crate::line::quota::{Quota, Remaining};
use crate::ports::messenger::Profile;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// How a channel is, for health pages and `hotline doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelStatus {
    /// The channel.
    pub channel: ChannelId,
    /// Its breaker.
    pub breaker: State,
    /// Its month.
    pub remaining: Remaining,
}

/// One channel.
pub(super) struct Channel {
    pub client: Client,
    pub breaker: Breaker,
    pub reply: Limiter,
    pub push: Limiter,
    pub profiles: Limiter,
    pub loading: Limiter,
    pub quota: Quota,
    pub places: Semaphore,
    /// Sends begun and not ended.
    pub begun: AtomicUsize,
    /// So many of them find a place soon: as many again as may be under way.
    most: usize,
}

/// Milliseconds of the rate that may wait for it: less than a send is ready to wait.
const ROOM: u64 = 400;

impl Channel {
    pub fn new(client: Client, settings: &SenderSettings) -> Channel {
        Channel {
            client,
            breaker: Breaker::new(),
            reply: Limiter::new(settings.rates.reply),
            push: Limiter::new(settings.rates.push),
            profiles: Limiter::new(settings.rates.profile),
            loading: Limiter::new(settings.rates.loading),
            quota: Quota::new(),
            places: Semaphore::new(settings.max_in_flight_per_channel.max(1)),
            begun: AtomicUsize::new(0),
            most: settings.max_in_flight_per_channel.max(1) * 2,
        }
    }

    /// How many sends could begin now and leave at once, or nearly.
    pub fn room(&self, now: Millis) -> usize {
        let by_rate = (self.reply.rate(now) * ROOM / 1_000).max(1) as usize;
        let room = self.most.min(by_rate);
        room.saturating_sub(self.begun.load(Ordering::Acquire))
    }

    /// Its buckets, and what flows out of them.
    pub fn limiters(&self) -> [(&Limiter, &'static str); 4] {
        [
            (&self.reply, "reply"),
            (&self.push, "push"),
            (&self.profiles, "profile"),
            (&self.loading, "loading"),
        ]
    }

    pub fn status(&self) -> ChannelStatus {
        ChannelStatus {
            channel: self.client.channel().clone(),
            breaker: self.breaker.state(),
            remaining: self.quota.remaining(),
        }
    }

    /// Tells the breaker how a call ended, and the onlooker when that changed something.
    pub fn learn(&self, inner: &Inner, leave: Leave<'_>, verdict: Verdict) {
        if let Some(state) = leave.settle(verdict, inner.now()) {
            let channel = self.client.channel();
            if state == State::Closed {
                tracing::info!(%channel, "LINE is well again, breaker closed");
            } else {
                tracing::warn!(%channel, breaker = state.name(), "sends to LINE are held back");
            }
            inner.observer.breaker(channel, state);
        }
    }

    /// Best effort: gives way when LINE is sick or the bucket is empty.
    pub async fn show_loading(&self, key: &ConversationKey, seconds: u8, inner: &Inner) {
        if self.breaker.state() != State::Closed || self.loading.try_take(inner.now()).is_err() {
            return;
        }
        let shown = self
            .client
            .show_loading(&key.chat.to_string(), seconds)
            .await;
        if let Err(error) = shown {
            if matches!(error, CallError::Status { status: 429, .. }) {
                self.loading.throttled(inner.now());
            }
            tracing::debug!(conversation = %key, %error, "no loading animation");
        }
    }

    /// Best effort: gives way when LINE is sick or the bucket is empty.
    pub async fn profile(
        &self,
        key: &ConversationKey,
        inner: &Inner,
    ) -> Result<Option<Profile>, String> {
        if self.breaker.state() != State::Closed || self.profiles.try_take(inner.now()).is_err() {
            return Err(CallError::Busy.to_string());
        }
        match self.client.profile(&key.chat.to_string()).await {
            Ok(profile) => Ok(profile.map(|profile| Profile {
                display_name: profile.display_name,
                language: profile.language,
            })),
            Err(error) => {
                if matches!(error, CallError::Status { status: 429, .. }) {
                    self.profiles.throttled(inner.now());
                }
                Err(error.to_string())
            }
        }
    }
}

/// What a status says of LINE's health.
pub(super) fn verdict(class: StatusClass) -> Verdict {
    match class {
        StatusClass::Server | StatusClass::Lost | StatusClass::NotConnected => Verdict::Sick,
        StatusClass::Ok
        | StatusClass::Throttled
        | StatusClass::Unauthorized
        | StatusClass::Refused => Verdict::Well,
    }
}
