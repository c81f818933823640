//! Who is kept and who is under way: one lane for each conversation that has anything to do with the
//! spool at this moment, and none for the others.
//!
//! A lane lives while something of it is *undecided* (a request is between entering and its end) or
//! *held*. Whoever enters while entries are held, or after the gate was shut, joins the spool. It is
//! drained only while nothing is undecided: then all that came before the newest entry is either
//! committed or held, and the numbers, drawn at entering, are the order.

use super::ages::Ages;
use super::calls::Calls;
use super::lock;
use super::turn::Turn;
use crate::actors::Gate;
use crate::domain::ids::{ChannelId, ConversationKey};
use crate::domain::time::Millis;
use crate::ports::spool::Held;
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

const SHARDS: usize = 64;
/// A lane that could not be drained is tried again after this, doubled each time…
const PAUSE: Duration = Duration::from_millis(500);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Which way events go.
pub(super) enum Way {
    /// To the store, through this gate.
    Through(Gate),
    /// Into the spool.
    Spool,
}

/// One request's events of one conversation, from entering to their end, which is its drop.
pub(super) struct Pass<'a> {
    lanes: &'a Lanes,
    key: &'a ConversationKey,
    pub(super) way: Way,
    /// The number of the first event; the others follow.
    pub(super) number: u64,
    hold: Vec<Held>,
}

/// All lanes.
pub(super) struct Lanes {
    shards: Vec<Mutex<HashMap<ConversationKey, Lane>>>,
    hasher: RandomState,
    next: AtomicU64,
    under_way: AtomicUsize,
    /// Lanes with entries.
    holding: AtomicUsize,
    ages: Ages,
    calls: Calls,
}

#[derive(Default)]
struct Lane {
    gate: Gate,
    undecided: u32,
    held: VecDeque<Held>,
    /// Among the calls, or being drained.
    called: bool,
    failures: u32,
}

impl Lanes {
    /// No lanes; numbers are given out from here on.
    pub(super) fn new(next: u64) -> Lanes {
        Lanes {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            next: AtomicU64::new(next),
            under_way: AtomicUsize::new(0),
            holding: AtomicUsize::new(0),
            ages: Ages::default(),
            calls: Calls::default(),
        }
    }

