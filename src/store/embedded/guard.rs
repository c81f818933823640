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
            .map_err(|error| unusable(folder, &error))?;
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

/// The folder itself cannot be made or written, in words an operator can act on.
pub fn unusable(folder: &Path, error: &std::io::Error) -> OpenError {
    use std::io::ErrorKind as Kind;
    let why = match error.kind() {
        Kind::AlreadyExists | Kind::NotADirectory => "a file stands in the way".to_owned(),
        Kind::PermissionDenied => {
            let user = rustix::process::geteuid().as_raw();
            format!("user {user} may not write there")
        }
        Kind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        Kind::NotFound => "it cannot be made there".to_owned(),
        _ => error.to_string(),
    };
    let allowed = "a folder that this server alone uses and may write, set by store.path";
    OpenError::Io {
        folder: folder.to_path_buf(),
        detail: format!("{why}, allowed: {allowed}"),
    }
}
