//! Readers that were taught are kept, so that a reload which changes no word of the lessons need not
//! teach again.
//!
//! A reader is a pure function of its lessons: whoever asks by the same fingerprint gets the same one.

use crate::automation::understanding::reader::Reader;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// The reader in force and the one before it.
const KEPT: usize = 2;

static READERS: Mutex<VecDeque<(u64, Arc<Reader>)>> = Mutex::new(VecDeque::new());

/// The reader of these lessons, taught if need be. `fingerprint` covers everything it is made of.
///
/// # Errors
/// Those of `teach`.
pub fn reader(
    fingerprint: u64,
    teach: impl FnOnce() -> Result<Reader, String>,
) -> Result<Arc<Reader>, String> {
    // Nobody waits for a lesson that is not his: the lock is free while one is taught.
    let kept = || READERS.lock().unwrap_or_else(PoisonError::into_inner);
    let found = kept()
        .iter()
        .find(|(of, _)| *of == fingerprint)
        .map(|(_, reader)| reader.clone());
    if let Some(reader) = found {
        return Ok(reader);
    }
    let reader = Arc::new(teach()?);
    let mut kept = kept();
    kept.truncate(KEPT - 1);
    kept.push_front((fingerprint, reader.clone()));
    Ok(reader)
}
