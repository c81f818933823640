//! Keeps raw what could not be given to its conversation: durable, visible, never decided.
//!
//! An unsend is the exception: what it asks for is remembered and done as soon as the conversation
//! can be read again, and words it came before are not kept at all.

use super::draw::revision;
use super::messages::Inbound;
use crate::domain::conversation::{Event, Kind, Received};
use crate::domain::ids::{ConversationKey, Fingerprint};
use crate::domain::time::{Millis, Span};
use crate::ports::store::{
    Class, Commit, EntityKey, EntityKind, Error, FeedEntry, MAX_VALUE_BYTES, Outcome, Store,
    Urgency, Write,
};
use serde::{Deserialize, Serialize};

/// Unsends remembered for one conversation; beyond it the oldest is forgotten.
const MAX_UNSENT: usize = 256;
/// How soon a remembered unsend is first tried again.
const TRY_AGAIN: Span = Span::mins(1);

/// The value of a quarantine entity: a list in JSON, so that a person can read it.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    events: Vec<KeptEvent>,
    /// Messages taken back while the conversation could not be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unsent: Vec<Unsent>,
    /// Events that did not fit: they are in the change feed only.
    overflow: u64,
}

/// An unsend that its conversation has not been told of.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unsent {
    event: Fingerprint,
    at: Millis,
    message: Fingerprint,
}

impl Unsent {
    fn of(received: &Received) -> Option<Unsent> {
        match received.kind {
            Kind::Unsent { message } => Some(Unsent {
                event: received.id,
                at: received.at,
                message,
            }),
            _ => None,
        }
    }

    /// What the conversation is told. Under an id of its own: the event's is marked as seen when it
    /// killed its conversation, and to be told twice does no harm.
    pub(super) fn event(self, now: Millis) -> Event {
        Event::Received(Received {
            id: Fingerprint::of(&format!("remembered unsend {}", self.event.0)),
            at: self.at,
            received: now,
            standby: false,
            redelivered: false,
            token: None,
            kind: Kind::Unsent {
                message: self.message,
            },
        })
    }
}

#[derive(Serialize, Deserialize)]
struct KeptEvent {
    at: u64,
    kind: String,
    why: String,
    /// The message whose words `raw` may carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<Fingerprint>,
    raw: String,
}

/// Makes the events durable under the conversation's quarantine entity.
///
/// # Errors
/// As the store: an event is then not known to be durable.
pub(super) async fn keep(
    store: &dyn Store,
    key: &ConversationKey,
    events: &[Inbound],
    why: &str,
) -> Result<(), Error> {
    change(store, key, Class::Accepting, |kept| {
        let mut feed = Vec::new();
        for unsent in events.iter().filter_map(|e| Unsent::of(&e.received)) {
            kept.unsent.retain(|known| known.message != unsent.message);
            kept.unsent.push(unsent);
        }
        let surplus = kept.unsent.len().saturating_sub(MAX_UNSENT);
        kept.unsent.drain(..surplus);
        for inbound in events {
            let message = inbound.message();
            let taken_back = kept.unsent.iter().any(|u| Some(u.message) == message);
            let raw = match taken_back {
                true => "".into(),
                false => String::from_utf8_lossy(&inbound.raw),
            };
            let event = KeptEvent {
                at: inbound.received.received.0,
                kind: inbound.event_type.to_string(),
                why: why.to_string(),
                message,
                raw: raw[..raw.floor_char_boundary(16 * 1024)].to_string(),
            };
            feed.push(FeedEntry {
                erasable: event.message,
                payload: json(&event),
            });
            kept.events.push(event);
        }
        Some((feed, Vec::new()))
    })
    .await
}

/// Erases what is kept of a message that was taken back. Does nothing when nothing is kept.
///
/// # Errors
/// As the store.
pub(super) async fn forget(
    store: &dyn Store,
    key: &ConversationKey,
    message: Fingerprint,
) -> Result<(), Error> {
    change(store, key, Class::Completing, |kept| {
        let before = kept.events.len();
        kept.events.retain(|event| event.message != Some(message));
        let reached = kept.events.len() != before || kept.overflow > 0;
        reached.then(|| (Vec::new(), vec![message]))
    })
    .await
}

/// Unsends the conversation has not been told of.
///
/// # Errors
/// As the store.
pub(super) async fn unsent(store: &dyn Store, key: &ConversationKey) -> Result<Vec<Unsent>, Error> {
    let stored = store.load(&entity(key)).await?;
    let value = stored.and_then(|stored| stored.value);
    Ok(read(value.as_deref()).unsent)
}

