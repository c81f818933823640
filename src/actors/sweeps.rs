//! Wakes what owes something: the net under every timer, and the recovery after a crash.
//!
//! The due index says when each conversation owes something next. A look claims what is due, wakes
//! it side by side with others, and keeps what was refused for a try a little later. At the start
//! what is due soon counts as due now: calls of the process that died are taken over at once,
//! freshest first. The same whenever another node on the store is gone: the first of those that are
//! left looks at once, the others a little later, when usually nothing is left to take over. Nobody is
//! woken twice while a wake of his is being served, and what is kept here is bounded: [`AT_ONCE`] wakes
//! and [`MOST_REFUSED`] refusals. A quarantine that remembers unsends is
//! owed work like any other: its conversation is told of them in the same way.

use super::registry::Registry;
use crate::domain::ids::{ChannelId, ChatId, ConversationKey};
use crate::domain::time::{Millis, Span};
use crate::ports::store::{Claimed, Due, EntityKind};
use crate::telemetry::meter;
use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A claimed conversation that did not settle its due time comes back after this, from the claim on.
const HOLD: Span = Span::secs(30);
/// At the start, what is due within this is taken over now: longer than any call to LINE, shorter
/// than [`HOLD`], so that the walk never meets again what it has claimed.
const RECOVERY_HORIZON: Span = Span::secs(29);
/// In a store that many nodes share, what is due is claimed this much later: another node's timer
/// needs no help of ours.
const HEAD_START: Span = Span(500);
/// When a node is gone, all but the first of the others look this much later: had each of them looked
/// at once, each would have woken its part of everybody who owes something, for one that left in order
/// and left nothing.
const AFTER_THE_FIRST: Span = Span::secs(3);
/// Wakes served side by side: bounds what recovery takes from new work.
const AT_ONCE: usize = 256;
/// A refused wake is tried again after this.
const REFUSED_PAUSE: Span = Span::secs(2);
/// Refused wakes remembered; with so many nothing more is claimed.
const MOST_REFUSED: usize = 4_096;

/// The looks of one process at the due index. Cloning shares them; they stay on one thread.
#[derive(Clone)]
pub struct Sweeps {
    registry: Arc<Registry>,
    hand: Rc<Hand>,
}

/// What the sweeper has in hand.
struct Hand {
    room: Arc<Semaphore>,
    /// Recovery walks down from here to the present; `None`: it has arrived.
    walk: Cell<Option<Millis>>,
    /// When a walk is to begin for a node that is gone.
    next_walk: Cell<Option<Millis>>,
    /// How many nodes were known to be gone at the last look.
    departures: Cell<u64>,
    /// Woken and not yet served, or refused and waiting.
    known: RefCell<HashSet<Owing>>,
    /// When to try again, in order.
    refused: RefCell<VecDeque<(Millis, Owing)>>,
}

/// Who is woken, and what for.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Owing {
    /// A conversation looks at what it owes.
    Work(ConversationKey),
    /// A conversation is told of the unsends that its quarantine remembers.
    Unsends(ConversationKey),
}

impl Sweeps {
    /// Looks that begin with recovery.
    pub fn new(registry: Arc<Registry>) -> Sweeps {
        let store = &registry.shared().store;
        // Whoever works here already has seen who went before: only the first one there has not.
        let is_first = store.nodes().len() <= 1;
        let horizon = store.now() + RECOVERY_HORIZON;
        let departures = store.departures();
        Sweeps {
            registry,
            hand: Rc::new(Hand {
                room: Arc::new(Semaphore::new(AT_ONCE)),
                walk: Cell::new(is_first.then_some(horizon)),
                next_walk: Cell::new(None),
                departures: Cell::new(departures),
                known: RefCell::default(),
                refused: RefCell::default(),
            }),
        }
    }

    /// Conversations woken and not yet served, and those refused and waiting for another try.
    pub fn in_hand(&self) -> usize {
        self.hand.known.borrow().len()
    }

    /// Of those, the refused.
    pub fn refused(&self) -> usize {
        self.hand.refused.borrow().len()
    }

