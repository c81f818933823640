//! The archive port: where closed episodes and trimmed feed batches go to rest.
//!
//! # Contract
//! 1. `put` is atomic and durable when it returns: a reader sees the old object or the new one.
//! 2. `put` of the same key and bytes again is harmless: the archiver resends after an unknown
//!    outcome.
//! 3. Keys are paths of 1 to 8 segments of `A-Z a-z 0-9 . _ = -`, 1 to 128 bytes each, none of them
//!    only dots; anything else is refused before the outside is touched.

use futures_util::future::BoxFuture;

/// Why the archive gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The key is not one.
    #[error("object key {key:?} is not allowed: {why}")]
    Key {
        /// As given.
        key: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// The outside failed; the outcome is unknown, send again.
    #[error("object {key:?}: {detail}")]
    Io {
        /// Which object.
        key: String,
        /// The error text.
        detail: String,
    },
}

/// Says what is wrong with a key (rule 3); every body asks before it does anything.
///
/// # Errors
/// [`Error::Key`] for what is not a key.
pub fn check_key(key: &str) -> Result<(), Error> {
    let refuse = |why| {
        Err(Error::Key {
            key: key.to_owned(),
            why,
        })
    };
    for (depth, segment) in key.split('/').enumerate() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._=-".contains(&byte);
        if depth >= 8 {
            return refuse("at most 8 segments");
        }
        if segment.is_empty() || segment.len() > 128 {
            return refuse("segments have 1 to 128 bytes");
        }
        if !segment.bytes().all(plain) {
            return refuse("segments are letters, digits, '.', '_', '=' and '-'");
        }
        if segment.bytes().all(|byte| byte == b'.') {
            return refuse("a segment of dots");
        }
    }
    Ok(())
}

/// How much an archive holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Keeps objects by key. Methods are called from any thread; folder bodies work on the calling
/// thread, so call them from a worker, not from a runtime that serves LINE.
pub trait Archive: Send + Sync + 'static {
    /// Stores an object.
    fn put(&self, key: &str, bytes: Box<[u8]>) -> BoxFuture<'static, Result<(), Error>>;

    /// Reads an object; `None`: there is none.
    fn get(&self, key: &str) -> BoxFuture<'static, Result<Option<Vec<u8>>, Error>>;

    /// Removes an object; removing what is not there is success.
    fn delete(&self, key: &str) -> BoxFuture<'static, Result<(), Error>>;

    /// How much it holds, whatever the objects are for. Looks at every object: for once an hour.
    fn usage(&self) -> BoxFuture<'static, Result<Usage, Error>>;

    /// Keys that start with the folder `prefix` (whole segments; empty: all), in order.
    fn list(&self, prefix: &str) -> BoxFuture<'static, Result<Vec<String>, Error>>;
}
