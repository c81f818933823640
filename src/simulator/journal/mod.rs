//! The journal: every call received and every webhook sent, numbered.
//!
//! Law: an entry is written when the thing is decided, before the caller is told, so a caller that
//! saw an answer can find its entry. Entries never change. The lock is never held during I/O.

mod entry;
mod file;

pub use entry::{Call, Delivered, JournalEntry, Told, WebhookCall, What};
pub use file::read_file;

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The numbered record of all traffic.
#[derive(Debug)]
pub struct Journal {
    ring: Mutex<Ring>,
    grown: Condvar,
    file: Option<file::Writer>,
    keep: usize,
}

#[derive(Debug)]
struct Ring {
    next: u64,
    entries: VecDeque<Arc<JournalEntry>>,
}

impl Journal {
    /// A journal that keeps `keep` entries in memory (`None`: all) and copies each to `file`.
    ///
    /// # Errors
    /// The file cannot be opened for appending.
    pub fn open(keep: Option<usize>, file: Option<&Path>) -> io::Result<Journal> {
        Ok(Journal {
            ring: Mutex::new(Ring {
                next: 1,
                entries: VecDeque::new(),
            }),
            grown: Condvar::new(),
            file: file.map(file::Writer::open).transpose()?,
            keep: keep.unwrap_or(usize::MAX),
        })
    }

    /// Appends one record and returns it with its number.
    pub fn append(&self, at: u64, channel: Arc<str>, what: What) -> Arc<JournalEntry> {
        let mut entry = Arc::new(JournalEntry {
            seq: 0,
            at,
            channel,
            what,
        });
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fresh) = Arc::get_mut(&mut entry) {
            fresh.seq = ring.next;
        }
        ring.next += 1;
        ring.entries.push_back(entry.clone());
        if ring.entries.len() > self.keep {
            ring.entries.pop_front();
        }
        // Queued under the lock, so that the file has the order of the numbers.
        if let Some(file) = &self.file {
            file.queue(entry.clone());
        }
        drop(ring);
        self.grown.notify_all();
        entry
    }

    /// Records a webhook that somebody else delivered (a load generator that sends by itself).
    pub fn record_webhook(&self, at: u64, channel: &str, call: WebhookCall) -> Arc<JournalEntry> {
        self.append(at, Arc::from(channel), What::Webhook(Box::new(call)))
    }

    /// Entries numbered above `seq` that are still in memory, oldest first.
    pub fn entries_since(&self, seq: u64) -> Vec<Arc<JournalEntry>> {
        self.page(seq, usize::MAX)
    }

    /// At most `limit` entries numbered above `seq`, oldest first.
    pub fn page(&self, seq: u64, limit: usize) -> Vec<Arc<JournalEntry>> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let first = ring.entries.front().map_or(ring.next, |entry| entry.seq);
        let skip =
            usize::try_from(seq.saturating_add(1).saturating_sub(first)).unwrap_or(usize::MAX);
        ring.entries
            .iter()
            .skip(skip)
            .take(limit)
            .cloned()
            .collect()
    }

    /// Number of the newest entry; 0 when there is none.
    pub fn last_seq(&self) -> u64 {
        self.ring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next
            - 1
    }

    /// Blocks the calling thread until an entry above `after` satisfies `wanted`, at most
    /// `patience`. For tests: no sleeping, no polling.
    pub fn wait_for(
        &self,
        after: u64,
        patience: Duration,
        mut wanted: impl FnMut(&JournalEntry) -> bool,
    ) -> Option<Arc<JournalEntry>> {
        let until = Instant::now() + patience;
        let mut seen = after;
        loop {
            for entry in self.entries_since(seen) {
                seen = entry.seq;
                if wanted(&entry) {
                    return Some(entry);
                }
            }
            let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
            let left = until.checked_duration_since(Instant::now())?;
            if ring.next - 1 == seen {
                drop(self.grown.wait_timeout(ring, left));
            }
        }
    }

    /// Waits until everything appended so far is in the file. Nothing to do without a file.
    ///
    /// # Errors
    /// The file could not be written, now or earlier.
    pub fn flush(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), file::Writer::flush)
    }
}
