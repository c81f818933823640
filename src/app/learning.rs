//! Reads the change feed for what the automation did not understand.
//!
//! Law: nothing is written and nothing kept. Memory does not grow with the feed; one reading at a time,
//! for it goes through all records of the time asked for.

use crate::automation::learning::{Tally, Unmatched};
use crate::config::settings::Learning;
use crate::domain::time::Span;
use crate::ports::store::{Cursor, EntityKind, Store};
use crate::server::unmatched::Unmatched as Ask;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Records read at once.
const PAGE: usize = 1_000;

/// Forms told at most.
const MOST: usize = 2_000;

/// Counts what was not understood in the last `since`, as far as `[learning]` allows to look back.
///
/// # Errors
/// A sentence.
pub async fn unmatched(
    store: &dyn Store,
    learning: &Learning,
    since: Span,
) -> Result<Unmatched, String> {
    let from = store.now() - since.min(learning.keep);
    let mut tally = Tally::new(learning.mask);
    for partition in 0..store.feeds() {
        let mut after = Cursor::before(partition);
        loop {
            let page = store.feed(after, PAGE).await;
            let page = page.map_err(|error| format!("the feed cannot be read: {error}"))?;
            let Some(last) = page.last() else { break };
            after = last.cursor;
            for record in &page {
                if record.at >= from
                    && record.key.kind == EntityKind::Conversation
                    && let Some(payload) = &record.payload
                {
                    tally.read(&record.key.id, record.at, payload);
                }
            }
        }
    }
    Ok(tally.finish(from, MOST))
}

/// The next may ask, however this one ended.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// What the admin socket asks. Runs on a thread that may block.
pub(super) fn asked(store: Arc<dyn Store>, learning: Learning) -> Ask {
    let busy = AtomicBool::new(false);
    Arc::new(move |since| {
        if busy.swap(true, Ordering::Acquire) {
            return Err("somebody asks already, allowed: one at a time".into());
        }
        let _done = Done(&busy);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let found = runtime
            .map_err(|error| error.to_string())
            .and_then(|runtime| {
                runtime.block_on(unmatched(
                    &*store,
                    &learning,
                    since.unwrap_or(learning.keep),
                ))
            });
        serde_json::to_string(&found?).map_err(|error| error.to_string())
    })
}
