//! The port's [`Nodes`] on Redis: presence, leases, budgets, hints.

use super::core::Core;
use super::handle::Redis;
use super::hints::Hints;
use super::reply::{number, strange};
use super::roll::Roll;
use super::scripts::Script;
use crate::domain::bucket::{CALM, MAX_HALVINGS, RECOVERY};
use crate::domain::ids::Incarnation;
use crate::domain::time::Span;
use crate::ports::store::{
    EntityKey, EntityKind, Error, GRANT_LIFE, Grant, Hint, Node, Nodes, Rate, Revision, lease_life,
};
use futures_util::future::BoxFuture;
use redis::Cmd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::{Notify, broadcast};

/// What a node knows of the others.
pub struct Others {
    roll: Mutex<Roll>,
    /// The level in force.
    pub level: AtomicU32,
    /// Somebody was asked about of whom no list tells.
    pub asked: Notify,
    pub hints: Hints,
    /// One sign at a time; true once this node has left, then it gives no more.
    pub left: tokio::sync::Mutex<bool>,
}

impl Others {
    /// Nothing is known.
    pub fn new(own: Incarnation, hints: Hints) -> Others {
        Others {
            roll: Mutex::new(Roll::new(own)),
            level: AtomicU32::new(0),
            asked: Notify::new(),
            hints,
            left: tokio::sync::Mutex::new(false),
        }
    }

    /// Who is there and who is gone.
    pub fn roll(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Nodes for Redis {
    fn is_gone(&self, other: Incarnation) -> bool {
        let nodes = &self.core.nodes;
        let known = nodes.roll().is_gone(other, Instant::now());
        known.unwrap_or_else(|()| {
            nodes.asked.notify_one();
            false
        })
    }

    fn nodes(&self) -> Vec<Node> {
        self.core.nodes.roll().nodes(Instant::now())
    }

    fn departures(&self) -> u64 {
        self.core.nodes.roll().departures()
    }

    fn level(&self) -> u32 {
        self.core.nodes.level.load(Ordering::Acquire)
    }

    fn hold(
        &self,
        lease: &str,
        holder: Revision,
        life: Span,
    ) -> BoxFuture<'static, Result<bool, Error>> {
        let call = by_lease(&self.core, lease, holder, lease_life(life));
        self.run(move |core| async move {
            let (partition, call) = call;
            let held = number(core.ask_one(partition, call).await?);
            Ok(held.ok_or_else(|| strange("a lease"))? == 1)
        })
    }

    fn let_go(&self, lease: &str, holder: Revision) -> BoxFuture<'static, Result<(), Error>> {
        let (partition, call) = by_lease(&self.core, lease, holder, Span(0));
        self.run(move |core| async move { core.ask_one(partition, call).await.map(drop) })
    }

    fn draw(
        &self,
        budget: &str,
        want: u32,
        rate: Rate,
    ) -> BoxFuture<'static, Result<Grant, Error>> {
        let (partition, call) = by_budget(&self.core, budget, &want.to_string(), rate);
        self.run(move |core| async move {
            let granted = number(core.ask_one(partition, call).await?);
            let granted = granted.and_then(|n| u32::try_from(n).ok());
            Ok(Grant {
                granted: granted.ok_or_else(|| strange("a grant"))?.min(want),
                // From the answer on: where answers are slow, tokens would be lost on their way.
                until: core.clock.now() + GRANT_LIFE,
            })
        })
    }

    fn shrink(&self, budget: &str) -> BoxFuture<'static, Result<(), Error>> {
        let any = Rate {
            per_second: 0,
            burst: 0,
        };
        let (partition, call) = by_budget(&self.core, budget, "shrink", any);
        self.run(move |core| async move { core.ask_one(partition, call).await.map(drop) })
    }

    fn hint(&self, topic: &str, payload: &[u8]) {
        self.core.nodes.hints.say(topic, payload);
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.core.nodes.hints.listen()
    }
}

fn by_lease(core: &Core, lease: &str, holder: Revision, life: Span) -> (u16, Cmd) {
    let (partition, key) = place(core, &format!("lease:{lease}"));
    let mut call = core.scripts.call(Script::Lease, &[key]);
    call.arg(&holder.0[..]).arg(life.0);
    (partition, call)
}

fn by_budget(core: &Core, budget: &str, want: &str, rate: Rate) -> (u16, Cmd) {
    let (partition, key) = place(core, &format!("budget:{budget}"));
    let mut call = core.scripts.call(Script::Budget, &[key]);
    call.arg(want).arg(rate.per_second).arg(rate.burst);
    call.arg(CALM.0).arg(RECOVERY.0).arg(MAX_HALVINGS);
    (partition, call)
}

/// Leases and budgets are spread by their names, as counters are.
fn place(core: &Core, name: &str) -> (u16, String) {
    let partition = core
        .keys
        .partition(&EntityKey::new(EntityKind::Counter, name));
    (partition, core.keys.of(partition, name))
}
