//! What the operator is told: a line when spooling begins, one when all is delivered, figures between.
//! Never a line per event, never a customer's words.

use super::Spooling;
use crate::domain::ids::ChannelId;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// An outage is over when nothing was kept for so long: a crowd that comes and goes is one story.
const CALM: Duration = Duration::from_secs(1);

/// The spool's part of `/readyz?verbose`.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Events waiting for the store.
    pub events: usize,
    /// Conversations they belong to.
    pub conversations: usize,
    /// Age of the oldest, in seconds of store time; 0 when there is none.
    pub oldest_s: u64,
    /// Bytes held.
    pub bytes: u64,
    /// Bytes it may hold.
    pub max_bytes: u64,
    /// No request waits for the store now: everything is spooled.
    pub store_away: bool,
    /// Further events are taken: neither full nor out of disk.
    pub taking: bool,
    /// The spool's own disk failed: it takes nothing before a restart.
    pub failed: bool,
    /// Why events were last spooled; absent when none wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Events of channels that the config does not name any more: kept, never delivered.
    pub homeless: usize,
}

/// One outage, from the first kept event to the last delivered.
#[derive(Default)]
pub(super) struct Story {
    told: AtomicBool,
    refusal_told: AtomicBool,
    spooled: AtomicU64,
    drained: AtomicU64,
    page: Mutex<Page>,
}

#[derive(Default)]
struct Page {
    since: Option<Instant>,
    /// Since when nothing is kept any more, and how many had been.
    calm: Option<(Instant, u64)>,
    reason: String,
    homeless: BTreeMap<ChannelId, usize>,
}

impl Story {
    /// Why the store did not take an event.
    pub(super) fn because(&self, reason: &str) {
        let mut page = self.page();
        if page.reason != reason {
            page.reason.clear();
            page.reason.push_str(reason);
        }
    }

    /// Events are kept now.
    pub(super) fn begun(&self) {
        if self.told.load(Ordering::Relaxed) || self.told.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut page = self.page();
        page.since = Some(Instant::now());
        tracing::warn!(
            reason = page.reason,
            "the store does not take events: they are spooled on this disk"
        );
    }

    /// So many were kept.
    pub(super) fn spooled(&self, events: usize) {
        self.spooled.fetch_add(events as u64, Ordering::Relaxed);
    }

    /// So many were delivered.
    pub(super) fn drained(&self, events: usize) {
        self.drained.fetch_add(events as u64, Ordering::Relaxed);
    }

    /// The spool refused an event.
    pub(super) fn refused(&self, error: &str) {
        if !self.refusal_told.swap(true, Ordering::Relaxed) {
            tracing::error!(
                error,
                "the spool does not take events either: webhooks are answered 503"
            );
        }
    }

    /// Nothing is kept any more; said again and again while that is so. Answers whether the outage is
    /// over, once.
    pub(super) fn ended(&self) -> bool {
        if !self.told.load(Ordering::Relaxed) || !self.is_calm() {
            return false;
        }
        self.told.store(false, Ordering::Relaxed);
        self.refusal_told.store(false, Ordering::Relaxed);
        let spooled = self.spooled.swap(0, Ordering::Relaxed);
        let drained = self.drained.swap(0, Ordering::Relaxed);
        let mut page = self.page();
        page.reason.clear();
        let took = page
            .since
            .take()
            .map_or(0, |since| since.elapsed().as_secs());
        tracing::info!(spooled, drained, took_s = took, "the spool is drained");
        true
    }

    fn is_calm(&self) -> bool {
        let spooled = self.spooled.load(Ordering::Relaxed);
        let mut page = self.page();
        match page.calm {
            Some((since, then)) if then == spooled => {
                let over = since.elapsed() >= CALM;
                if over {
                    page.calm = None;
                }
                over
            }
            _ => {
                page.calm = Some((Instant::now(), spooled));
                false
            }
        }
    }

    /// An entry of a channel that is not in the config.
    pub(super) fn homeless(&self, channel: &ChannelId) {
        *self.page().homeless.entry(channel.clone()).or_default() += 1;
    }

    /// Says which channels are missed.
    pub(super) fn tell_homeless(&self) {
        for (channel, events) in &self.page().homeless {
            tracing::error!(channel = %channel, events,
                "the spool holds events of a channel that the config does not name: they stay until it does");
        }
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spooling {
    /// How it is.
    pub fn figures(&self) -> Figures {
        let usage = self.spool.usage();
        let (conversations, oldest) = self.lanes.oldest();
        let now = self.registry.shared().store.now();
        let events = self.lanes.waiting();
        let page = self.story.page();
        Figures {
            events,
            conversations,
            oldest_s: oldest.map_or(0, |oldest| now.since(oldest).0 / 1_000),
            bytes: usage.bytes,
            max_bytes: usage.max,
            store_away: self.weather.is_away(false),
            taking: usage.taking,
            failed: usage.failed,
            reason: (events > 0 && !page.reason.is_empty()).then(|| page.reason.clone()),
            homeless: page.homeless.values().sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_that_comes_and_goes_is_told_once() {
        let story = Story::default();
        for _ in 0..1_000 {
            story.begun();
            story.spooled(1);
            assert!(!story.ended());
        }
        assert!(!story.ended(), "not calm for long enough");
        let long_ago = Instant::now() - CALM;
        story.page().calm = Some((long_ago, 1_000));
        assert!(story.ended());
        assert!(!story.ended(), "once");
    }
}
