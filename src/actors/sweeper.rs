//! Looks at the due index every second: the clock of [`Sweeps`], and of idle conversations.

use super::registry::Registry;
use super::sweeps::Sweeps;
use actix::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// How often the index is asked.
const EVERY: Duration = Duration::from_secs(1);
/// Idle conversations are looked for once in so many times.
const IDLE_LOOK: u32 = 10;

/// The actor.
pub struct Sweeper {
    registry: Arc<Registry>,
    sweeps: Sweeps,
    sweeping: bool,
    since_idle_look: u32,
}

impl Sweeper {
    /// A sweeper that begins with recovery.
    pub fn new(registry: Arc<Registry>) -> Sweeper {
        Sweeper {
            sweeps: Sweeps::new(registry.clone()),
            registry,
            sweeping: false,
            since_idle_look: 0,
        }
    }

    fn sweep(&mut self, ctx: &mut Context<Self>) {
        self.since_idle_look += 1;
        if self.since_idle_look >= IDLE_LOOK {
            self.since_idle_look = 0;
            self.registry.passivate_idle();
        }
        if self.sweeping {
            return;
        }
        self.sweeping = true;
        let sweeps = self.sweeps.clone();
        let look = async move { sweeps.look().await };
        ctx.spawn(
            look.into_actor(self)
                .map(|_, actor, _| actor.sweeping = false),
        );
    }
}

impl Actor for Sweeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.sweep(ctx);
        ctx.run_interval(EVERY, |actor, ctx| actor.sweep(ctx));
    }
}
