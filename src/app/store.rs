//! Opens the store the config asks for.

use super::observe::StoreFigures;
use super::refusal::StartError;
use crate::config::Settings;
use crate::config::settings::{RedisServers, StoreKind};
use crate::ports::store::Store;
use crate::store::embedded::{self, Embedded};
use crate::store::redis::{self, Redis};
use std::sync::Arc;

/// The store, open. Blocks: a disk is read, or a server is connected to.
///
/// # Errors
/// When it cannot be had, or is not what the config says.
pub(super) fn open(settings: &Settings) -> Result<Arc<dyn Store>, StartError> {
    match &settings.store.kind {
        StoreKind::Embedded => {
            let mut options = embedded::Options::new(&settings.store.path);
            options.free_space_floor = settings.store.free_space_floor.0;
            options.observer = Arc::new(StoreFigures);
            Ok(Arc::new(Embedded::open(options)?))
        }
        StoreKind::Redis(asked) => {
            // The admin socket, the archive and the spool lie here.
            let folder = &settings.store.path;
            std::fs::create_dir_all(folder).map_err(|error| StartError::Listen {
                what: "store.path",
                addr: folder.display().to_string(),
                error,
            })?;
            let RedisServers::One(url) = &asked.servers else {
                return Err(StartError::NotYet(
                    "only one redis server (url) is served by this version",
                ));
            };
            let mut options = redis::Options::new(url.expose());
            options.prefix = asked.prefix.to_string();
            options.partitions = asked.partitions;
            Ok(Arc::new(Redis::open(options)?))
        }
    }
}
