//! Who is kept and who is under way: one lane for each conversation that has anything to do with the
//! spool at this moment, and none for the others.
//!
//! A lane lives while something of it is *undecided* (a request is between entering and its end) or
//! *held*. Whoever enters while entries are held, or after the gate was shut, joins the spool. It is
//! drained only while nothing is undecided: then all that came before the newest entry is either
//! committed or held, and the numbers, drawn at entering, are the order.

use crate::actors::Gate;
use crate::domain::ids::ConversationKey;
use crate::domain::time::Millis;
use crate::ports::spool::Held;
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// A lane that is being drained.
pub(super) struct Turn {
    pub(super) key: ConversationKey,
    /// The first of what is held.
    pub(super) held: Vec<Held>,
}

/// All lanes.
pub(super) struct Lanes {
    shards: Vec<Mutex<HashMap<ConversationKey, Lane>>>,
    hasher: RandomState,
    next: AtomicU64,
    waiting: AtomicUsize,
    under_way: AtomicUsize,
    /// Conversations that may be drained, oldest first.
    ready: Mutex<VecDeque<ConversationKey>>,
    /// Those that are tried again later.
    resting: Mutex<VecDeque<(Instant, ConversationKey)>>,
}

#[derive(Default)]
struct Lane {
    gate: Gate,
    undecided: u32,
    held: VecDeque<Held>,
    /// In `ready`, in `resting`, or being drained.
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
            waiting: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            ready: Mutex::default(),
            resting: Mutex::default(),
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
        self.waiting.fetch_add(hold.len(), Ordering::Relaxed);
        let mut shard = self.shard(pass.key);
        if let Some(lane) = shard.get_mut(pass.key) {
            lane.undecided -= 1;
            for held in hold {
                let at = lane.held.partition_point(|h| h.number < held.number);
                lane.held.insert(at, held);
            }
            self.settle(pass.key, &mut shard);
        }
        drop(shard);
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// What an earlier life left.
    pub(super) fn adopt(&self, key: &ConversationKey, held: Held) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let mut shard = self.shard(key);
        let lane = shard.entry(key.clone()).or_default();
        lane.gate.shut();
        lane.held.push_back(held);
        self.settle(key, &mut shard);
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
        lock(&self.ready).push_back(key.clone());
    }

    /// The next lane to drain, with at most `most` entries. The one called last comes first: its reply
    /// tokens are the freshest.
    pub(super) fn next(&self, most: usize) -> Option<Turn> {
        self.rouse();
        loop {
            let key = lock(&self.ready).pop_back()?;
            let mut shard = self.shard(&key);
            let Some(lane) = shard.get_mut(&key) else {
                continue;
            };
            if lane.undecided > 0 {
                // Called again when that has ended.
                lane.called = false;
                continue;
            }
            let held = lane.held.iter().take(most).copied().collect();
            drop(shard);
            return Some(Turn { key, held });
        }
    }

    /// The turn's entries are gone.
    pub(super) fn drained(&self, turn: &Turn) {
        let mut shard = self.shard(&turn.key);
        if let Some(lane) = shard.get_mut(&turn.key) {
            // What entered meanwhile has later numbers.
            let gone = turn.held.len().min(lane.held.len());
            lane.held.drain(..gone);
            self.waiting.fetch_sub(gone, Ordering::Relaxed);
            lane.called = false;
            lane.failures = 0;
            self.settle(&turn.key, &mut shard);
        }
    }

    /// The turn's entries are still there: tried again after a pause.
    pub(super) fn rests(&self, turn: Turn) {
        let failures = {
            let mut shard = self.shard(&turn.key);
            let Some(lane) = shard.get_mut(&turn.key) else {
                return;
            };
            lane.failures += 1;
            lane.failures
        };
        let pause = PAUSE * (1 << (failures - 1).min(4));
        let at = Instant::now() + pause.min(LONGEST_PAUSE);
        lock(&self.resting).push_back((at, turn.key));
    }

    /// Those whose pause is over are ready. Pauses differ, so all are looked at; there are as many as
    /// tries failed within seconds.
    fn rouse(&self) {
        let now = Instant::now();
        let mut resting = lock(&self.resting);
        if !resting.iter().any(|(at, _)| *at <= now) {
            return;
        }
        let mut ready = lock(&self.ready);
        resting.retain(|(at, key)| {
            let is_over = *at <= now;
            if is_over {
                ready.push_front(key.clone());
            }
            !is_over
        });
    }

    /// The store takes events again: no pause is waited out.
    pub(super) fn rouse_all(&self) {
        let mut resting = lock(&self.resting);
        let mut ready = lock(&self.ready);
        for (_, key) in resting.drain(..) {
            ready.push_front(key);
        }
    }

    /// Entries held.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Requests between entering and their end.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Conversations with entries, and the time of the oldest entry. Looks at every lane.
    pub(super) fn oldest(&self) -> (usize, Option<Millis>) {
        let mut lanes = 0;
        let mut oldest: Option<Millis> = None;
        for shard in &self.shards {
            for first in lock(shard).values().filter_map(|lane| lane.held.front()) {
                lanes += 1;
                oldest = Some(oldest.map_or(first.received, |at| at.min(first.received)));
            }
        }
        (lanes, oldest)
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ChannelId, ChatId};

    fn key(chat: &str) -> ConversationKey {
        ConversationKey::new(ChannelId::new("main"), ChatId::new(chat))
    }

    fn held(number: u64) -> Held {
        Held {
            number,
            received: Millis(number),
            bytes: 1,
        }
    }

    fn is_through(pass: &Pass<'_>) -> bool {
        matches!(pass.way, Way::Through(_))
    }

    #[test]
    fn a_conversation_without_trouble_leaves_nothing_behind() {
        let lanes = Lanes::new(0);
        let customer = key("U1");
        assert!(is_through(&lanes.enter(&customer, 1, false)));
        assert!(lanes.shards.iter().all(|shard| lock(shard).is_empty()));
        assert_eq!((lanes.under_way(), lanes.waiting()), (0, 0));
    }

    #[test]
    fn whoever_comes_after_a_kept_event_is_kept() {
        let lanes = Lanes::new(7);
        let customer = key("U1");
        let mut first = lanes.enter(&customer, 1, true);
        assert!(!is_through(&first));
        // The first is not in the spool yet; the second must not go through all the same.
        assert!(!is_through(&lanes.enter(&customer, 1, false)));
        first.hold(vec![held(first.number)]);
        drop(first);
        assert!(!is_through(&lanes.enter(&customer, 1, false)));
        assert!(is_through(&lanes.enter(&key("U2"), 1, false)));
        let turn = lanes.next(9).unwrap();
        assert_eq!(turn.held, [held(7)]);
        lanes.drained(&turn);
        assert!(is_through(&lanes.enter(&customer, 1, false)));
        assert_eq!(lanes.waiting(), 0);
    }

    #[test]
    fn nothing_is_drained_while_an_earlier_event_is_undecided() {
        let lanes = Lanes::new(1);
        let customer = key("U1");
        let mut first = lanes.enter(&customer, 1, false);
        let mut second = lanes.enter(&customer, 1, false);
        second.hold(vec![held(2)]);
        drop(second);
        assert!(lanes.next(9).is_none(), "the first may still be spooled");
        first.hold(vec![held(1)]);
        drop(first);
        assert_eq!(lanes.next(9).unwrap().held, [held(1), held(2)]);
    }

    #[test]
    fn what_enters_during_a_turn_is_drained_after_it() {
        let lanes = Lanes::new(1);
        let customer = key("U1");
        lanes.adopt(&customer, held(1));
        let turn = lanes.next(9).unwrap();
        let mut pass = lanes.enter(&customer, 1, false);
        assert!(!is_through(&pass));
        pass.hold(vec![held(2)]);
        drop(pass);
        assert!(lanes.next(9).is_none(), "one turn at a time");
        lanes.drained(&turn);
        assert_eq!(lanes.next(9).unwrap().held, [held(2)]);
    }

    #[test]
    fn a_lane_that_cannot_be_drained_keeps_nobody_waiting() {
        let lanes = Lanes::new(5);
        lanes.adopt(&key("U1"), held(1));
        lanes.adopt(&key("U2"), held(2));
        let freshest = lanes.next(9).unwrap();
        assert_eq!(freshest.key, key("U2"));
        lanes.rests(freshest);
        let other = lanes.next(9).unwrap();
        assert_eq!(other.key, key("U1"));
        lanes.drained(&other);
        assert_eq!((lanes.waiting(), lanes.oldest().0), (1, 1));
    }
}
