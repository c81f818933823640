//! What people ask for: one entity, all of a kind, the desk.

use super::core::Core;
use super::reply::{array, bytes, maybe_stored, member_key, number, strange};
use crate::ports::store::{EntityKey, EntityKind, Error, Stored};
use redis::cmd;
use std::sync::Arc;

/// Ids asked for in one `MGET`: values are at most 64 KiB each.
const AT_ONCE: usize = 256;

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
    let sets = core.bulk_all(|partition| {
        let mut members = cmd("SMEMBERS");
        members.arg(core.keys.list(partition, kind));
        members
    });
    let mut found = Vec::new();
    for (partition, set) in (0..core.keys.partitions()).zip(sets.await?) {
        let mut keys = Vec::new();
        for id in array(set, "a list")? {
            let id = bytes(id).and_then(|id| String::from_utf8(id).ok());
            let id = id.ok_or_else(|| strange("an id in a list"))?;
            keys.push(EntityKey::new(kind, &id));
        }
        for some in keys.chunks(AT_ONCE) {
            values(core, partition, some, &mut found).await?;
        }
    }
    found.sort_by(|(one, _), (two, _)| one.cmp(two));
    Ok(found)
}

async fn values(
    core: &Core,
    partition: u16,
    keys: &[EntityKey],
    found: &mut Vec<(EntityKey, Arc<[u8]>)>,
) -> Result<(), Error> {
    let mut get = cmd("MGET");
    for key in keys {
        get.arg(core.keys.entity(partition, key));
    }
    let values = array(core.bulk_one(partition, get).await?, "a list's values")?;
    for (key, value) in keys.iter().zip(values) {
        match maybe_stored(value) {
            // Deleted since the list was read.
            Ok(None | Some(Stored { value: None, .. })) => {}
            Ok(Some(Stored {
                value: Some(value), ..
            })) => found.push((key.clone(), value)),
            Err(error) => tracing::error!(?key, %error, "an entity is left out of its list"),
        }
    }
    Ok(())
}

/// The sum of the partitions' generations: each only rises, so the sum rises with every change.
pub async fn desk_generation(core: &Core) -> Result<u64, Error> {
    let generations = core.ask_all(|partition| {
        let mut get = cmd("HGET");
        get.arg(core.keys.of(partition, "meta")).arg("gen");
        get
    });
    let generations = generations.await?;
    Ok(generations.into_iter().filter_map(number).sum())
}

/// All desk rows.
pub async fn desk_rows(core: &Core) -> Result<Vec<(EntityKey, Box<[u8]>)>, Error> {
    let hashes = core.bulk_all(|partition| {
        let mut get = cmd("HGETALL");
        get.arg(core.keys.of(partition, "desk"));
        get
    });
    let mut rows = Vec::new();
    for hash in hashes.await? {
        let mut parts = array(hash, "the desk")?.into_iter().map(bytes);
        while let (Some(member), Some(row)) = (parts.next(), parts.next()) {
            let (Some(member), Some(row)) = (member, row) else {
                return Err(strange("a desk row"));
            };
            rows.push((member_key(&member)?, row.into()));
        }
    }
    Ok(rows)
}
