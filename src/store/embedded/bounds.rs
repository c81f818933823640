//! How large a commit may be. Looked at before it is queued: what is refused here was not written.

use crate::ports::store::{Commit, Error, MAX_VALUE_BYTES, Write};

/// Longest id of an entity.
const MAX_ID_BYTES: usize = 200;
/// Greatest feed entries, desk row and erasures of one commit together.
const MAX_MORE_BYTES: usize = 16 << 20;

/// Whether the commit keeps the bounds; the error names what is too long and what is allowed.
pub(super) fn check(commit: &Commit) -> Result<(), Error> {
    let id = commit.key.id.len();
    if id > MAX_ID_BYTES {
        return Err(Error::Io(format!(
            "entity id of {id} bytes, allowed are {MAX_ID_BYTES}; nothing was written"
        )));
    }
    let more: usize = commit.feed.iter().map(|entry| entry.payload.len()).sum();
    let more = more + commit.desk.as_ref().map_or(0, |row| row.len()) + 8 * commit.erase.len();
    if more > MAX_MORE_BYTES {
        return Err(Error::Io(format!(
            "feed, desk row and erasures of {more} bytes, allowed are {MAX_MORE_BYTES}; \
             nothing was written"
        )));
    }
    match &commit.write {
        Write::Put(value) if value.len() > MAX_VALUE_BYTES => Err(Error::Io(format!(
            "value of {} bytes, allowed are {MAX_VALUE_BYTES}; nothing was written",
            value.len()
        ))),
        _ => Ok(()),
    }
}
