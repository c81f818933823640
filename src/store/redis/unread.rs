//! Says that names were met which this version cannot read. They are left out wherever they are, so
//! that one of them stops nobody else; said once a minute, since they are met again and again.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines in the log.
const PAUSE: Duration = Duration::from_secs(60);

/// Left out since it was last said, and when that was.
static SAID: Mutex<(usize, Option<Instant>)> = Mutex::new((0, None));

/// Notes that so many were left out of a list of one partition.
pub fn left_out(count: usize, partition: u16, list: &str) {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.0 += count;
    if count == 0 || said.1.is_some_and(|at| at.elapsed() < PAUSE) {
        return;
    }
    tracing::error!(
        count = said.0,
        partition,
        list,
        "names that this version cannot read are left out; the store is damaged, or was written to by \
         something newer"
    );
    *said = (0, Some(Instant::now()));
}
