//! The store as others hold it: the port's methods, each a task on the store's own thread.
//!
//! The connections live on one thread with a runtime of its own, so that callers may come from any
//! runtime or none, and a future that is dropped cancels nothing.

use super::core::Core;
use super::options::{OpenError, Options};
use super::{due, feed, hints, lanes, lists, open, presence, scan, upkeep};
use crate::domain::ids::Incarnation;
use crate::domain::time::Millis;
use crate::ports::store::{
    Claimed, Commit, Cursor, DeskGeneration, EntityKey, EntityKind, Error, FeedRecord, Health,
    Outcome, Page, Place, Store, Stored,
};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What is said while a server has another store, or none.
const STRANGE: &str = "NOSTORE: a redis server was emptied, or holds another store; commits are refused \
                       until the one that was opened is back";
/// What is said of a store that was shut in good order.
const CLOSED: &str = "the store was closed";

/// An open Redis store. Dropping it lets the commits that wait be answered, without waiting for them;
/// [`Store::close`] waits.
pub struct Redis {
    pub(super) core: Arc<Core>,
    /// Dropped with the store, which ends its thread.
    end: Mutex<Option<oneshot::Sender<()>>>,
}

impl Redis {
    /// Opens a store, creating it when the servers know none of this prefix. Blocks until they have
    /// answered, or patience ends.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(options: Options) -> Result<Redis, OpenError> {
        let failed = |error: std::io::Error| OpenError::Server(error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let (tell, told) = mpsc::channel();
        let (end, ended) = oneshot::channel();
        thread::Builder::new()
            .name("store-redis".into())
            .spawn(move || {
                runtime.block_on(async move {
                    match open::open(options).await {
                        Ok(core) => {
                            let core = Arc::new(core);
                            // A caller that is gone drops `end`, too.
                            let _ = tell.send(Ok(Arc::clone(&core)));
                            tokio::spawn(presence::keep(Arc::clone(&core)));
                            tokio::spawn(hints::speak(Arc::clone(&core)));
                            tokio::spawn(hints::hear(Arc::clone(&core)));
                            upkeep::keep(core, ended).await;
                        }
                        Err(error) => {
                            let _ = tell.send(Err(error));
                        }
                    }
                });
            })
            .map_err(failed)?;
        let core = told
            .recv()
            .map_err(|_| OpenError::Server("the store's thread ended".into()))??;
        Ok(Redis {
            core,
            end: Mutex::new(Some(end)),
        })
    }

    /// What the operator should know: settings that are advised and not found, partitions that were
    /// lost. Found when the store was opened, and logged then.
    pub fn warnings(&self) -> &[String] {
        &self.core.warnings
    }

    /// Runs something on the store's thread.
    pub(super) fn run<T, F>(
        &self,
        task: impl FnOnce(Arc<Core>) -> F,
    ) -> BoxFuture<'static, Result<T, Error>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        if let Err(closed) = self.core.alive() {
            return ready(Err(closed)).boxed();
        }
        let task = self.core.runtime.spawn(task(Arc::clone(&self.core)));
        async move {
            task.await
                .unwrap_or_else(|gone| Err(Error::Closed(gone.to_string())))
        }
        .boxed()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        lanes::shut(&self.core, CLOSED);
    }
}

impl Store for Redis {
    fn now(&self) -> Millis {
        self.core.clock.now()
    }

    fn incarnation(&self) -> Incarnation {
        self.core.incarnation
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn load(&self, key: &EntityKey) -> BoxFuture<'static, Result<Option<Stored>, Error>> {
        let key = key.clone();
        self.run(|core| async move { lists::load(&core, &key).await })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<Outcome, Error>> {
        match lanes::submit(&self.core, &commit) {
            Ok(told) => async move {
                let gone = || Error::Closed("the store's thread ended".into());
                told.await.unwrap_or_else(|_| Err(gone()))
            }
            .boxed(),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn nudge(&self) {}

    fn claim_due(
        &self,
        upto: Millis,
        until: Millis,
        limit: usize,
    ) -> BoxFuture<'static, Result<Claimed, Error>> {
        if self.core.options.observer {
            let no = "an observer claims nothing that is due";
            return ready(Err(Error::Io(no.into()))).boxed();
        }
        self.run(move |core| async move { due::claim(&core, upto, until, limit).await })
    }

    fn all(
        &self,
        kind: EntityKind,
    ) -> BoxFuture<'static, Result<Vec<(EntityKey, Arc<[u8]>)>, Error>> {
        self.run(move |core| async move { lists::all(&core, kind).await })
    }

    fn feeds(&self) -> u16 {
        self.core.keys.partitions()
    }

    fn scan(&self, after: Option<Place>, limit: usize) -> BoxFuture<'static, Result<Page, Error>> {
        self.run(move |core| async move { scan::rows(&core, after, limit).await })
    }

    fn feed(
        &self,
        after: Cursor,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<FeedRecord>, Error>> {
        self.run(move |core| async move { feed::read(&core, after, limit).await })
    }

    fn trim_feed(&self, upto: Cursor) -> BoxFuture<'static, Result<(), Error>> {
        self.run(move |core| async move { feed::trim(&core, upto).await })
    }

    fn desk_generation(&self) -> BoxFuture<'static, Result<DeskGeneration, Error>> {
        self.run(|core| async move { lists::desk_generation(&core).await })
    }

    fn desk_rows(&self) -> BoxFuture<'static, Result<Vec<(EntityKey, Box<[u8]>)>, Error>> {
        self.run(|core| async move { lists::desk_rows(&core).await })
    }

    /// Nothing is left to do: words vanish with the commit that erases them, tombstones by
    /// themselves. (The server's append-only file forgets when the server rewrites it.)
    fn compact(&self) -> BoxFuture<'static, Result<(), Error>> {
        ready(self.core.alive()).boxed()
    }

    fn health(&self) -> Health {
        let server = &self.core.server;
        let free_bytes = server.free_bytes.load(Ordering::Relaxed);
        Health {
            kind: "redis",
            promise: server.promise,
            free_bytes,
            floor_bytes: u64::from(free_bytes < u64::MAX),
            waiting: self.core.lanes.waiting(),
            // Partitions number their batches alone; this says that commits land.
            batch: self.core.landed.load(Ordering::Relaxed),
            bytes: server.used_bytes.load(Ordering::Relaxed),
            closed: self.core.closed.get().cloned().or_else(|| {
                let is_strange = server.is_strange.load(Ordering::Relaxed);
                is_strange.then(|| STRANGE.to_owned())
            }),
        }
    }

    fn close(&self) -> BoxFuture<'static, Result<(), Error>> {
        let core = Arc::clone(&self.core);
        if self.core.closed.get().is_some_and(|why| why == CLOSED) {
            return ready(Err(Error::Closed(CLOSED.to_owned()))).boxed();
        }
        // A store that was shut for another reason has commits under way, too.
        let leaving = Arc::clone(&self.core);
        let emptied = self.core.runtime.spawn(async move {
            // Every commit has an end of its own; this is for what nobody thought of.
            let emptied = timeout(leaving.longest(), leaving.lanes.emptied()).await;
            presence::leave(&leaving).await;
            emptied.map_err(|_| Error::Io("commits had no answer when the store was closed".into()))
        });
        // After the task was begun, before anything else comes in.
        lanes::shut(&core, CLOSED);
        let end = self
            .end
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        async move {
            let done = emptied.await;
            drop(end);
            done.unwrap_or_else(|gone| Err(Error::Closed(gone.to_string())))
        }
        .boxed()
    }
}
