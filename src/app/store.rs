//! Opens the store the config asks for.

use super::archive;
use super::observe::StoreFigures;
use super::refusal::StartError;
use crate::config::settings::{self, Durability, RedisServers, StoreKind};
use crate::config::{Secret, Site};
use crate::ports::archive::Archive;
use crate::ports::store::Store;
use crate::store::embedded::{self, Embedded, FolderLock};
use crate::store::redis::{self, Redis};
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;

/// The store, open, and its folder, which is this process's alone.
pub(super) struct Opened {
    pub(super) store: Arc<dyn Store>,
    /// An embedded store holds the lock itself.
    pub(super) folder: Option<FolderLock>,
}

/// Opens the store. Blocks: a disk is read, or a server is connected to.
///
/// # Errors
/// When it cannot be had, or is not what the config says.
pub(super) fn open(asked: &settings::Store) -> Result<Opened, StartError> {
    match &asked.kind {
        StoreKind::Embedded => {
            let mut options = embedded::Options::new(&asked.path);
            options.free_space_floor = asked.free_space_floor.0;
            options.observer = Arc::new(StoreFigures);
            Ok(Opened {
                store: Arc::new(Embedded::open(options)?),
                folder: None,
            })
        }
        StoreKind::Redis(redis) => {
            // The admin socket, the archive and the spool lie here.
            let folder = own_folder(asked)?;
            Ok(Opened {
                store: Arc::new(Redis::open(options(redis))?),
                folder: Some(folder),
            })
        }
    }
}

/// Looks at the servers of a store and changes nothing.
///
/// # Errors
/// Why the store would not open there.
pub async fn examine(asked: &settings::Redis) -> Result<redis::Survey, StartError> {
    Ok(redis::examine(options(asked)).await?)
}

fn options(asked: &settings::Redis) -> redis::Options {
    let all = |urls: &[Secret]| urls.iter().map(|url| url.expose().to_owned()).collect();
    let servers = match &asked.servers {
        RedisServers::One(url) => redis::Servers::One(url.expose().to_owned()),
        RedisServers::Cluster(urls) => redis::Servers::Cluster(all(urls)),
        RedisServers::Sentinel { sentinels, master } => redis::Servers::Sentinel {
            sentinels: all(sentinels),
            master: master.to_string(),
        },
    };
    let durability = match asked.durability {
        Durability::Fast => redis::Durability::Fast,
        Durability::Disk => redis::Durability::Disk,
        Durability::Replicated => redis::Durability::Replicated,
    };
    redis::Options {
        prefix: asked.prefix.to_string(),
        partitions: asked.partitions,
        replicas_min: asked.replicas_min,
        assume_settings: asked.assume_settings,
        tls_ca: asked.tls_ca.clone(),
        figures: Arc::new(StoreFigures),
        ..redis::Options::of(servers, durability)
    }
}

fn own_folder(asked: &settings::Store) -> Result<FolderLock, StartError> {
    let folder = &asked.path;
    let mut making = std::fs::DirBuilder::new();
    let made = making.recursive(true).mode(0o700).create(folder);
    made.map_err(|error| embedded::unusable(folder, &error))?;
    Ok(FolderLock::take(folder)?)
}

/// A store as commands use it, beside or instead of a server.
pub struct StoreAtHand {
    /// The store.
    pub store: Arc<dyn Store>,
}

impl StoreAtHand {
    /// Opens the store of a config. An embedded one must be at rest; what is shared may be at work, and
    /// whoever works there does not notice.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn open(asked: &settings::Store) -> Result<StoreAtHand, StartError> {
        let store: Arc<dyn Store> = match &asked.kind {
            StoreKind::Embedded => open(asked)?.store,
            StoreKind::Redis(redis) => Arc::new(Redis::open(redis::Options {
                observer: true,
                ..options(redis)
            })?),
        };
        Ok(StoreAtHand { store })
    }

    /// As [`StoreAtHand::open`], for one that is there: nothing is made.
    ///
    /// # Errors
    /// When there is none, or it cannot be had.
    pub async fn existing(asked: &settings::Store) -> Result<StoreAtHand, StartError> {
        match &asked.kind {
            StoreKind::Embedded => embedded::must_exist(&asked.path)?,
            StoreKind::Redis(asked) if !examine(asked).await?.is_there => {
                let prefix = asked.prefix.to_string();
                return Err(redis::OpenError::Absent { prefix }.into());
            }
            StoreKind::Redis(_) => {}
        }
        StoreAtHand::open(asked)
    }

    /// Refuses a store that somebody else works with.
    ///
    /// # Errors
    /// A sentence that says how many do.
    pub fn at_rest(&self) -> Result<(), String> {
        let own = self.store.incarnation();
        let nodes = self.store.nodes();
        match nodes.iter().filter(|node| node.incarnation != own).count() {
            0 => Ok(()),
            others => Err(format!(
                "{others} more at work with the store, allowed: nobody (one that was killed counts \
                 for four seconds)"
            )),
        }
    }

    /// Where the change feed of what is moved goes.
    ///
    /// # Errors
    /// When the archive cannot be had.
    pub fn archive(&self, site: &Site) -> Result<Arc<dyn Archive>, StartError> {
        archive::open(&site.store, &site.archive)
    }

    /// Ends in good order.
    ///
    /// # Errors
    /// A sentence.
    pub async fn close(&self) -> Result<(), String> {
        let closed = self.store.close().await;
        closed.map_err(|error| error.to_string())
    }
}
