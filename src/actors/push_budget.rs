//! The hourly budget of automatic pushes: two minutes of outage must never become an invoice.
//!
//! Law: within no sixty minutes do calls of more different pushes leave than the budget allows. A
//! push takes a *place* when it is granted, and again at the moment each of its calls leaves: the
//! calls of one push are one push for LINE (retry key), so within the hour they share the place; a
//! call after its place has gone needs a new one. One counter entity per channel holds the places,
//! so the law survives a crash.

use super::draw::revision;
use crate::domain::conversation::PUSH_CALL;
use crate::domain::ids::{ChannelId, ConversationKey, Fingerprint};
use crate::domain::time::{Millis, Span};
use crate::ports::messenger::CONNECT;
use crate::ports::store::{Commit, EntityKey, EntityKind, Error, Outcome, Store};
use crate::telemetry::meter;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// How long a place is taken. A call is started within [`PUSH_CALL`] of its place and leaves when it
/// is connected, at most [`CONNECT`] later: its place must not be forgotten before the hour from
/// then is over.
const WINDOW: Span = Span(Span::hours(1).0 + PUSH_CALL.0 + CONNECT.0);

/// Whether the monthly quota leaves room for an automatic push, beside the agents' share.
pub type QuotaGate = Arc<dyn Fn(&ChannelId) -> bool + Send + Sync>;

/// Grants automatic pushes and counts their calls.
pub struct PushBudget {
    per_hour: usize,
    quota: QuotaGate,
    /// Calls begun that wait for their place: the messenger does not know of them yet.
    pub(super) waiting: AtomicUsize,
}

/// One push of the last hour.
#[derive(Clone, Copy)]
struct Place {
    /// When its latest call left, or when it was granted.
    at: Millis,
    /// Which push; zero: granted by a build that did not say.
    push: u64,
}

impl PushBudget {
    /// A budget of `per_hour` pushes per channel (at most 4,000: the places are one value), and
    /// never beyond what the quota gate allows.
    pub fn new(per_hour: u32, quota: QuotaGate) -> PushBudget {
        PushBudget {
            per_hour: per_hour as usize,
            quota,
            waiting: AtomicUsize::new(0),
        }
    }

    /// Asks for a push of these effects. A grant is durable before it is given; when in doubt the
    /// answer is no. Here, and only here, a refused push is counted.
    pub async fn ask(&self, store: &dyn Store, key: &ConversationKey, effects: &[u32]) -> bool {
        let open = self.per_hour > 0 && (self.quota)(&key.channel);
        let granted = open && self.place(store, key, effects).await;
        if !granted {
            meter::push_refused(&key.channel);
        }
        granted
    }

    /// Whether a call of this push may be started now, within [`PUSH_CALL`]. To be asked before each
    /// call; when in doubt the answer is no.
    pub async fn leaves(&self, store: &dyn Store, key: &ConversationKey, effects: &[u32]) -> bool {
        self.place(store, key, effects).await
    }

    async fn place(&self, store: &dyn Store, key: &ConversationKey, effects: &[u32]) -> bool {
        match self.take(store, &key.channel, name(key, effects)).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(channel = %key.channel, error = %error,
                    "push budget cannot be asked");
                false
            }
        }
    }

    /// Takes or renews the place of a push, durably.
    async fn take(&self, store: &dyn Store, channel: &ChannelId, push: u64) -> Result<bool, Error> {
        let entity = EntityKey::new(EntityKind::Counter, &format!("push/{channel}"));
        let mut stored = store.load(&entity).await?;
        loop {
            let now = store.now();
            let value = stored.as_ref().and_then(|stored| stored.value.as_deref());
            let mut places = value.map(decode).unwrap_or_default();
            places.retain(|place| now.since(place.at) < WINDOW && place.push != push);
            if places.len() >= self.per_hour {
                return Ok(false);
            }
            places.push(Place { at: now, push });
            let commit = Commit::settling(
                entity.clone(),
                stored.as_ref().map(|stored| stored.revision),
                revision(),
                encode(&places).into(),
            );
            match store.commit(commit).await? {
                Outcome::Committed(_) => return Ok(true),
                Outcome::Conflict(found) => stored = found,
            }
        }
    }
}

/// Names a push as its retry key does: by conversation and effects. A push whose effects change (an
/// unsend, a merge) is another push: it asks for itself.
///
/// 40 bits, so that a build that reads every eight bytes as a time takes the name for one of the
/// last century and drops it. The chance that two of 4,000 meet is below 10⁻⁵.
fn name(key: &ConversationKey, effects: &[u32]) -> u64 {
    let mut text = key.to_string();
    for effect in effects {
        text.push(' ');
        text.push_str(&effect.to_string());
    }
    (Fingerprint::of(&text).0 >> 24).max(1)
}

/// Format byte, then time in milliseconds and name of each place, little-endian.
fn encode(places: &[Place]) -> Box<[u8]> {
    let mut value = vec![2u8];
    for place in places {
        value.extend_from_slice(&place.at.0.to_le_bytes());
        value.extend_from_slice(&place.push.to_le_bytes());
    }
    value.into_boxed_slice()
}

/// Format 1 held the times alone.
fn decode(value: &[u8]) -> Vec<Place> {
    let Some((format, rest)) = value.split_first() else {
        return Vec::new();
    };
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    if *format == 1 {
        let times = rest.chunks_exact(8);
        return times
            .map(|bytes| Place {
                at: Millis(number(bytes)),
                push: 0,
            })
            .collect();
    }
    rest.chunks_exact(16)
        .map(|bytes| Place {
            at: Millis(number(&bytes[..8])),
            push: number(&bytes[8..]),
        })
        .collect()
}
