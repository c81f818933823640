//! The lock on the folder: one process at a time, whatever SQLite would allow.

use super::options::OpenError;
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::path::Path;

/// Holds the folder until dropped; the kernel releases it when the process dies.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock or says who cannot have it.
    pub fn take(folder: &Path) -> Result<FolderLock, OpenError> {
        let path = folder.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| io(folder, "lock", &error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenError::Locked {
                folder: folder.to_path_buf(),
            }),
            Err(error) => Err(io(folder, "lock", &error)),
        }
    }
}

/// An I/O error while opening, with the file it concerns.
pub fn io(folder: &Path, what: &str, error: &dyn std::fmt::Display) -> OpenError {
    OpenError::Io {
        folder: folder.to_path_buf(),
        detail: format!("{what}: {error}"),
    }
}
