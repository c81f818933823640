//! The platform: all state of the simulated LINE, without a runtime, a socket or a thread.
//!
//! Everything here is called from any thread. Locks are per customer, per token or per channel and
//! are never held across another customer's.

use super::access::AccessTokens;
use super::assistant::Assistant;
use super::clock::Clock;
use super::events::Minted;
use super::faults::{Faults, Switchboard};
use super::ids::Ids;
use super::journal::Journal;
use super::media::MediaShelf;
use super::options::{ChannelOptions, Delivery, Options, Quota};
use super::orders::Orders;
use super::people::{Customer, CustomerView, Group};
use super::quota::Usage;
use super::rate::Buckets;
use super::retry::RetryKeys;
use super::richmenu::RichMenus;
use super::tokens::ReplyTokens;
use super::watch::Watchers;
use dashmap::DashMap;
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use tokio::sync::mpsc::UnboundedSender;

/// A channel and everything LINE keeps for it.
#[derive(Debug)]
pub struct Channel {
    pub(super) index: usize,
    pub(super) id: Arc<str>,
    pub(super) options: ChannelOptions,
    pub(super) webhook_url: RwLock<Option<String>>,
    pub(super) customers: DashMap<Arc<str>, Customer>,
    pub(super) groups: DashMap<Arc<str>, Group>,
    pub(super) retry_keys: RetryKeys,
    pub(super) buckets: Buckets,
    pub(super) usage: Usage,
    pub(super) menus: Mutex<RichMenus>,
    pub(super) narrowcasts: DashMap<String, (u64, u64)>,
    pub(super) webhook_errors: DashMap<&'static str, u64>,
    pub(super) lanes: RwLock<Vec<UnboundedSender<Minted>>>,
}

impl Channel {
    /// The alias.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// As it was set up.
    pub fn options(&self) -> &ChannelOptions {
        &self.options
    }

    /// Where webhooks go now.
    pub fn webhook_url(&self) -> Option<String> {
        self.webhook_url
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// LINE's error statistics: how many webhook requests failed for a reason
    /// (`could_not_connect`, `request_timeout`, `error_status_code`, `unclassified`).
    pub fn webhook_errors(&self, reason: &str) -> u64 {
        self.webhook_errors.get(reason).map_or(0, |count| *count)
    }

    /// Monthly limit and what is used of it.
    pub fn usage(&self, now: u64) -> (Quota, u64) {
        self.usage.month(now)
    }
}

/// The simulated LINE platform.
#[derive(Debug)]
pub struct Platform {
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    pub(super) channels: Vec<Arc<Channel>>,
    pub(super) access: AccessTokens,
    pub(super) assistant: Assistant,
    pub(super) orders: Orders,
    pub(super) reply_tokens: ReplyTokens,
    pub(super) token_life_ms: u64,
    pub(super) media: MediaShelf,
    pub(super) faults: Switchboard,
    pub(super) journal: Journal,
    pub(super) delivery: RwLock<Arc<Delivery>>,
    pub(super) thread_keep: usize,
    pub(super) thread_seq: AtomicU64,
    pub(super) content_delay_ms: u64,
    pub(super) watchers: Watchers,
    /// Address of the listener, once there is one: pictures are served from it.
    pub(super) base_url: OnceLock<String>,
}

impl Platform {
    /// Builds the platform.
    ///
    /// # Errors
    /// The journal file cannot be opened, or the system has no randomness for the seed.
    pub fn new(options: &Options) -> io::Result<Arc<Platform>> {
        let clock = options.clock.clone();
        let now = clock.now();
        let seed = match options.seed {
            Some(seed) => seed,
            None => getrandom::u64().map_err(io::Error::other)?,
        };
        let access = AccessTokens::default();
        let mut channels = Vec::with_capacity(options.channels.len());
        for (index, channel) in options.channels.iter().enumerate() {
            access.add_long(&channel.access_token, index);
            channels.push(Arc::new(Channel {
                index,
                id: Arc::from(channel.id.as_str()),
                webhook_url: RwLock::new(channel.webhook_url.clone()),
                customers: DashMap::new(),
                groups: DashMap::new(),
                retry_keys: RetryKeys::default(),
                buckets: Buckets::new(options.rates, now),
                usage: Usage::new(channel.quota),
                menus: Mutex::new(RichMenus::default()),
                narrowcasts: DashMap::new(),
                webhook_errors: DashMap::new(),
                lanes: RwLock::new(Vec::new()),
                options: channel.clone(),
            }));
        }
        Ok(Arc::new(Platform {
            clock,
            ids: Ids::new(seed),
            channels,
            access,
            assistant: Assistant::default(),
            orders: Orders::default(),
            reply_tokens: ReplyTokens::new(options.token_life_ms),
            token_life_ms: options.token_life_ms,
            media: MediaShelf::new(),
            faults: Switchboard::default(),
            journal: Journal::open(options.journal_keep, options.journal_file.as_deref())?,
            delivery: RwLock::new(Arc::new(options.delivery.clone())),
            thread_keep: options.thread_keep,
            thread_seq: AtomicU64::new(1),
            content_delay_ms: options.content_delay_ms,
            watchers: Watchers::default(),
            base_url: OnceLock::new(),
        }))
    }

