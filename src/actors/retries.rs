//! Answers that LINE has not taken yet, in line for the moment it takes others: those that wait for
//! another try, and those held back because more wait for the channel's way out than it can take.
//!
//! A try that failed is followed by a pause of up to seconds, and meanwhile the answer holds its
//! customer's lane. LINE may be well long before the pause is over, and a send that it accepts is
//! the proof: each one calls the next [`CALLED`] of the line while there is room on the way out, so the
//! line empties at the pace at which LINE answers, first doubling, never as a flood. LINE may also take all others and never this
//! one: being called shortens the pause after a try once, to a quarter, and who was called stands
//! in line again only after another try. Nobody relies on being called: every try has its timer, and
//! the due index behind it.

use super::conversation::Conversation;
use crate::domain::ids::ChannelId;
use actix::WeakAddr;
use actix::prelude::*;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many an accepted send calls.
const CALLED: usize = 2;
/// Places in all lines; a conversation has at most one while it lives. Without a place its own
/// timer is what is left.
const PLACES: usize = 100_000;

/// Tells a conversation that LINE takes sends of its channel.
pub(super) struct LineIsWell;

impl Message for LineIsWell {
    type Result = ();
}

/// One that stands in line.
pub(super) struct Standing {
    pub(super) who: WeakAddr<Conversation>,
    /// Its answer was never tried: it is held back for the way out.
    pub(super) held: bool,
}

type Lines = HashMap<ChannelId, VecDeque<Standing>>;

/// The lines of all channels.
#[derive(Default)]
pub struct Retries {
    /// How many stand in line: asked at every accepted send, so without a lock.
    waiting: AtomicUsize,
    /// Those of them that were never tried.
    held: AtomicUsize,
    lines: Mutex<Lines>,
}

impl Retries {
    /// Gives a conversation the last place of its channel, or the first to one that was called in
    /// vain; `false` when there is none.
    pub(super) fn stand(&self, channel: &ChannelId, who: Standing, was_called: bool) -> bool {
        let mut lines = self.lines();
        if self.waiting.load(Ordering::Relaxed) >= PLACES {
            return false;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.held
            .fetch_add(usize::from(who.held), Ordering::Relaxed);
        let line = lines.entry(channel.clone()).or_default();
        if was_called {
            line.push_front(who);
        } else {
            line.push_back(who);
        }
        true
    }

    /// How many stand in line for another try, over all channels.
    pub fn resting(&self) -> usize {
        let waiting = self.waiting.load(Ordering::Relaxed);
        waiting.saturating_sub(self.held())
    }

    /// How many of them were never tried: held back for the way out.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// LINE answered a send of the channel.
    pub(super) fn answered(&self, channel: &ChannelId, room: usize) {
        self.call(channel, room.min(CALLED));
    }

    /// Whoever was called has nothing to try: the next one is.
    pub(super) fn pass_on(&self, channel: &ChannelId) {
        self.call(channel, 1);
    }

    fn call(&self, channel: &ChannelId, count: usize) {
        let mut called = 0;
        while called < count && self.waiting.load(Ordering::Relaxed) > 0 {
            let Some(first) = self.first(channel) else {
                return;
            };
            // One that died stands in no line.
            let Some(conversation) = first.who.upgrade() else {
                continue;
            };
            match conversation.try_send(LineIsWell) {
                Ok(()) => called += 1,
                Err(SendError::Closed(_)) => {}
                // Busy enough; it keeps a place.
                Err(SendError::Full(_)) => {
                    self.stand(channel, first, true);
                    return;
                }
            }
        }
    }

    fn first(&self, channel: &ChannelId) -> Option<Standing> {
        let mut lines = self.lines();
        let first = lines.get_mut(channel)?.pop_front()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.held
            .fetch_sub(usize::from(first.held), Ordering::Relaxed);
        Some(first)
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
