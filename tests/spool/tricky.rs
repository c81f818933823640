//! A spool that fails and dies as it is told, and notes who reads it.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hotline::domain::ids::ConversationKey;
use hotline::ports::spool::{Entry, Error, Held, Spool, Usage};
use hotline::ports::store;
use hotline::store::spool::FolderSpool;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ThreadId};

pub struct Tricky {
    inner: Arc<FolderSpool>,
    serving: ThreadId,
    pub reads: AtomicUsize,
    /// Of them on the thread that made the spool, which serves the webhook.
    pub reads_here: AtomicUsize,
    pub compactions: AtomicUsize,
    /// So many of the next fail, or die.
    pub failing_compactions: AtomicUsize,
    pub deadly_compactions: AtomicUsize,
    pub deadly_reads: AtomicUsize,
    pub deadly_removals: AtomicUsize,
}

impl Tricky {
    pub fn new(inner: Arc<FolderSpool>) -> Tricky {
        Tricky {
            inner,
            serving: thread::current().id(),
            reads: AtomicUsize::new(0),
            reads_here: AtomicUsize::new(0),
            compactions: AtomicUsize::new(0),
            failing_compactions: AtomicUsize::new(0),
            deadly_compactions: AtomicUsize::new(0),
            deadly_reads: AtomicUsize::new(0),
            deadly_removals: AtomicUsize::new(0),
        }
    }
}

/// Whether this one is among those told of.
fn is_due(count: &AtomicUsize) -> bool {
    let less = |left: usize| left.checked_sub(1);
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
        .is_ok()
}

impl Spool for Tricky {
    fn left(&self) -> Vec<(ConversationKey, Held)> {
        self.inner.left()
    }
    fn first_free(&self) -> u64 {
        self.inner.first_free()
    }
    fn put(&self, key: &ConversationKey, entry: Entry) -> BoxFuture<'static, Result<(), Error>> {
        self.inner.put(key, entry)
    }
    fn read(&self, key: &ConversationKey, held: &Held) -> Result<Option<Arc<[u8]>>, Error> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if thread::current().id() == self.serving {
            self.reads_here.fetch_add(1, Ordering::Relaxed);
        }
        assert!(!is_due(&self.deadly_reads), "on purpose");
        self.inner.read(key, held)
    }
    fn remove(&self, key: &ConversationKey, held: &Held) {
        assert!(!is_due(&self.deadly_removals), "on purpose");
        self.inner.remove(key, held);
    }
    fn usage(&self) -> Usage {
        self.inner.usage()
    }
    fn compact(&self) -> BoxFuture<'static, Result<(), Error>> {
        self.compactions.fetch_add(1, Ordering::Relaxed);
        assert!(!is_due(&self.deadly_compactions), "on purpose");
        if is_due(&self.failing_compactions) {
            let error = store::Error::Io("on purpose".into());
            return async { Err(Error::Disk(error)) }.boxed();
        }
        self.inner.compact()
    }
    fn close(&self) -> BoxFuture<'static, Result<(), Error>> {
        self.inner.close()
    }
}
