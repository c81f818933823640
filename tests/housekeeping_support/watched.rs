//! An archive that does something between two steps of whoever writes to it.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hotline::ports::archive::{self, Archive, Usage};
use hotline::store::archive::FolderArchive;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

type Between = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// What becomes of the next object of records that is written.
pub enum Next {
    /// Something happens first.
    After(Between),
    /// It is written, and nobody learns of it.
    Unheard,
    /// It is not written yet.
    Kept,
}

/// A folder that counts how often it is listed, and does what [`Next`] says, once.
pub struct Watched {
    inner: Arc<FolderArchive>,
    next: Mutex<Option<Next>>,
    kept: Arc<Mutex<Option<(String, Box<[u8]>)>>>,
    pub lists: AtomicUsize,
}

impl Watched {
    pub fn new(folder: &Path) -> Arc<Watched> {
        Arc::new(Watched {
            inner: Arc::new(FolderArchive::open(folder).unwrap()),
            next: Mutex::default(),
            kept: Arc::default(),
            lists: AtomicUsize::new(0),
        })
    }

    pub fn next(&self, next: Next) {
        *self.next.lock().unwrap() = Some(next);
    }

    /// What was kept is written now.
    pub async fn arrive(&self) {
        let kept = self.kept.lock().unwrap().take();
        let (key, bytes) = kept.expect("something was kept");
        self.inner.put(&key, bytes).await.unwrap();
    }
}

impl Archive for Watched {
    fn put(&self, key: &str, bytes: Box<[u8]>) -> BoxFuture<'static, Result<(), archive::Error>> {
        let inner = self.inner.clone();
        let key = key.to_owned();
        let next = match key.starts_with("feed/") {
            true => self.next.lock().unwrap().take(),
            false => None,
        };
        let lost = archive::Error::Io {
            key: key.clone(),
            detail: "nobody knows".into(),
        };
        let kept = self.kept.clone();
        async move {
            match next {
                None => inner.put(&key, bytes).await,
                Some(Next::After(first)) => {
                    first().await;
                    inner.put(&key, bytes).await
                }
                Some(Next::Unheard) => {
                    inner.put(&key, bytes).await?;
                    Err(lost)
                }
                Some(Next::Kept) => {
                    *kept.lock().unwrap() = Some((key, bytes));
                    Err(lost)
                }
            }
        }
        .boxed()
    }
    fn get(&self, key: &str) -> BoxFuture<'static, Result<Option<Vec<u8>>, archive::Error>> {
        self.inner.get(key)
    }
    fn delete(&self, key: &str) -> BoxFuture<'static, Result<(), archive::Error>> {
        self.inner.delete(key)
    }
    fn usage(&self) -> BoxFuture<'static, Result<Usage, archive::Error>> {
        self.inner.usage()
    }
    fn list(&self, prefix: &str) -> BoxFuture<'static, Result<Vec<String>, archive::Error>> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        self.inner.list(prefix)
    }
}
