//! All entities of one kind, for people who ask: of an open store, or of a folder at rest, which is
//! only read.

use super::codec::Batch;
use super::core::Core;
use super::guard::{FolderLock, io};
use super::options::{OpenError, Options};
use super::overlay::Entry;
use super::replay::{End, Replay, damaged};
use super::table::{self, Meta, Readers, said};
use crate::ports::store::{EntityKey, EntityKind, Error};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// An entity and its value.
type Valued = (EntityKey, Arc<[u8]>);

impl Core {
    /// What is in memory hides what is in the table. Only the few entities of listed kinds are walked
    /// under the lock, and what is being written outside of it: nobody commits meanwhile.
    pub(super) fn all(&self, kind: EntityKind) -> Result<Vec<Valued>, Error> {
        kind.listed()?;
        let mut newest: Vec<Entry> = Vec::new();
        let frozen = {
            let overlay = self.read();
            let few = overlay.few.iter().filter_map(|id| overlay.active.get(id));
            newest.extend(few.filter(|entry| entry.key.kind == kind).cloned());
            overlay.frozen.clone()
        };
        let mut found: BTreeMap<EntityKey, Option<Arc<[u8]>>> = BTreeMap::new();
        let frozen = frozen.iter().flat_map(|it| it.entries.values());
        for entry in frozen.filter(|entry| entry.key.kind == kind) {
            found.insert(entry.key.clone(), entry.value.clone());
        }
        found.extend(newest.into_iter().map(|entry| (entry.key, entry.value)));
        rest(&self.readers, kind, &mut found)?;
        Ok(valued(found))
    }
}

/// All entities of a kind in a folder at rest, the log included. Takes the folder's lock; changes
/// nothing.
///
/// # Errors
/// When another process holds the folder, it cannot be read, or the kind is not listed.
pub fn all_at_rest(folder: &Path, kind: EntityKind) -> Result<Vec<Valued>, OpenError> {
    kind.listed()
        .map_err(|error| io(folder, table::FILE, &error))?;
    must_exist(folder)?;
    let _guard = FolderLock::take(folder)?;
    let readers = Readers::new(folder, &Options::new(folder).tuning);
    let failed = |error: Error| io(folder, table::FILE, &error);
    let meta = readers
        .with(|connection| Ok(Meta::read(connection)))
        .map_err(failed)?
        .map_err(|detail| damaged(folder, detail))?;
    let mut found = BTreeMap::new();
    let mut show = |batch: &Batch<'_>| {
        for op in batch.ops().ok_or("operations do not add up")? {
            if op.key.kind == kind {
                found.insert(op.key, op.value);
            }
        }
        Ok(())
    };
    Replay::new(folder, &meta).run(End::Leave, &mut show)?;
    rest(&readers, kind, &mut found).map_err(failed)?;
    Ok(valued(found))
}

/// Refuses a folder in which there is no store: opening would make one.
///
/// # Errors
/// There is none, or it cannot be looked for.
pub fn must_exist(folder: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(folder.join(table::FILE)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(io(folder, table::FILE, &"there is no store in this folder"))
        }
        Err(error) => Err(io(folder, table::FILE, &error)),
    }
}

/// Adds what the table has and nothing newer hides.
fn rest(
    readers: &Readers,
    kind: EntityKind,
    found: &mut BTreeMap<EntityKey, Option<Arc<[u8]>>>,
) -> Result<(), Error> {
    let rows = readers.with(|connection| table::of_kind(connection, kind).map_err(said))?;
    for row in rows {
        match row {
            Ok(row) => drop(found.entry(row.key).or_insert(row.stored.value)),
            Err(error) => tracing::error!(%error, "a row cannot be read and is left out"),
        }
    }
    Ok(())
}

fn valued(found: BTreeMap<EntityKey, Option<Arc<[u8]>>>) -> Vec<Valued> {
    let valued = |(key, value): (EntityKey, Option<Arc<[u8]>>)| Some((key, value?));
    found.into_iter().filter_map(valued).collect()
}
