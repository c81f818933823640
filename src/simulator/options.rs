//! How a simulator is set up. Everything has a default that behaves as LINE does.

use super::clock::Clock;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Seconds a reply token is good for after delivery of its webhook.
///
/// Source: LINE reference, "Send reply message": "within one minute after receiving the webhook".
pub const TOKEN_LIFE_MS: u64 = 60_000;

/// A reply token is never good for longer than this after its event, redelivered or not.
///
/// Source: LINE reference, "Send reply message", redelivered webhooks: 20 minutes.
pub const TOKEN_CAP_MS: u64 = 20 * 60_000;

/// LINE counts a webhook answer that takes longer as `request_timeout`.
///
/// Source: LINE docs, "Check webhook error causes and statistics".
pub const WEBHOOK_TIMEOUT_MS: u64 = 2_000;

/// Checks where webhooks shall go.
///
/// # Errors
/// What was given and what is allowed.
pub fn webhook_url(url: &str) -> Result<(), String> {
    let good = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
        .is_some_and(|rest| rest.starts_with(|c: char| !matches!(c, '/' | '?' | '#')))
        && !url.contains(char::is_whitespace);
    if good {
        return Ok(());
    }
    Err(format!(
        "{url:?} is no URL, allowed: http:// or https://, such as \
         http://127.0.0.1:8080/line/main/webhook"
    ))
}

/// The plan's monthly limit of counted messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quota {
    /// No limit.
    None,
    /// At most so many counted recipients a month.
    Limited(u64),
}

/// One Official Account.
#[derive(Clone, Debug)]
pub struct ChannelOptions {
    /// The alias used in the journal and the control API.
    pub id: String,
    /// Channel secret: signs the webhooks.
    pub secret: String,
    /// LINE's numeric channel id, for issuing tokens.
    pub channel_id: String,
    /// The long-lived access token.
    pub access_token: String,
    /// The bot's user id: `destination` of the webhooks.
    pub destination: String,
    /// The account's name.
    pub name: String,
    /// Where webhooks go; `None` means the webhook is off and events are lost, as at LINE.
    pub webhook_url: Option<String>,
    /// Monthly limit.
    pub quota: Quota,
    /// Chat = On in OA Manager: reading is marked by hand (`markAsReadToken`), else at once.
    pub chat: bool,
}

impl ChannelOptions {
    /// A channel with the given alias and secrets, no webhook URL yet, quota unlimited, chat on.
    pub fn new(id: &str, secret: &str, access_token: &str) -> ChannelOptions {
        let mut digits = 0xcbf2_9ce4_8422_2325_u64;
        for byte in id.bytes() {
            digits = (digits ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        ChannelOptions {
            id: id.to_owned(),
            secret: secret.to_owned(),
            channel_id: (1_600_000_000 + digits % 400_000_000).to_string(),
            access_token: access_token.to_owned(),
            destination: format!("U{digits:016x}{:016x}", digits.rotate_left(23)),
            name: format!("Hotline {id}"),
            webhook_url: None,
            quota: Quota::None,
            chat: true,
        }
    }
}

/// Rate limits: LINE's table, scaled for load tests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Multiplies every rate of LINE's table; 1.0 is LINE.
    pub scale: f64,
    /// Capacity of a bucket in seconds of its rate; LINE does not publish its own.
    pub burst_seconds: f64,
}

impl Default for Rates {
    fn default() -> Rates {
        Rates {
            scale: 1.0,
            burst_seconds: 1.0,
        }
    }
}

/// How webhooks are delivered; may be changed while running.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Delivery {
    /// Most events in one request (LINE publishes no maximum).
    pub max_events: usize,
    /// How long a lane waits for more events before it sends, milliseconds.
    pub linger_ms: u64,
    /// Shuffle the events of a request.
    pub shuffle: bool,
    /// Chance that an event is sent twice (network routing), 0..1.
    pub duplicates: f64,
    /// Events come in standby mode: no reply token.
    pub standby: bool,
    /// Send undelivered events again. Off by default, as in LINE's console.
    pub redelivery: bool,
    /// How often at most.
    pub redelivery_count: u32,
    /// After how long, milliseconds.
    pub redelivery_interval_ms: u64,
}

impl Default for Delivery {
    fn default() -> Delivery {
        Delivery {
            max_events: 20,
            linger_ms: 0,
            shuffle: false,
            duplicates: 0.0,
            standby: false,
            redelivery: false,
            redelivery_count: 3,
            redelivery_interval_ms: 60_000,
        }
    }
}

impl Delivery {
    /// Looks for values that cannot be meant.
    ///
    /// # Errors
    /// The first of them: name, value, what is allowed.
    pub fn check(&self) -> Result<(), String> {
        if self.max_events == 0 {
            return Err("maxEvents: 0, allowed: 1 or more".to_owned());
        }
        if !(0.0..=1.0).contains(&self.duplicates) {
            let found = self.duplicates;
            return Err(format!(
                "duplicates: {found} is not a chance, allowed: 0 to 1"
            ));
        }
        Ok(())
    }
}

/// Everything a simulator needs to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The Official Accounts; at least one.
    pub channels: Vec<ChannelOptions>,
    /// Life of a reply token after delivery, milliseconds.
    pub token_life_ms: u64,
    /// How webhooks are delivered.
    pub delivery: Delivery,
    /// Webhook requests in flight per channel; one customer always uses the same lane.
    pub lanes: usize,
    /// Rate limits.
    pub rates: Rates,
    /// Every journal entry is also appended here, one JSON object a line.
    pub journal_file: Option<PathBuf>,
    /// Journal entries kept in memory; `None` keeps all.
    pub journal_keep: Option<usize>,
    /// Thread entries kept per customer for the phone page; 0 keeps none (load tests).
    pub thread_keep: usize,
    /// How long a picture, video or sound takes to be ready (content answers 202), milliseconds.
    pub content_delay_ms: u64,
    /// Time.
    pub clock: Clock,
    /// Seed of identifiers and chances; `None` draws one.
    pub seed: Option<u64>,
    /// Threads that serve the listener.
    pub workers: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            channels: vec![ChannelOptions::new(
                "main",
                "simulator-secret",
                "simulator-token",
            )],
            token_life_ms: TOKEN_LIFE_MS,
            delivery: Delivery::default(),
            lanes: 8,
            rates: Rates::default(),
            journal_file: None,
            journal_keep: Some(5_000),
            thread_keep: 200,
            content_delay_ms: 0,
            clock: Clock::Wall,
            seed: None,
            workers: 2,
        }
    }
}
