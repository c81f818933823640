//! The messenger port over LINE: many channels, bounded, one request per call.
//!
//! Law of this room: it never retries, never changes a byte, never turns a reply into a push. A
//! send that cannot begin in time is *not sent*, and said so at once.

mod attempt;
mod channel;
mod retry_key;
mod watch;

pub use channel::ChannelStatus;
pub use retry_key::retry_key;

use crate::domain::ids::{ChannelId, ChatKind, ConversationKey};
use crate::domain::time::{Millis, Span};
use crate::line::api::{ChannelSettings, Client, Clock, Observer, SettingsError};
use crate::line::limiter::Rates;
use crate::line::profile::Profiles;
use crate::line::tokens::TokenSource;
use crate::ports::messenger::{Dispatch, Messenger, Outcome, Profile, Report};
use crate::ports::store::Store;
use channel::Channel;
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Bounds of the messenger.
#[derive(Clone, Debug)]
pub struct SenderSettings {
    /// Requests in flight, over all channels. Default: 64 per runtime thread, for two threads.
    pub max_in_flight: usize,
    /// Requests in flight of one channel, so that a slow one leaves room for the others.
    pub max_in_flight_per_channel: usize,
    /// Sends that may wait for a place; one more is not sent.
    pub max_waiting: usize,
    /// Time for a reply, waiting included.
    pub reply_deadline: Duration,
    /// Time for a push, waiting included.
    pub push_deadline: Duration,
    /// Calls per second and channel.
    pub rates: Rates,
    /// Profiles remembered.
    pub profiles: usize,
    /// Percent of the month's messages that automatic pushes leave to the agents.
    pub reserve_percent: u8,
}

impl Default for SenderSettings {
    fn default() -> SenderSettings {
        SenderSettings {
            max_in_flight: 128,
            max_in_flight_per_channel: 96,
            max_waiting: 4_096,
            reply_deadline: Duration::from_secs(8),
            push_deadline: Duration::from_secs(10),
            rates: Rates::default(),
            profiles: 10_000,
            reserve_percent: 20,
        }
    }
}

/// The way out to LINE. Cloning shares it.
#[derive(Clone)]
pub struct LineMessenger {
    inner: Arc<Inner>,
}

struct Inner {
    channels: HashMap<ChannelId, Arc<Channel>>,
    settings: SenderSettings,
    clock: Clock,
    observer: Arc<dyn Observer>,
    places: Semaphore,
    waiting: AtomicUsize,
    in_flight: AtomicUsize,
    profiles: Profiles,
}

impl LineMessenger {
    /// Prepares the messenger; nothing is sent, no thread or task begins.
    ///
    /// # Errors
    /// An address that is not an `http` or `https` URL.
    pub fn new(
        channels: Vec<ChannelSettings>,
        settings: SenderSettings,
        clock: Clock,
        observer: Arc<dyn Observer>,
    ) -> Result<LineMessenger, SettingsError> {
        let mut known = HashMap::with_capacity(channels.len());
        for channel in channels {
            let id = channel.id.clone();
            let client = Client::new(channel, Arc::clone(&clock), Arc::clone(&observer))?;
            known.insert(id, Arc::new(Channel::new(client, &settings)));
        }
        Ok(LineMessenger {
            inner: Arc::new(Inner {
                channels: known,
                places: Semaphore::new(settings.max_in_flight.max(1)),
                waiting: AtomicUsize::new(0),
                in_flight: AtomicUsize::new(0),
                profiles: Profiles::new(settings.profiles),
                settings,
                clock,
                observer,
            }),
        })
    }

    /// From now on the rates are those of all nodes on this store together, if it is shared. Before the
    /// first send.
    pub fn share_rates(&self, store: &Arc<dyn Store>) {
        if !store.is_shared() {
            return;
        }
        for (id, channel) in &self.inner.channels {
            for (limiter, what) in channel.limiters() {
                limiter.share(Arc::clone(store), format!("line/{what}/{id}"));
            }
        }
    }

    /// The client of a channel, for calls that carry no messages.
    pub fn client(&self, channel: &ChannelId) -> Option<&Client> {
        self.inner.channels.get(channel).map(|c| &c.client)
    }

