//! The spool of a node whose store is elsewhere: which folder, which bounds, who drains it.
//!
//! With the embedded store there is none: it would lie on the same disk.

use super::refusal::StartError;
use crate::actors::Registry;
use crate::config::Settings;
use crate::config::settings::StoreKind;
use crate::line::inbound::Reading;
use crate::line::spooling::Spooling;
use crate::store::spool::FolderSpool;
use std::sync::Arc;

/// Opens the spool in `store.path/spool`; `None` with the embedded store or `spool = false`. `owed`: the
/// webhook's bound.
///
/// # Errors
/// When the folder cannot be used, or another process uses it.
pub(super) fn open(
    settings: &Settings,
    registry: &Arc<Registry>,
    readings: impl IntoIterator<Item = Reading>,
    owed: usize,
) -> Result<Option<Arc<Spooling>>, StartError> {
    let StoreKind::Redis(redis) = &settings.store.kind else {
        return Ok(None);
    };
    if !redis.spool {
        return Ok(None);
    }
    let folder = settings.store.path.join("spool");
    let floor = settings.store.free_space_floor.0;
    let spool = Arc::new(FolderSpool::open(&folder, redis.spool_max.0, floor)?);
    Ok(Some(Spooling::new(spool, registry.clone(), readings, owed)))
}

/// Begins to drain, on the current arbiter.
pub(super) fn drain(spooling: Option<&Arc<Spooling>>) {
    if let Some(spooling) = spooling {
        actix_rt::spawn(spooling.clone().run());
    }
}
