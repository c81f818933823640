//! Files and folders of a config: found, read, and what keeps them from it said in words.
//!
//! Files are capped at 1 MiB: a config is written by people.

use crate::config::fault::{Findings, Place};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Greatest file of a config folder.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// The files of a folder with this ending, by name. `absent`: what is missed where there is no folder.
pub(super) fn files_of(
    folder: &Path,
    ending: &str,
    absent: Option<&str>,
    findings: &Findings,
) -> Vec<PathBuf> {
    let mut files = Vec::new();
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            files.extend(
                entries
                    .filter_map(|entry| Some(entry.ok()?.path()))
                    .filter(|path| path.extension().is_some_and(|ext| ext == ending)),
            );
        }
        // Without the folder around it, one finding is enough.
        Err(_) if !folder.parent().is_some_and(Path::is_dir) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if let Some(allowed) = absent {
                let place = Place::default();
                findings.warn(&name(folder), place, "", "no such folder", allowed);
            }
        }
        Err(error) => unreadable(folder, &error, findings),
    }
    files.sort();
    files
}

/// The text of a file; why there is none is noted.
pub(super) fn read_text(path: &Path, findings: &Findings) -> Option<String> {
    let file = name(path);
    match std::fs::metadata(path) {
        Ok(meta) if meta.len() > MAX_FILE_BYTES => {
            let found = format!("{} bytes", meta.len());
            let allowed = format!("at most {MAX_FILE_BYTES} bytes");
            findings.fault(&file, Place::default(), "", &found, &allowed);
            return None;
        }
        Ok(_) => {}
        Err(error) => {
            unreadable(path, &error, findings);
            return None;
        }
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) => {
            unreadable(path, &error, findings);
            None
        }
    }
}

/// Notes why a file or folder cannot be read, in words an operator can act on.
pub(super) fn unreadable(path: &Path, error: &std::io::Error, findings: &Findings) {
    let (found, allowed) = match error.kind() {
        ErrorKind::NotFound => ("no such file", "a file of that name"),
        ErrorKind::InvalidData => ("bytes that are not UTF-8", "a text file in UTF-8"),
        ErrorKind::PermissionDenied => (
            "no permission to read it",
            "a file the user of this process may read",
        ),
        ErrorKind::IsADirectory => ("a folder", "a text file in UTF-8"),
        ErrorKind::NotADirectory => ("no folder", "a folder"),
        _ => {
            let found = error.to_string();
            let allowed = "a readable text file in UTF-8";
            findings.fault(&name(path), Place::default(), "", &found, allowed);
            return;
        }
    };
    findings.fault(&name(path), Place::default(), "", found, allowed);
}

/// A path as findings show it.
pub(super) fn name(path: &Path) -> Arc<str> {
    Arc::from(path.display().to_string())
}
