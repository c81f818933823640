//! Who serves which conversation on this node.
//!
//! The passivation race is closed by a count under the map's entry lock: a deliverer raises it
//! before it sends, an actor may leave only while it is zero.

use super::conversation::Conversation;
use super::registry::Registry;
use super::resting::Passivate;
use super::shared::Shared;
use crate::domain::ids::ConversationKey;
use crate::domain::time::Millis;
use crate::telemetry::meter;
use actix::WeakAddr;
use actix::prelude::*;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use std::sync::Arc;

/// All slots. A key is kept once, for map and actor.
#[derive(Default)]
pub(super) struct Slots(DashMap<Arc<ConversationKey>, Slot>);

struct Slot {
    /// Weak: a strong one is 150 bytes more. A conversation keeps itself alive until it retires.
    addr: WeakAddr<Conversation>,
    /// Deliveries that have the address and have not ended.
    in_flight: u32,
    /// Store time of the last delivery, in seconds.
    used: u32,
}

impl Slot {
    /// `None`: the actor has died.
    fn checked_out(&mut self, used: u32) -> Option<Addr<Conversation>> {
        let addr = self.addr.upgrade()?;
        self.in_flight += 1;
        self.used = used;
        Some(addr)
    }
}

impl Slots {
    /// Conversations in memory.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The address of whoever serves a conversation, started when nobody does.
    pub(super) fn checkout(
        &self,
        key: &ConversationKey,
        shared: &Arc<Shared>,
    ) -> Addr<Conversation> {
        let used = seconds(shared.store.now());
        let live = self.0.get_mut(key);
        if let Some(addr) = live.and_then(|mut slot| slot.checked_out(used)) {
            return addr;
        }
        let key = Arc::new(key.clone());
        let mut entry = self.0.entry(key.clone());
        if let Entry::Occupied(entry) = &mut entry
            && let Some(addr) = entry.get_mut().checked_out(used)
        {
            return addr;
        }
        let addr = Conversation::new(key, shared.clone()).start();
        entry.insert(Slot {
            addr: addr.downgrade(),
            in_flight: 1,
            used,
        });
        addr
    }

    /// Gives an address back.
    pub(super) fn checkin(&self, key: &ConversationKey, addr: &Addr<Conversation>) {
        if let Some(mut slot) = self.0.get_mut(key)
            && slot.addr == addr.downgrade()
        {
            slot.in_flight = slot.in_flight.saturating_sub(1);
        }
    }

    /// Forgets an actor that is dead, and only that one.
    pub(super) fn forget(&self, key: &ConversationKey, addr: &Addr<Conversation>) {
        self.0
            .remove_if(key, |_, slot| slot.addr == addr.downgrade());
    }

    /// Lets an actor go that nobody is sending to; `false`: somebody is.
    pub(super) fn retire(&self, key: &ConversationKey, addr: &Addr<Conversation>) -> bool {
        let left = self.0.remove_if(key, |_, slot| {
            slot.in_flight == 0 && slot.addr == addr.downgrade()
        });
        if left.is_some() {
            meter::passivated();
        }
        left.is_some()
    }

    /// Asks every conversation that was not used for so many seconds to leave memory, and forgets
    /// those that died alone (in a turn of their own timer: nobody was told).
    pub(super) fn passivate(&self, idle: u32, now: Millis, registry: &Arc<Registry>) {
        let now = seconds(now);
        self.0.retain(|_, slot| {
            let Some(addr) = slot.addr.upgrade() else {
                return false;
            };
            if slot.in_flight == 0 && now.saturating_sub(slot.used) >= idle {
                // A full or closed mailbox means it is not idle, or gone.
                let _ = addr.try_send(Passivate(registry.clone()));
            }
            true
        });
    }

    /// Gives an address back when it is dropped.
    pub(super) fn lent<'a>(
        &'a self,
        key: &'a ConversationKey,
        addr: &'a Addr<Conversation>,
    ) -> CheckIn<'a> {
        CheckIn {
            slots: self,
            key,
            addr,
        }
    }
}

fn seconds(time: Millis) -> u32 {
    (time.0 / 1_000) as u32
}

/// Gives the slot back even when the waiting future is dropped.
pub(super) struct CheckIn<'a> {
    slots: &'a Slots,
    key: &'a ConversationKey,
    addr: &'a Addr<Conversation>,
}

impl Drop for CheckIn<'_> {
    fn drop(&mut self) {
        self.slots.checkin(self.key, self.addr);
    }
}