    /// One look: wakes everything that is due, as fast as wakes are served. Returns how many it
    /// woke when nothing more is due; the last wakes may still be under way. One look at a time.
    pub async fn look(&self) -> usize {
        let mut woken = 0;
        self.look_after_the_gone();
        loop {
            woken += self.again().await;
            if self.hand.refused.borrow().len() >= MOST_REFUSED {
                return woken;
            }
            let room = self.room().await;
            let Some(claimed) = self.claim(room.len()).await else {
                return woken;
            };
            let Claimed { items, complete } = claimed;
            // A law of `claim_due`.
            let is_last = items.len() < room.len();
            let recovering = self.hand.walk.get().is_some();
            // Those this process works with already, too: the claim has moved their time, and being
            // woken once more is nothing to them.
            let wanted: Vec<Owing> = items
                .iter()
                .filter_map(owing)
                .filter(|owing| self.hand.known.borrow_mut().insert(owing.clone()))
                .collect();
            if recovering {
                meter::recovered(wanted.len());
            }
            if recovering && complete {
                self.walked(&items, is_last);
            }
            woken += wanted.len();
            for (owing, place) in wanted.into_iter().zip(room) {
                self.serve(owing, place);
            }
            // What a claim has left out is asked for again by the next look, from the same height.
            if is_last && (!complete || self.hand.walk.get().is_none()) {
                return woken;
            }
        }
    }

    /// What a node that is gone had in flight is due within the horizon, and is taken over: now, if this
    /// is the first of those that are left.
    fn look_after_the_gone(&self) {
        let (store, hand) = (&self.registry.shared().store, &self.hand);
        let (now, departures) = (store.now(), store.departures());
        if hand.departures.replace(departures) != departures {
            let own = store.incarnation();
            let is_first = store.nodes().iter().all(|node| own <= node.incarnation);
            let at = if is_first { now } else { now + AFTER_THE_FIRST };
            let before = hand.next_walk.get().unwrap_or(at);
            hand.next_walk.set(Some(before.min(at)));
        }
        if hand.next_walk.get().is_some_and(|at| at <= now) {
            hand.next_walk.set(None);
            hand.walk.set(Some(now + RECOVERY_HORIZON));
        }
    }

    /// At least one place for a wake, and as many as are free.
    async fn room(&self) -> Vec<OwnedSemaphorePermit> {
        let room = &self.hand.room;
        let first = room.clone().acquire_owned().await;
        let more = std::iter::from_fn(|| room.clone().try_acquire_owned().ok());
        first.ok().into_iter().chain(more).collect()
    }

    /// `None`: the index cannot be asked now.
    async fn claim(&self, limit: usize) -> Option<Claimed> {
        let store = &self.registry.shared().store;
        let now = store.now();
        let due = match store.is_shared() {
            // Whoever works with a conversation has a timer for it: let it go first.
            true => now - HEAD_START,
            false => now,
        };
        let upto = self.hand.walk.get().map_or(due, |walk| walk.max(now));
        match store.claim_due(upto, now + HOLD, limit).await {
            Ok(claimed) => Some(claimed),
            Err(error) => {
                tracing::warn!(error = %error, "due index cannot be asked");
                None
            }
        }
    }

    /// Recovery goes on below what it has claimed, and ends at the present.
    fn walked(&self, claimed: &[Due], is_last: bool) {
        let now = self.registry.shared().store.now();
        let below = claimed.last().map(|due| due.at).filter(|at| *at > now);
        self.hand.walk.set(below.filter(|_| !is_last));
    }

    /// Wakes again what was refused long enough ago.
    async fn again(&self) -> usize {
        let now = self.registry.shared().store.now();
        let is_time = |refused: &mut (Millis, Owing)| refused.0 <= now;
        let mut woken = 0;
        while let Ok(place) = self.hand.room.clone().acquire_owned().await {
            let next = self.hand.refused.borrow_mut().pop_front_if(is_time);
            let Some((_, owing)) = next else { break };
            self.serve(owing, place);
            woken += 1;
        }
        woken
    }

    /// Wakes a conversation in a task of its own, so that a slow one keeps nobody waiting.
    fn serve(&self, owing: Owing, place: OwnedSemaphorePermit) {
        let (registry, hand) = (self.registry.clone(), self.hand.clone());
        actix_rt::spawn(async move {
            let (key, served) = match &owing {
                Owing::Work(key) => (key, registry.wake(key).await),
                Owing::Unsends(key) => (key, registry.catch_up(key).await),
            };
            match served {
                Ok(()) => {
                    hand.known.borrow_mut().remove(&owing);
                }
                Err(refusal) => {
                    tracing::debug!(conversation = %key, %refusal, "wake refused, tried again");
                    meter::wake_refused();
                    let at = registry.shared().store.now() + REFUSED_PAUSE;
                    hand.refused.borrow_mut().push_back((at, owing));
                }
            }
            drop(place);
        });
    }
}

/// What an entity that is due asks for; the other kinds have no timers yet.
fn owing(due: &Due) -> Option<Owing> {
    let asks = match due.key.kind {
        EntityKind::Conversation => Owing::Work,
        EntityKind::Quarantine => Owing::Unsends,
        _ => return None,
    };
    let (channel, chat) = due.key.id.split_once('/')?;
    let key = ConversationKey::new(ChannelId::new(channel), ChatId::new(chat));
    Some(asks(key))
}
