//! Wakes what owes something: the net under every timer, and the recovery after a crash.
//!
//! The due index says when each conversation owes something next. At the start everything due soon
//! counts as due now: calls of the process that died are taken over at once, freshest first.

use super::registry::Registry;
use crate::domain::ids::{ChannelId, ChatId, ConversationKey};
use crate::domain::time::Span;
use crate::ports::store::{Due, EntityKind};
use crate::telemetry::meter;
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// How often the index is asked.
const EVERY: Duration = Duration::from_secs(1);
/// A claimed conversation that did not settle its due time comes back after this.
const HOLD: Span = Span::secs(30);
/// Conversations woken side by side: bounds what recovery takes from new work.
const BATCH: usize = 256;
/// At the start, what is due within this is taken over now: longer than any call.
const RECOVERY_HORIZON: Span = Span::secs(60);

/// The actor.
pub struct Sweeper {
    registry: Arc<Registry>,
    sweeping: bool,
    recovering: bool,
    since_idle_look: u32,
}

impl Sweeper {
    /// A sweeper that begins with recovery.
    pub fn new(registry: Arc<Registry>) -> Sweeper {
        Sweeper {
            registry,
            sweeping: false,
            recovering: true,
            since_idle_look: 0,
        }
    }

    fn sweep(&mut self, ctx: &mut Context<Self>) {
        self.since_idle_look += 1;
        if self.since_idle_look >= 10 {
            self.since_idle_look = 0;
            self.registry.passivate_idle();
        }
        if self.sweeping {
            return;
        }
        self.sweeping = true;
        let registry = self.registry.clone();
        let horizon = if self.recovering {
            RECOVERY_HORIZON
        } else {
            Span(0)
        };
        let sweep = async move { sweep(&registry, horizon).await };
        ctx.spawn(sweep.into_actor(self).map(|finished, actor, _| {
            actor.sweeping = false;
            actor.recovering &= !finished;
        }));
    }
}

/// One pass; `true` when the index had nothing more.
async fn sweep(registry: &Registry, horizon: Span) -> bool {
    let store = &registry.shared().store;
    // A bounded number of batches, so that the idle look and the timers get their turn.
    for _ in 0..64 {
        let claimed = match store.claim_due(store.now() + horizon, HOLD, BATCH).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(error = %error, "due index cannot be asked");
                return false;
            }
        };
        let finished = claimed.len() < BATCH;
        if horizon.0 > 0 && !claimed.is_empty() {
            meter::recovered(claimed.len());
        }
        let wakes = claimed.iter().map(|due| async move {
            match (due.key.kind, conversation(due)) {
                (EntityKind::Conversation, Some(key)) => registry.wake(&key).await,
                (EntityKind::Quarantine, Some(key)) => registry.catch_up(&key).await,
                // Other kinds have no timers yet.
                _ => {}
            }
        });
        futures_util::future::join_all(wakes).await;
        if finished {
            return true;
        }
    }
    false
}

/// The conversation an entity key names.
fn conversation(due: &Due) -> Option<ConversationKey> {
    let (channel, chat) = due.key.id.split_once('/')?;
    Some(ConversationKey::new(
        ChannelId::new(channel),
        ChatId::new(chat),
    ))
}

impl Actor for Sweeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.sweep(ctx);
        ctx.run_interval(EVERY, |actor, ctx| actor.sweep(ctx));
    }
}
