//! Answers that wait for LINE, one line for each channel: those that LINE has not taken and that rest
//! until another try, and those *held back* because more wait for the channel's way out than it can take.
//!
//! A call that LINE answered proves that it takes others: it calls the next of its channel's line, at
//! most [`CALLED`] and as many as find room, so the line empties at the pace at which LINE answers,
//! first doubling, never as a flood. Who has waited longest is called first, by the time at which his token
//! came or his rest began; who was called in vain keeps his place. LINE may also take all others and never this one:
//! being called shortens the pause after a try once, to a quarter. Nobody relies on being called:
//! every answer has its due time.
//!
//! How many are held back is counted by the conversations themselves, not by their places: a place
//! may outlast its reason.

use super::conversation::Conversation;
use super::pace::Pace;
use crate::domain::ids::ChannelId;
use crate::domain::time::Millis;
use actix::WeakAddr;
use actix::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many a call that LINE answered calls.
const CALLED: usize = 2;
/// Places in all lines; a conversation has at most one while it lives. Without a place its own
/// timer is what is left.
const PLACES: usize = 100_000;
/// Held back over all channels, whatever LINE's pace: about 2 KB of memory each.
const MOST_HELD: usize = 100_000;

/// Tells a conversation that LINE takes sends of its channel.
pub(super) struct LineIsWell;

impl Message for LineIsWell {
    type Result = ();
}

/// One channel's line.
#[derive(Default)]
struct Line {
    /// By since when they wait; the number tells apart those of one moment.
    places: BTreeMap<(Millis, u64), WeakAddr<Conversation>>,
    /// Conversations with an answer that is held back.
    held: usize,
    pace: Pace,
}

/// The lines of all channels.
#[derive(Default)]
pub struct Lines {
    /// Places taken.
    waiting: AtomicUsize,
    /// Conversations with an answer held back, over all channels: asked at every decision.
    held: AtomicUsize,
    /// The node leaves: what waits is the next process's.
    leaving: AtomicBool,
    numbers: AtomicUsize,
    lines: Mutex<HashMap<ChannelId, Line>>,
}

impl Lines {
    /// Conversations with an answer held back for the way out, over all channels.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Places taken by others: answers that LINE did not take, and places that outlast their reason.
    pub fn resting(&self) -> usize {
        let waiting = self.waiting.load(Ordering::Relaxed);
        waiting.saturating_sub(self.held())
    }

    /// Whether new work of a channel has to wait longer than its tokens live.
    pub fn is_full(&self, channel: &ChannelId, least: usize, now: Millis) -> bool {
        let all = self.held();
        if all <= least {
            return false;
        }
        let mut lines = self.lines();
        let Some(line) = lines.get_mut(channel) else {
            return all > MOST_HELD;
        };
        all > MOST_HELD || line.held > line.pace.most_held(now).max(least)
    }

    /// From now on nobody is called.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Whether some answer of the channel is held back: whoever comes stands behind it.
    pub(super) fn is_crowded(&self, channel: &ChannelId) -> bool {
        self.held() > 0 && self.lines().get(channel).is_some_and(|line| line.held > 0)
    }

    /// A conversation has begun to hold an answer back, or has ceased to.
    pub(super) fn count(&self, channel: &ChannelId, holds: bool) {
        let mut lines = self.lines();
        let line = match lines.get_mut(channel) {
            Some(line) => line,
            None => lines.entry(channel.clone()).or_default(),
        };
        if holds {
            line.held += 1;
            self.held.fetch_add(1, Ordering::Relaxed);
        } else {
            line.held = line.held.saturating_sub(1);
            self.held.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Gives a conversation its place, by since when it waits; `false` when there is none.
    pub(super) fn stand(
        &self,
        channel: &ChannelId,
        since: Millis,
        who: WeakAddr<Conversation>,
    ) -> bool {
        if self.waiting.load(Ordering::Relaxed) >= PLACES {
            return false;
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) as u64;
        let mut lines = self.lines();
        let line = lines.entry(channel.clone()).or_default();
        line.places.insert((since, number), who);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// LINE answered a call of the channel: the next are called, as many as find room.
    pub(super) fn answered(&self, channel: &ChannelId, accepted: bool, now: Millis, room: usize) {
        if accepted {
            let mut lines = self.lines();
            match lines.get_mut(channel) {
                Some(line) => line.pace.accepted(now),
                None => lines.entry(channel.clone()).or_default().pace.accepted(now),
            }
        }
        self.call(channel, room.min(CALLED));
    }

    /// Whoever was called has nothing to try, or there is room and nobody was called: the next one is.
    pub(super) fn pass_on(&self, channel: &ChannelId) {
        self.call(channel, 1);
    }

    fn call(&self, channel: &ChannelId, count: usize) {
        let mut called = 0;
        while called < count && self.waiting.load(Ordering::Relaxed) > 0 {
            if self.leaving.load(Ordering::Relaxed) {
                return;
            }
            let Some((since, first)) = self.first(channel) else {
                return;
            };
            // One that died stands in no line.
            let Some(conversation) = first.upgrade() else {
                continue;
            };
            match conversation.try_send(LineIsWell) {
                Ok(()) => called += 1,
                Err(SendError::Closed(_)) => {}
                // Busy enough; it keeps its place.
                Err(SendError::Full(_)) => {
                    self.stand(channel, since, first);
                    return;
                }
            }
        }
    }

    fn first(&self, channel: &ChannelId) -> Option<(Millis, WeakAddr<Conversation>)> {
        let mut lines = self.lines();
        let ((since, _), first) = lines.get_mut(channel)?.places.pop_first()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some((since, first))
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<ChannelId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowded_channel_does_not_shut_out_its_neighbour() {
        let (lines, now) = (Lines::default(), Millis(10_000));
        let (crowded, quiet) = (ChannelId::new("crowded"), ChannelId::new("quiet"));
        (0..30).for_each(|_| lines.count(&crowded, true));
        assert!(lines.is_full(&crowded, 10, now));
        assert!(!lines.is_full(&quiet, 10, now));
        assert!(lines.is_crowded(&crowded) && !lines.is_crowded(&quiet));
        // Two a second are forty in the time an answer may wait.
        lines.answered(&crowded, true, now, 1);
        lines.answered(&crowded, true, now, 1);
        assert!(!lines.is_full(&crowded, 10, now));
        lines.answered(&crowded, false, now, 1);
        (0..30).for_each(|_| lines.count(&crowded, false));
        assert_eq!(lines.held(), 0);
    }
}
