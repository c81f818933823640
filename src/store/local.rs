//! What nodes share when there is one: the bodies of [`Nodes`] for stores that one process has to
//! itself. Leases, budgets and hints live in memory, beside the store, and end with it.

use crate::domain::bucket::Bucket;
use crate::domain::ids::Incarnation;
use crate::domain::time::{Millis, Span};
use crate::ports::store::{
    Error, FORMAT_LEVEL, GRANT_LIFE, Grant, HINTS_KEPT, Hint, MAX_HINT_BYTES, MAX_TOPIC_BYTES,
    Node, Nodes, Rate, Revision, lease_life,
};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::broadcast;

/// What the one node keeps.
pub struct Local {
    leases: Mutex<HashMap<String, Lease>>,
    budgets: Mutex<HashMap<String, Bucket>>,
    hints: broadcast::Sender<Hint>,
}

struct Lease {
    holder: Revision,
    until: Millis,
}

impl Default for Local {
    fn default() -> Local {
        Local {
            leases: Mutex::default(),
            budgets: Mutex::default(),
            hints: broadcast::Sender::new(HINTS_KEPT),
        }
    }
}

/// A store of one process. The names differ from the port's so that neither hides the other.
pub trait Alone {
    /// What it keeps beside its entities.
    fn local(&self) -> &Local;
    /// Its incarnation.
    fn own(&self) -> Incarnation;
    /// Store time.
    fn time(&self) -> Millis;
    /// Refuses after a close.
    fn usable(&self) -> Result<(), Error>;
}

impl<T: Alone> Nodes for T {
    fn is_gone(&self, other: Incarnation) -> bool {
        other != self.own()
    }

    fn nodes(&self) -> Vec<Node> {
        vec![Node {
            incarnation: self.own(),
            level: FORMAT_LEVEL,
            age: Span(0),
        }]
    }

    fn departures(&self) -> u64 {
        0
    }

    fn level(&self) -> u32 {
        FORMAT_LEVEL
    }

    fn hold(
        &self,
        lease: &str,
        holder: Revision,
        life: Span,
    ) -> BoxFuture<'static, Result<bool, Error>> {
        let now = self.time();
        let held = self.usable().map(|()| {
            let mut leases = lock(&self.local().leases);
            leases.retain(|_, lease| lease.until > now);
            let lease = leases
                .entry(lease.to_owned())
                .or_insert(Lease { holder, until: now });
            let is_ours = lease.holder == holder;
            if is_ours {
                lease.until = now + lease_life(life);
            }
            is_ours
        });
        ready(held).boxed()
    }

    fn let_go(&self, lease: &str, holder: Revision) -> BoxFuture<'static, Result<(), Error>> {
        let done = self.usable().map(|()| {
            let mut leases = lock(&self.local().leases);
            if leases.get(lease).is_some_and(|held| held.holder == holder) {
                leases.remove(lease);
            }
        });
        ready(done).boxed()
    }

    fn draw(
        &self,
        budget: &str,
        want: u32,
        rate: Rate,
    ) -> BoxFuture<'static, Result<Grant, Error>> {
        let now = self.time();
        let drawn = self.usable().map(|()| Grant {
            granted: lock(&self.local().budgets)
                .entry(budget.to_owned())
                .or_default()
                .take(rate, want, now),
            until: now + GRANT_LIFE,
        });
        ready(drawn).boxed()
    }

    fn shrink(&self, budget: &str) -> BoxFuture<'static, Result<(), Error>> {
        let now = self.time();
        let done = self.usable().map(|()| {
            let mut budgets = lock(&self.local().budgets);
            budgets.entry(budget.to_owned()).or_default().shrink(now);
        });
        ready(done).boxed()
    }

    fn hint(&self, topic: &str, payload: &[u8]) {
        if topic.len() > MAX_TOPIC_BYTES || payload.len() > MAX_HINT_BYTES {
            tracing::debug!(topic, bytes = payload.len(), "hint too long, dropped");
            return;
        }
        // Nobody listens: nothing is lost.
        let _ = self.local().hints.send(Hint {
            from: self.own(),
            topic: topic.into(),
            payload: payload.into(),
        });
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.local().hints.subscribe()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::store::LEASE_MAX;
    use crate::store::memory::Memory;

    #[test]
    fn a_lease_lives_a_millisecond_at_least_and_a_minute_at_most() {
        let (one, two) = (Revision([1; 16]), Revision([2; 16]));
        let start = Millis(4_000_000_000_000);
        for (asked, given) in [(Span(0), Span(1)), (Span::hours(9), LEASE_MAX)] {
            let store = Memory::new();
            store.set_now(start);
            let hold = |who| store.hold("pool", who, asked).now_or_never();
            assert!(matches!(hold(one), Some(Ok(true))));
            store.set_now(start + given - Span(1));
            assert!(matches!(hold(two), Some(Ok(false))), "{asked:?}");
            store.set_now(start + given);
            assert!(matches!(hold(two), Some(Ok(true))), "{asked:?}");
        }
    }
}