    /// Events come in. `away`: nothing goes through now.
    pub(super) fn enter<'a>(
        &'a self,
        key: &'a ConversationKey,
        events: u64,
        away: bool,
    ) -> Pass<'a> {
        let mut shard = self.shard(key);
        let lane = match shard.get_mut(key) {
            Some(lane) => lane,
            None => shard.entry(key.clone()).or_default(),
        };
        let way = if away || !lane.held.is_empty() || lane.gate.is_shut() {
            lane.gate.shut();
            Way::Spool
        } else {
            Way::Through(lane.gate.clone())
        };
        lane.undecided += 1;
        self.under_way.fetch_add(1, Ordering::Relaxed);
        Pass {
            lanes: self,
            key,
            way,
            // Under the lock: whoever enters later has later numbers.
            number: self.next.fetch_add(events, Ordering::Relaxed),
            hold: Vec::new(),
        }
    }

    fn leave(&self, pass: &mut Pass<'_>) {
        let hold = std::mem::take(&mut pass.hold);
        self.ages.came(hold.iter());
        let mut shard = self.shard(pass.key);
        if let Some(lane) = shard.get_mut(pass.key) {
            lane.undecided -= 1;
            for held in hold {
                self.hold(lane, held);
            }
            self.settle(pass.key, &mut shard);
        }
        drop(shard);
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// What an earlier life left.
    pub(super) fn adopt(&self, key: &ConversationKey, held: Held) {
        self.ages.came([held].iter());
        let mut shard = self.shard(key);
        let lane = shard.entry(key.clone()).or_default();
        lane.gate.shut();
        self.hold(lane, held);
        self.settle(key, &mut shard);
    }

    fn hold(&self, lane: &mut Lane, held: Held) {
        if lane.held.is_empty() {
            self.holding.fetch_add(1, Ordering::Relaxed);
        }
        let at = lane.held.partition_point(|h| h.number < held.number);
        lane.held.insert(at, held);
    }

    /// Calls a lane that may be drained, forgets one that has nothing left.
    fn settle(&self, key: &ConversationKey, shard: &mut HashMap<ConversationKey, Lane>) {
        let Some(lane) = shard.get_mut(key) else {
            return;
        };
        if lane.undecided > 0 || lane.called {
            return;
        }
        if lane.held.is_empty() {
            shard.remove(key);
            return;
        }
        lane.called = true;
        self.calls.call(key.clone());
    }

    /// The next lane to drain, with at most `most` entries, of a channel that is open.
    pub(super) fn next(
        &self,
        most: usize,
        is_open: impl Fn(&ChannelId) -> bool,
    ) -> Option<Turn<'_>> {
        loop {
            let key = self.calls.next(&is_open)?;
            if let Some(turn) = self.turn(key, most) {
                return Some(turn);
            }
        }
    }

    /// One entry to try the store with. Whoever rests is taken rather than nobody: what his pause was
    /// for is the store's to say.
    pub(super) fn probe(&self, is_open: impl Fn(&ChannelId) -> bool) -> Option<Turn<'_>> {
        loop {
            let key = self.calls.soonest(&is_open)?;
            if let Some(turn) = self.turn(key, 1) {
                return Some(turn);
            }
        }
    }

    fn turn(&self, key: ConversationKey, most: usize) -> Option<Turn<'_>> {
        let mut shard = self.shard(&key);
        let lane = shard.get_mut(&key)?;
        if lane.undecided > 0 {
            // Called again when that has ended.
            lane.called = false;
            return None;
        }
        let held = lane.held.iter().take(most).copied().collect();
        drop(shard);
        Some(Turn::new(self, key, held))
    }

    /// A turn's entries are gone.
    pub(super) fn drained(&self, key: &ConversationKey, held: &[Held]) {
        let mut shard = self.shard(key);
        if let Some(lane) = shard.get_mut(key) {
            // What entered meanwhile has later numbers.
            let gone = held.len().min(lane.held.len());
            self.ages.went(lane.held.range(..gone));
            lane.held.drain(..gone);
            if gone > 0 && lane.held.is_empty() {
                self.holding.fetch_sub(1, Ordering::Relaxed);
            }
            lane.called = false;
            lane.failures = 0;
            self.settle(key, &mut shard);
        }
    }

    /// A turn's entries are still there: tried again after a pause. `grows`: a longer one than last
    /// time.
    pub(super) fn rests(&self, key: &ConversationKey, grows: bool) {
        let failures = {
            let mut shard = self.shard(key);
            let Some(lane) = shard.get_mut(key) else {
                return;
            };
            lane.failures = lane.failures.saturating_add(u32::from(grows));
            lane.failures
        };
        let pause = PAUSE * (1 << failures.saturating_sub(1).min(4));
        let until = Instant::now() + pause.min(LONGEST_PAUSE);
        self.calls.rest(key.clone(), until);
    }

    /// The store takes events again: no pause is waited out.
    pub(super) fn rouse_all(&self) {
        self.calls.rouse_all();
    }

    /// Entries held.
    pub(super) fn waiting(&self) -> usize {
        self.ages.waiting()
    }

    /// Requests between entering and their end.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Conversations with entries, and the second in which the oldest entry came. Waits for no lane.
    pub(super) fn oldest(&self) -> (usize, Option<Millis>) {
        (self.holding.load(Ordering::Relaxed), self.ages.oldest())
    }

    fn shard(&self, key: &ConversationKey) -> MutexGuard<'_, HashMap<ConversationKey, Lane>> {
        let place = self.hasher.hash_one(key) as usize % SHARDS;
        lock(&self.shards[place])
    }
}

impl Pass<'_> {
    /// These were kept.
    pub(super) fn hold(&mut self, kept: Vec<Held>) {
        self.hold = kept;
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.lanes.leave(self);
    }
}

#[cfg(test)]
mod tests;
