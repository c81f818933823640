//! What people ask for: one entity, all of a kind, the desk.

use super::core::Core;
use super::names::entity_of;
use super::pages::{members, values};
use super::reply::{bytes, maybe_stored, strange};
use super::unread;
use crate::ports::store::{DeskGeneration, EntityKey, EntityKind, Error, Stored};
use redis::cmd;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::sync::Arc;

/// One entity.
pub async fn load(core: &Core, key: &EntityKey) -> Result<Option<Stored>, Error> {
    let partition = core.keys.partition(key);
    let mut get = cmd("GET");
    get.arg(core.keys.entity(partition, key));
    maybe_stored(core.ask_one(partition, get).await?)
}

/// All entities of a listed kind that have a value, in the order of their keys.
pub async fn all(core: &Core, kind: EntityKind) -> Result<Vec<(EntityKey, Arc<[u8]>)>, Error> {
    kind.listed()?;
    // A page may repeat what another had.
    let mut keys = BTreeSet::new();
    let list = |partition| core.keys.list(partition, kind);
    members(core, "SSCAN", list, |partition, ids| {
        for id in ids {
            match std::str::from_utf8(&id) {
                Ok(id) => drop(keys.insert((partition, EntityKey::new(kind, id)))),
                Err(_) => unread::left_out(1, partition, kind.plural()),
            }
        }
        Ok(())
    })
    .await?;
    let mut found = Vec::with_capacity(keys.len());
    values(core, keys.into_iter().collect(), |key, value| {
        match maybe_stored(value) {
            // Deleted since the list was read.
            Ok(None | Some(Stored { value: None, .. })) => {}
            Ok(Some(Stored {
                value: Some(value), ..
            })) => found.push((key, value)),
            Err(error) => tracing::error!(?key, %error, "an entity is left out of its list"),
        }
    })
    .await?;
    found.sort_by(|(one, _), (two, _)| one.cmp(two));
    Ok(found)
}

/// The tokens of all partitions in one: each is its own partition's, so that two that change places
/// are seen.
pub async fn desk_generation(core: &Core) -> Result<DeskGeneration, Error> {
    let tokens = core.ask_all(|partition| {
        let mut get = cmd("HGET");
        get.arg(core.keys.of(partition, "meta")).arg("desk");
        get
    });
    let mut hasher = SipHasher13::new();
    for token in tokens.await? {
        let token = bytes(token).unwrap_or_default();
        hasher.write_u8(token.len() as u8);
        hasher.write(&token);
    }
    Ok(DeskGeneration(hasher.finish128().as_bytes()))
}

/// All desk rows.
pub async fn desk_rows(core: &Core) -> Result<Vec<(EntityKey, Box<[u8]>)>, Error> {
    let mut rows = BTreeMap::new();
    let desk = |partition| core.keys.of(partition, "desk");
    members(core, "HSCAN", desk, |partition, items| {
        let mut items = items.into_iter();
        while let Some(member) = items.next() {
            let row = items.next().ok_or_else(|| strange("a desk row"))?;
            match entity_of(&member) {
                Some(key) => drop(rows.insert(key, row.into_boxed_slice())),
                None => unread::left_out(1, partition, "desk"),
            }
        }
        Ok(())
    })
    .await?;
    Ok(rows.into_iter().collect())
}
