//! Our own supervisor: factory, heartbeat, counters, backoff.
//!
//! It owns the address callers use, so they survive a restart of the worker. One supervisor and one
//! worker per arbiter: an ask never crosses threads.

use crate::telemetry::meter;
use actix::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often a supervisor looks at its worker.
const HEARTBEAT: Duration = Duration::from_millis(250);
/// The pause before a worker that keeps dying is started again; doubles up to the maximum.
const BACKOFF: Duration = Duration::from_millis(10);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A worker that lived this long is in good health again.
const HEALTHY: Duration = Duration::from_secs(10);

/// What a stage shows of itself, over all arbiters.
#[derive(Debug, Default)]
pub struct Observed {
    /// Workers alive.
    pub alive: AtomicU64,
    /// Workers replaced.
    pub restarts: AtomicU64,
}

/// The current worker of this arbiter, as callers see it.
pub struct Handle<W: Actor<Context = Context<W>>> {
    current: Rc<RefCell<Option<Addr<W>>>>,
    supervisor: Addr<Supervisor<W>>,
}

impl<W: Actor<Context = Context<W>>> Handle<W> {
    /// Starts a supervisor and its worker on the current arbiter.
    pub fn start(
        stage: &'static str,
        observed: Arc<Observed>,
        factory: impl Fn() -> W + 'static,
    ) -> Handle<W> {
        let current = Rc::new(RefCell::new(None));
        let mut supervisor = Supervisor {
            stage,
            observed,
            factory: Box::new(factory),
            current: current.clone(),
            began: Instant::now(),
            backoff: BACKOFF,
            waiting: false,
        };
        supervisor.start_worker();
        Handle {
            current,
            supervisor: supervisor.start(),
        }
    }

    /// The worker, or `None` while a dead one waits to be replaced.
    pub fn worker(&self) -> Option<Addr<W>> {
        self.current.borrow().clone()
    }

    /// Tells the supervisor at once what its next heartbeat would find.
    pub fn report_death(&self) {
        // A supervisor whose mailbox is full has been told already.
        let _ = self.supervisor.try_send(LookNow);
    }
}

struct LookNow;

impl Message for LookNow {
    type Result = ();
}

/// Watches one worker.
pub struct Supervisor<W: Actor> {
    stage: &'static str,
    observed: Arc<Observed>,
    factory: Box<dyn Fn() -> W>,
    current: Rc<RefCell<Option<Addr<W>>>>,
    began: Instant,
    backoff: Duration,
    waiting: bool,
}

impl<W: Actor<Context = Context<W>>> Supervisor<W> {
    fn start_worker(&mut self) {
        self.began = Instant::now();
        self.waiting = false;
        self.observed.alive.fetch_add(1, Ordering::Relaxed);
        *self.current.borrow_mut() = Some((self.factory)().start());
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        let alive = self.current.borrow().as_ref().is_some_and(Addr::connected);
        if alive || self.waiting {
            return;
        }
        *self.current.borrow_mut() = None;
        self.observed.alive.fetch_sub(1, Ordering::Relaxed);
        self.observed.restarts.fetch_add(1, Ordering::Relaxed);
        meter::stage_restarted(self.stage, "panic");
        self.backoff = if self.began.elapsed() > HEALTHY {
            BACKOFF
        } else {
            (self.backoff * 2).min(BACKOFF_MAX)
        };
        tracing::error!(
            stage = self.stage,
            pause_ms = self.backoff.as_millis() as u64,
            "stage worker died and will be replaced"
        );
        self.waiting = true;
        ctx.run_later(self.backoff, |supervisor, _| supervisor.start_worker());
    }
}

impl<W: Actor<Context = Context<W>>> Actor for Supervisor<W> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.run_interval(HEARTBEAT, |supervisor, ctx| supervisor.look(ctx));
    }
}

impl<W: Actor<Context = Context<W>>> Handler<LookNow> for Supervisor<W> {
    type Result = ();

    fn handle(&mut self, _: LookNow, ctx: &mut Context<Self>) {
        self.look(ctx);
    }
}