    /// Platform time, milliseconds.
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// The record of all traffic.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// All channels.
    pub fn channels(&self) -> &[Arc<Channel>] {
        &self.channels
    }

    /// A channel by its alias.
    pub fn channel(&self, id: &str) -> Option<&Arc<Channel>> {
        self.channels.iter().find(|channel| &*channel.id == id)
    }

    /// Where the webhooks of a channel go from now on; `None` turns them off. False when there is
    /// no such channel.
    pub fn set_webhook_url(&self, channel: &str, url: Option<&str>) -> bool {
        self.channel(channel).is_some_and(|channel| {
            *channel
                .webhook_url
                .write()
                .unwrap_or_else(PoisonError::into_inner) = url.map(str::to_owned);
            true
        })
    }

    /// Changes a channel's monthly limit. False when there is no such channel.
    pub fn set_quota(&self, channel: &str, quota: Quota) -> bool {
        self.channel(channel)
            .inspect(|channel| channel.usage.set_limit(quota))
            .is_some()
    }

    /// The fake OpenAI server.
    pub fn assistant(&self) -> &Assistant {
        &self.assistant
    }

    /// The order service.
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The faults that are on, with the strikes left.
    pub fn faults(&self) -> Faults {
        self.faults.get()
    }

    /// Replaces all faults.
    pub fn set_faults(&self, faults: Faults) {
        self.reply_tokens
            .set_life(faults.token_life_ms.unwrap_or(self.token_life_ms));
        self.faults.set(faults);
    }

    /// How webhooks are delivered.
    pub fn delivery(&self) -> Arc<Delivery> {
        self.delivery
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes how webhooks are delivered, from the next request on.
    pub fn set_delivery(&self, delivery: Delivery) {
        *self
            .delivery
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(delivery);
    }

    /// A new customer of a channel, already a friend, without any event.
    pub fn create_customer(
        &self,
        channel: &str,
        name: Option<&str>,
        language: &str,
    ) -> Option<CustomerView> {
        let channel = self.channel(channel)?;
        let user_id: Arc<str> = self.ids.chat('U').into();
        let customer = Customer::new(user_id.clone(), name, language, &self.ids);
        let view = customer.view(&channel.id);
        channel.customers.insert(user_id, customer);
        Some(view)
    }

    /// Makes a customer a friend or a stranger without any event (someone who writes without having
    /// added the account). False when unknown.
    pub fn set_friend(&self, channel: &str, user: &str, friend: bool) -> bool {
        self.channel(channel)
            .and_then(|channel| channel.customers.get_mut(user))
            .is_some_and(|mut customer| {
                customer.friend = friend;
                true
            })
    }

    /// All customers of a channel in the order of their ids.
    pub fn customers(&self, channel: &str) -> Vec<CustomerView> {
        let Some(channel) = self.channel(channel) else {
            return Vec::new();
        };
        let mut all: Vec<_> = channel
            .customers
            .iter()
            .map(|customer| customer.view(&channel.id))
            .collect();
        all.sort_by(|a, b| a.user_id.cmp(&b.user_id));
        all
    }

    /// The channel that knows a customer or group: the named one, else the first that does.
    pub fn channel_of(&self, chat: &str, named: Option<&str>) -> Option<&Arc<Channel>> {
        match named {
            Some(id) => self.channel(id),
            None => self.channels.iter().find(|channel| {
                channel.customers.contains_key(chat) || channel.groups.contains_key(chat)
            }),
        }
    }

    /// The webhook of an event with this reply token is on its way: its minute begins. The sender
    /// does this by itself; a load generator that sends by itself may too.
    pub fn arm(&self, reply_token: &str) {
        self.reply_tokens.arm(reply_token, self.now());
    }
}
