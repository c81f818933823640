//! What a conversation does while an answer of its waits, and what it is told then: it stands in the
//! line of its channel, hears that LINE takes sends, and that it may leave memory.
//!
//! A pause between two tries may be longer than any timer of its own, so an idle conversation can
//! have an answer that waits. It stays in memory while it stands in line with one: whoever has left
//! is not called.

use super::conversation::Conversation;
use super::lines::LineIsWell;
use super::turn::Turned;
use crate::domain::conversation::Event;
use crate::domain::ids::ConversationKey;
use actix::prelude::*;
use std::sync::Arc;

/// Who decides whether a conversation may leave memory now.
pub(super) trait Retire: Send + Sync {
    /// Lets an idle actor leave, unless somebody is about to deliver to it.
    fn retire(&self, key: &ConversationKey, addr: &Addr<Conversation>) -> bool;
}

/// Asks an idle conversation to leave memory.
pub(super) struct Passivate(pub(super) Arc<dyn Retire>);

impl Message for Passivate {
    type Result = ();
}

impl Conversation {
    /// Takes its place in the line of its channel, or says that it holds nothing back any more.
    pub(super) fn wait(&mut self, turned: &Turned, ctx: &mut Context<Self>) {
        let (shared, channel) = (&self.shared, &self.key.channel);
        if self.holds != turned.held.is_some() {
            self.holds = turned.held.is_some();
            shared.lines.count(channel, self.holds);
        }
        self.wants_call = turned.wants_call;
        if turned.wants_call && !self.in_line {
            let since = turned.held.unwrap_or_else(|| shared.store.now());
            let me = ctx.address().downgrade();
            self.in_line = shared.lines.stand(channel, since, me);
            // Held back behind others while there is room: whoever is first goes.
            if self.holds && shared.messenger.room(channel) > 0 {
                shared.lines.pass_on(channel);
            }
        }
    }
}

impl Drop for Conversation {
    /// However it ends: what it held back is the due index's.
    fn drop(&mut self) {
        if self.holds {
            self.shared.lines.count(&self.key.channel, false);
        }
    }
}

impl Handler<LineIsWell> for Conversation {
    type Result = ();

    fn handle(&mut self, _: LineIsWell, ctx: &mut Context<Self>) {
        self.in_line = false;
        if self.wants_call {
            self.enqueue(Event::LineIsWell);
            self.pump(ctx);
        } else {
            self.shared.lines.pass_on(&self.key.channel);
        }
    }
}

impl Handler<Passivate> for Conversation {
    type Result = ();

    fn handle(&mut self, Passivate(registry): Passivate, ctx: &mut Context<Self>) {
        let is_called = self.in_line && self.wants_call;
        if self.is_idle() && !is_called && registry.retire(&self.key, &ctx.address()) {
            ctx.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokio adds 104 bytes and aligns a task to 128; allocators align 512 bytes for nothing, and
    /// take 768 for the next size.
    #[test]
    fn an_idle_actor_is_small() {
        let size = std::mem::size_of::<dev::ContextFut<Conversation, Context<Conversation>>>();
        assert!(size + 104 <= 512, "{size}");
    }
}
