//! Keeps raw what could not be given to its conversation: durable, visible, never decided.

use super::registry::Inbound;
use super::shared::revision;
use crate::domain::ids::ConversationKey;
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
    let entity = EntityKey::new(EntityKind::Quarantine, &key.to_string());
    let mut stored = store.load(&entity).await?;
    loop {
        let value = stored.as_ref().and_then(|stored| stored.value.as_deref());
        let mut kept: Kept = value
            .and_then(|value| serde_json::from_slice(value).ok())
            .unwrap_or_default();
        let mut feed = Vec::new();
        for inbound in events {
            let raw = String::from_utf8_lossy(&inbound.raw);
            let event = KeptEvent {
                at: inbound.received.received.0,
                kind: inbound.event_type.to_string(),
                why: why.to_string(),
                raw: raw[..raw.floor_char_boundary(16 * 1024)].to_string(),
            };
            feed.push(FeedEntry {
                erasable: None,
                payload: json(&event),
            });
            kept.events.push(event);
        }
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
            write: Write::Put(value),
            due: None,
            desk: None,
            feed,
            erase: Vec::new(),
            class: Class::Accepting,
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