/// The conversation has been told of these.
///
/// # Errors
/// As the store.
pub(super) async fn told(
    store: &dyn Store,
    key: &ConversationKey,
    unsent: &[Unsent],
) -> Result<(), Error> {
    change(store, key, Class::Completing, |kept| {
        let before = kept.unsent.len();
        kept.unsent.retain(|known| !unsent.contains(known));
        (kept.unsent.len() != before).then(Beside::default)
    })
    .await
}

fn entity(key: &ConversationKey) -> EntityKey {
    EntityKey::new(EntityKind::Quarantine, &key.to_string())
}

fn read(value: Option<&[u8]>) -> Kept {
    value
        .and_then(|value| serde_json::from_slice(value).ok())
        .unwrap_or_default()
}

/// What a change writes besides the value: feed entries, and messages to erase from the feed.
type Beside = (Vec<FeedEntry>, Vec<Fingerprint>);

/// One compare-and-commit of the quarantine entity; the change answers `None` to leave it alone.
async fn change(
    store: &dyn Store,
    key: &ConversationKey,
    class: Class,
    mut edit: impl FnMut(&mut Kept) -> Option<Beside>,
) -> Result<(), Error> {
    let entity = entity(key);
    let mut stored = store.load(&entity).await?;
    loop {
        let value = stored.as_ref().and_then(|stored| stored.value.as_deref());
        let mut kept = read(value);
        let Some((feed, erase)) = edit(&mut kept) else {
            return Ok(());
        };
        let mut value = json(&kept);
        while value.len() > MAX_VALUE_BYTES && !kept.events.is_empty() {
            kept.events.remove(0);
            kept.overflow += 1;
            value = json(&kept);
        }
        let commit = Commit {
            key: entity.clone(),
            expected: stored.as_ref().map(|stored| stored.revision),
            proposed: revision(),
            write: Write::Put(value.into()),
            // The sweeper asks again while there is something to tell.
            due: (!kept.unsent.is_empty()).then(|| store.now() + TRY_AGAIN),
            desk: None,
            feed,
            erase,
            class,
            urgency: Urgency::Now,
        };
        match store.commit(commit).await? {
            Outcome::Committed(_) => return Ok(()),
            Outcome::Conflict(found) => stored = found,
        }
    }
}

fn json(value: &impl Serialize) -> Box<[u8]> {
    serde_json::to_vec(value)
        .expect("plain data with string keys")
        .into_boxed_slice()
}

/// What is kept of one conversation, without a customer's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// `channel/chat id`.
    pub conversation: String,
    /// Events kept.
    pub events: u64,
    /// Older ones that did not fit any more; the change feed has them.
    pub overflow: u64,
    /// When the first of them came, milliseconds since 1970.
    pub since: u64,
    /// When the last of them came.
    pub last: u64,
    /// LINE's types of the events, each once.
    pub types: Vec<String>,
    /// Why the last of them was set aside.
    pub why: String,
}

impl Quarantined {
    /// Reads a quarantine entity. A value that cannot be read is listed all the same.
    pub fn read(key: &EntityKey, value: &[u8]) -> Quarantined {
        let read = serde_json::from_slice::<Kept>(value);
        let is_readable = read.is_ok();
        let kept = read.unwrap_or_default();
        let mut types: Vec<String> = kept.events.iter().map(|event| event.kind.clone()).collect();
        types.sort_unstable();
        types.dedup();
        let last = kept.events.last();
        Quarantined {
            conversation: key.id.to_string(),
            events: kept.events.len() as u64,
            overflow: kept.overflow,
            since: kept.events.first().map_or(0, |event| event.at),
            last: last.map_or(0, |event| event.at),
            types,
            why: match last {
                Some(event) => event.why.clone(),
                None if is_readable => String::new(),
                None => "what is kept cannot be read".to_owned(),
            },
        }
    }

    /// Whether anything is kept: an unsend may have emptied it.
    pub fn is_something(&self) -> bool {
        self.events > 0 || self.overflow > 0 || !self.why.is_empty()
    }
}

/// Everything kept, in the order of the conversations.
///
/// # Errors
/// As the store.
pub async fn list(store: &dyn Store) -> Result<Vec<Quarantined>, Error> {
    let all = store.all(EntityKind::Quarantine).await?;
    let read = all.iter().map(|(key, value)| Quarantined::read(key, value));
    Ok(read.filter(Quarantined::is_something).collect())
}
