//! Objects in a folder: what the archive and the media body share.
//!
//! Written to a temporary file, synced, renamed, and the folder synced. A key can not name anything
//! outside the folder; temporary files are never listed.

use crate::ports::archive::{Error, Usage, check_key};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Where unfinished objects lie; not a segment a key can have, because of the tilde.
const UNFINISHED: &str = "~unfinished";

/// Objects below one folder.
pub struct Folder {
    root: PathBuf,
    counter: AtomicU64,
}

impl Folder {
    /// Uses a folder, creating it when absent; leftovers of a crash are removed.
    pub fn open(root: &Path) -> io::Result<Folder> {
        let unfinished = root.join(UNFINISHED);
        fs::create_dir_all(&unfinished)?;
        for leftover in fs::read_dir(&unfinished)? {
            fs::remove_file(leftover?.path())?;
        }
        Ok(Folder {
            root: root.to_path_buf(),
            counter: AtomicU64::new(0),
        })
    }

    /// Stores an object.
    pub fn put(&self, key: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.path(key)?;
        self.write(&path, bytes)
            .map_err(|error| failed(key, &error))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", std::process::id());
        let draft = self.root.join(UNFINISHED).join(name);
        let parent = path.parent().unwrap_or(&self.root);
        let made = self.make(parent);
        let written = made.and_then(|()| {
            let mut file = File::create(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&draft, path)?;
            File::open(parent)?.sync_all()
        });
        if written.is_err() {
            // The draft may not exist; what matters is the first error.
            let _ = fs::remove_file(&draft);
        }
        written
    }

    /// Creates folders and makes their names durable.
    fn make(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        let parent = folder.parent().unwrap_or(&self.root);
        self.make(parent)?;
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => File::open(parent)?.sync_all(),
        }
    }

    /// Reads an object.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        match fs::read(self.path(key)?) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if absent(&error) => Ok(None),
            Err(error) => Err(failed(key, &error)),
        }
    }

    /// Removes an object, and its folder when that was the last in it.
    pub fn delete(&self, key: &str) -> Result<(), Error> {
        let path = self.path(key)?;
        match fs::remove_file(&path) {
            Err(error) if !absent(&error) => return Err(failed(key, &error)),
            _ => {}
        }
        if let Some(parent) = path.parent().filter(|parent| *parent != self.root) {
            // Refused while something is in it.
            let _ = fs::remove_dir(parent);
        }
        Ok(())
    }

    /// Counts objects and their bytes.
    pub fn usage(&self) -> Result<Usage, Error> {
        let mut usage = Usage::default();
        for key in self.list("")? {
            // Names an operator put there need not be keys.
            match fs::metadata(self.root.join(&key)) {
                Ok(meta) => {
                    usage.objects += 1;
                    usage.bytes += meta.len();
                }
                // Files may be moved away while we count.
                Err(error) if absent(&error) => {}
                Err(error) => return Err(failed(&key, &error)),
            }
        }
        Ok(usage)
    }

    /// Lists the objects below a prefix of whole segments.
    pub fn list(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let from = match prefix {
            "" => self.root.clone(),
            _ => self.path(prefix)?,
        };
        let mut keys = Vec::new();
        self.walk(&from, &mut keys)
            .map_err(|error| failed(prefix, &error))?;
        keys.sort_unstable();
        Ok(keys)
    }

    fn walk(&self, from: &Path, keys: &mut Vec<String>) -> io::Result<()> {
        let entries = match fs::read_dir(from) {
            Err(error) if absent(&error) => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            let relative = path.strip_prefix(&self.root).ok().and_then(Path::to_str);
            let Some(relative) = relative.filter(|name| *name != UNFINISHED) else {
                continue;
            };
            match path.is_dir() {
                true => self.walk(&path, keys)?,
                false => keys.push(relative.to_owned()),
            }
        }
        Ok(())
    }

    fn path(&self, key: &str) -> Result<PathBuf, Error> {
        check_key(key)?;
        let mut path = self.root.clone();
        path.extend(key.split('/'));
        Ok(path)
    }
}

fn absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    )
}

fn failed(key: &str, error: &io::Error) -> Error {
    Error::Io {
        key: key.to_owned(),
        detail: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_leaves_the_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(&root.path().join("in")).unwrap();
        let long = "x".repeat(129);
        for key in [
            "",
            "..",
            "a/../b",
            "/etc",
            "a//b",
            "a/",
            ".",
            "a\0b",
            "~unfinished",
            &long,
        ] {
            assert!(
                matches!(folder.put(key, b"x"), Err(Error::Key { .. })),
                "{key:?}"
            );
        }
        assert!(folder.put("1/2/3/4/5/6/7/8/9", b"x").is_err());
    }

    #[test]
    fn what_was_put_is_read_listed_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(root.path()).unwrap();
        folder.put("b/one", b"1").unwrap();
        folder.put("a/b/two", b"2").unwrap();
        folder.put("b/one", b"one").unwrap();
        assert_eq!(folder.get("b/one").unwrap().unwrap(), b"one");
        assert_eq!(folder.get("b/none").unwrap(), None);
        assert_eq!(folder.get("b/one/below").unwrap(), None);
        assert_eq!(folder.list("").unwrap(), ["a/b/two", "b/one"]);
        assert_eq!(folder.list("a").unwrap(), ["a/b/two"]);
        let usage = folder.usage().unwrap();
        assert_eq!((usage.objects, usage.bytes), (2, 4));
        folder.delete("a/b/two").unwrap();
        folder.delete("a/b/two").unwrap();
        assert_eq!(folder.list("a").unwrap(), Vec::<String>::new());
        assert!(
            !root.path().join("a/b").exists(),
            "an empty folder goes too"
        );
        assert!(folder.get("b/one").unwrap().is_some());
    }

    #[test]
    fn leftovers_of_a_crash_are_removed_and_never_listed() {
        let root = tempfile::tempdir().unwrap();
        drop(Folder::open(root.path()).unwrap());
        let leftover = root.path().join(UNFINISHED).join("1-1");
        fs::write(&leftover, b"half").unwrap();
        let folder = Folder::open(root.path()).unwrap();
        assert!(!leftover.exists());
        assert_eq!(folder.list("").unwrap(), Vec::<String>::new());
    }
}
