//! Words of removed entries leave the files, soon after nothing is kept any more.

use crate::ports::spool::Spool;
use std::time::{Duration, Instant};

/// They leave this often at most.
const EVERY: Duration = Duration::from_secs(60);
/// After a compaction that failed, doubled each time up to [`EVERY`].
const AGAIN: Duration = Duration::from_secs(1);

/// Whether there may be words in the files, and when they are taken out.
pub(super) struct Compaction {
    dirty: bool,
    /// Something was kept since the last one.
    soiled: bool,
    next: Instant,
    pause: Duration,
}

impl Compaction {
    /// Begins with files in which an earlier life may have left something: it may have ended between
    /// the last delivery and the compaction.
    pub(super) fn new() -> Compaction {
        Compaction {
            dirty: true,
            soiled: false,
            next: Instant::now(),
            pause: AGAIN,
        }
    }

    /// Something was kept.
    pub(super) fn soils(&mut self) {
        (self.dirty, self.soiled) = (true, true);
    }

    /// Compacts if it is due; to be called while nothing is kept.
    pub(super) async fn look(&mut self, spool: &dyn Spool) {
        if !self.dirty || Instant::now() < self.next {
            return;
        }
        match spool.compact().await {
            Ok(()) => {
                self.pause = AGAIN;
                // The one of the start keeps no later one waiting.
                if self.soiled {
                    self.next = Instant::now() + EVERY;
                }
                (self.dirty, self.soiled) = (false, false);
            }
            Err(error) => {
                tracing::warn!(error = %error, again_s = self.pause.as_secs(),
                    "spool was not compacted, tried again");
                self.next = Instant::now() + self.pause;
                self.pause = EVERY.min(self.pause * 2);
            }
        }
    }
}
