//! The breaker of one service: the domain's reckoning behind a lock, and its gauge.
//!
//! A row of failed tries opens it; after a rest one try at a time probes; one good answer closes it, a bad
//! one begins the rest anew, which is always the same: calls are few, and the config says how long.

use crate::config::connectors::Service;
use crate::domain::breaker::{Breaker as Reckoning, Leave, Limits, State};
use crate::domain::time::Millis;
use crate::telemetry::meter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// The breaker of one service.
#[derive(Debug)]
pub(super) struct Breaker {
    service: Arc<str>,
    began: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    reckoning: Reckoning,
    /// Another one has taken its place: the gauge is no more its own.
    retired: bool,
}

/// Leave for one try. Dropped without a verdict it says nothing.
pub(super) struct Held<'b> {
    breaker: &'b Breaker,
    leave: Option<Leave>,
}

impl Breaker {
    /// A closed breaker; its gauge says so.
    pub(super) fn new(service: &Service) -> Breaker {
        let limits = Limits {
            failures: service.breaker_failures,
            rest: service.breaker_rest,
            longest: service.breaker_rest,
            probes: 1,
        };
        meter::connector_breaker(&service.id, false);
        Breaker {
            service: service.id.clone(),
            began: Instant::now(),
            inner: Mutex::new(Inner {
                reckoning: Reckoning::new(limits),
                retired: false,
            }),
        }
    }

    /// Takes it out of use: what calls under way still find out changes the gauge no more.
    pub(super) fn retire(&self) {
        self.inner().retired = true;
        meter::connector_breaker(&self.service, false);
    }

    /// The state at present.
    pub(super) fn state(&self) -> State {
        let now = self.now();
        self.inner().reckoning.state_at(now)
    }

    /// Leave for a try; `None` while it is open, or while another one probes.
    pub(super) fn admit(&self) -> Option<Held<'_>> {
        let now = self.now();
        let leave = self.inner().reckoning.admit(now)?;
        Some(Held {
            breaker: self,
            leave: Some(leave),
        })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Millis {
        Millis(self.began.elapsed().as_millis() as u64)
    }
}

impl Held<'_> {
    /// Tells how the try went.
    pub(super) fn settle(mut self, is_well: bool) {
        let Some(leave) = self.leave.take() else {
            return;
        };
        let now = self.breaker.now();
        let mut inner = self.breaker.inner();
        let Some(state) = inner.reckoning.settle(&leave, is_well, now) else {
            return;
        };
        let service = &self.breaker.service;
        tracing::warn!(%service, breaker = state.name(), "connector breaker changed");
        if !inner.retired {
            meter::connector_breaker(service, state != State::Closed);
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take() {
            self.breaker.inner().reckoning.release(&leave);
        }
    }
}
