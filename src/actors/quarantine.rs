//! Keeps raw what could not be given to its conversation: durable, visible, never decided.

use super::draw::revision;
use super::messages::Inbound;
use crate::domain::ids::{ConversationKey, Fingerprint};
use crate::ports::store::{
    Class, Commit, EntityKey, EntityKind, Error, FeedEntry, MAX_VALUE_BYTES, Outcome, Store,
    Urgency, Write,
};
use serde::{Deserialize, Serialize};

/// The value of a quarantine entity: a list in JSON, so that a person can read it.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    events: Vec<KeptEvent>,
    /// Events that did not fit: they are in the change feed only.
    overflow: u64,
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
        for inbound in events {
            let raw = String::from_utf8_lossy(&inbound.raw);
            let event = KeptEvent {
                at: inbound.received.received.0,
                kind: inbound.event_type.to_string(),
                why: why.to_string(),
                message: inbound.message(),
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
        (kept.events.len() != before).then(|| (Vec::new(), vec![message]))
    })
    .await
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
    let entity = EntityKey::new(EntityKind::Quarantine, &key.to_string());
    let mut stored = store.load(&entity).await?;
    loop {
        let value = stored.as_ref().and_then(|stored| stored.value.as_deref());
        let mut kept: Kept = value
            .and_then(|value| serde_json::from_slice(value).ok())
            .unwrap_or_default();
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
            due: None,
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
