//! The archive port in a folder: closed episodes and feed batches as files. Refuses keys that are not
//! plain paths; works on the calling thread.

use super::folder::Folder;
use crate::ports::archive::{Archive, Error, Usage};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::io;
use std::path::Path;

/// Keeps objects as files below one folder.
pub struct FolderArchive {
    folder: Folder,
}

impl FolderArchive {
    /// Uses a folder, creating it when absent.
    ///
    /// # Errors
    /// When the folder cannot be created or read.
    pub fn open(root: &Path) -> io::Result<FolderArchive> {
        Folder::open(root).map(|folder| FolderArchive { folder })
    }
}

impl Archive for FolderArchive {
    fn put(&self, key: &str, bytes: Box<[u8]>) -> BoxFuture<'static, Result<(), Error>> {
        ready(self.folder.put(key, &bytes)).boxed()
    }

    fn get(&self, key: &str) -> BoxFuture<'static, Result<Option<Vec<u8>>, Error>> {
        ready(self.folder.get(key)).boxed()
    }

    fn delete(&self, key: &str) -> BoxFuture<'static, Result<(), Error>> {
        ready(self.folder.delete(key)).boxed()
    }

    fn usage(&self) -> BoxFuture<'static, Result<Usage, Error>> {
        ready(self.folder.usage()).boxed()
    }

    fn list(&self, prefix: &str) -> BoxFuture<'static, Result<Vec<String>, Error>> {
        ready(self.folder.list(prefix)).boxed()
    }
}
