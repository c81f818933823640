//! The log: segment files `log-<number of first batch, 16 hex digits>`, appended and synced once
//! per batch, removed when a checkpoint has put their content into the table.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The segment being written.
pub struct Log {
    folder: PathBuf,
    file: File,
    bytes: u64,
}

impl Log {
    /// Starts the segment whose first batch will be `first`. An empty leftover is reused; `bytes`
    /// is what older segments hold that no checkpoint has covered yet.
    pub fn start(folder: &Path, first: u64, bytes: u64) -> io::Result<Log> {
        Ok(Log {
            folder: folder.to_path_buf(),
            file: create(folder, first)?,
            bytes,
        })
    }

    /// Appends a whole batch; durable only after [`Log::sync`].
    pub fn append(&mut self, frame: &[u8]) -> io::Result<()> {
        self.file.write_all(frame)?;
        self.bytes += frame.len() as u64;
        Ok(())
    }

    /// Makes what was appended durable.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Goes on in a new segment.
    pub fn rotate(&mut self, first: u64) -> io::Result<()> {
        self.file = create(&self.folder, first)?;
        self.bytes = 0;
        Ok(())
    }

    /// Bytes written since the last checkpoint began.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

fn create(folder: &Path, first: u64) -> io::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .open(folder.join(name(first)))?;
    sync_folder(folder)?;
    Ok(file)
}

/// Makes created, renamed and removed names durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The file name of a segment.
pub fn name(first: u64) -> String {
    format!("log-{first:016x}")
}

/// A segment found in the folder.
pub struct Segment {
    /// Number of its first batch, from the name.
    pub first: u64,
    /// Where it lies.
    pub path: PathBuf,
}

/// All segments, oldest first.
pub fn segments(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let first = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_prefix("log-"))
            .and_then(|hex| u64::from_str_radix(hex, 16).ok());
        if let Some(first) = first {
            found.push(Segment { first, path });
        }
    }
    found.sort_by_key(|segment| segment.first);
    Ok(found)
}

/// Removes the segments that begin before `keep`.
pub fn remove_before(folder: &Path, keep: u64) -> io::Result<()> {
    for segment in segments(folder)? {
        if segment.first < keep {
            fs::remove_file(&segment.path)?;
        }
    }
    Ok(())
}