    /// Breaker and quota of every channel, by name.
    pub fn status(&self) -> Vec<ChannelStatus> {
        let channels = self.inner.channels.values();
        let mut all: Vec<ChannelStatus> = channels.map(|channel| channel.status()).collect();
        all.sort_by(|a, b| a.channel.cmp(&b.channel));
        all
    }

    /// Gives a channel another token at once and closes its breaker. `false`: no such channel.
    pub fn replace_token(&self, channel: &ChannelId, source: TokenSource) -> bool {
        let Some(channel) = self.inner.channels.get(channel) else {
            return false;
        };
        channel.client.tokens().replace(source);
        channel.breaker.reset(self.inner.now());
        true
    }

    /// Whether an automatic push may spend one of the month's messages; the agents' share and an
    /// unknown quota say no.
    pub fn may_push_automatically(&self, channel: &ChannelId) -> bool {
        let percent = self.inner.settings.reserve_percent;
        self.inner.channels.get(channel).is_some_and(|channel| {
            channel
                .quota
                .may_push_automatically(self.inner.now(), percent)
        })
    }

    /// Watches the quotas until dropped: every `interval`, and soon after LINE said that the month
    /// is used up.
    pub async fn watch_quotas(&self, interval: Duration) {
        watch::quotas(&self.inner, interval).await;
    }
}

impl Messenger for LineMessenger {
    fn send(&self, dispatch: Dispatch) -> BoxFuture<'static, Report> {
        // Counted from the call, not from the first poll: work owed from here on.
        let channel = self.inner.channels.get(&dispatch.conversation.channel);
        let begun = Begun::new(Arc::clone(&self.inner), channel.cloned());
        Box::pin(
            async move { attempt::run(&begun.inner, begun.channel.as_deref(), dispatch).await },
        )
    }

    fn profile(
        &self,
        conversation: ConversationKey,
    ) -> BoxFuture<'static, Result<Option<Profile>, String>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.profile(conversation).await })
    }

    fn show_loading(&self, conversation: ConversationKey, wanted: Span) -> BoxFuture<'static, ()> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            // LINE shows it to one customer only, for whole fives of seconds.
            if conversation.chat.kind() != ChatKind::Customer {
                return;
            }
            let seconds = wanted.0.div_ceil(5_000).clamp(1, 12) * 5;
            if let Some(channel) = inner.channels.get(&conversation.channel) {
                let seconds = seconds as u8; // at most 60
                channel.show_loading(&conversation, seconds, &inner).await;
            }
        })
    }

    fn in_flight(&self) -> usize {
        self.inner.in_flight.load(Ordering::Acquire)
    }

    fn room(&self, channel: &ChannelId) -> usize {
        let channel = self.inner.channels.get(channel);
        channel.map_or(usize::MAX, |channel| channel.room(self.inner.now()))
    }
}

/// A send begun and not ended; ends when dropped, however that comes.
struct Begun {
    inner: Arc<Inner>,
    channel: Option<Arc<Channel>>,
}

impl Begun {
    fn new(inner: Arc<Inner>, channel: Option<Arc<Channel>>) -> Begun {
        inner.in_flight.fetch_add(1, Ordering::AcqRel);
        if let Some(channel) = &channel {
            channel.begun.fetch_add(1, Ordering::AcqRel);
        }
        Begun { inner, channel }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.begun.fetch_sub(1, Ordering::AcqRel);
        }
        self.inner.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Inner {
    fn now(&self) -> Millis {
        (self.clock)()
    }

    async fn profile(&self, key: ConversationKey) -> Result<Option<Profile>, String> {
        if key.chat.kind() != ChatKind::Customer {
            return Ok(None); // a group has members, not a profile
        }
        if let Some(known) = self.profiles.get(&key, self.now()) {
            return Ok(known);
        }
        let Some(channel) = self.channels.get(&key.channel) else {
            return Err(format!("no channel {}", key.channel));
        };
        let profile = channel.profile(&key, self).await?;
        self.profiles.put(key, self.now(), profile.clone());
        Ok(profile)
    }
}

fn not_sent() -> Report {
    Report {
        outcome: Outcome::NotSent,
        request_id: None,
    }
}
