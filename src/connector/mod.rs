//! Calls of guided dialogues to other systems: the body of `ports::connector`.
//!
//! Law of this room: nothing is asked that the config does not name. The host is the config's alone, a
//! customer's words fill values; a name leads only to public addresses unless the config names the
//! others; no redirect is followed, no proxy asked. Whatever goes wrong is the outcome `failed`, in
//! time. Logs and metrics know services and connectors, never what customers said.
//!
//! | file | what |
//! |---|---|
//! | `way` | one service: client, breaker, places; tries |
//! | `address` | which addresses a name may lead to |
//! | `request` | templates to a request |
//! | `answer` | an answer to an outcome and its fields |
//! | `breaker` | leaves a sick service alone |

mod address;
mod answer;
mod breaker;
mod request;
mod way;

use crate::config::connectors::Connectors as Specs;
use crate::domain::time::Span;
use crate::ports::connector::{Answered, Call, Connectors, FAILED};
use crate::telemetry::meter;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use way::Way;

pub use way::Trouble;

/// Most that a call may be late beyond its patience; the port allows one second.
const LATE: Duration = Duration::from_millis(500);

/// Calls over HTTP, by the connectors of the config in force.
pub struct HttpConnectors {
    specs: Arc<dyn Fn() -> Arc<Specs> + Send + Sync>,
    ways: Mutex<HashMap<Arc<str>, Arc<Way>>>,
}

/// A service as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its id.
    pub service: Arc<str>,
    /// `closed`, `open` or `half_open`.
    pub breaker: &'static str,
    /// Calls under way or waiting for a place.
    pub under_way: usize,
}

impl HttpConnectors {
    /// Asks for the connectors in force at each call, so that a reload changes the next one.
    pub fn new(specs: Arc<dyn Fn() -> Arc<Specs> + Send + Sync>) -> HttpConnectors {
        HttpConnectors {
            specs,
            ways: Mutex::default(),
        }
    }

    /// The services of the config in force that were asked so far.
    pub fn status(&self) -> Vec<Status> {
        let specs = (self.specs)();
        let ways = self.ways(&specs);
        let mut all: Vec<Status> = ways.values().map(|way| way.status()).collect();
        all.sort_by(|a, b| a.service.cmp(&b.service));
        all
    }

    /// The ways that are still of use: one whose service a reload took away or changed is dropped.
    fn ways(&self, specs: &Specs) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Way>>> {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        ways.retain(|_, way| {
            let kept = specs.services.iter().any(|service| way.serves(service));
            if !kept {
                way.retire();
            }
            kept
        });
        ways
    }

    /// The way to a service. One whose settings a reload changed is a new one: its breaker starts
    /// closed, its places are free.
    fn way(
        &self,
        call: &Call,
    ) -> Result<(Arc<Way>, crate::config::connectors::Connector), Trouble> {
        let specs = (self.specs)();
        let connector = specs.get(&call.connector);
        let connector = connector.ok_or(Trouble::Unknown)?.clone();
        let mut ways = self.ways(&specs);
        let id = &connector.service.id;
        if let Some(way) = ways.get(id) {
            return Ok((way.clone(), connector));
        }
        let way = Arc::new(Way::new(connector.service.clone())?);
        ways.insert(id.clone(), way.clone());
        Ok((way, connector))
    }
}

impl Connectors for HttpConnectors {
    fn call(&self, call: Call) -> BoxFuture<'static, Answered> {
        let name = call.connector.clone();
        let (way, connector) = match self.way(&call) {
            Ok(found) => found,
            Err(trouble) => {
                tracing::warn!(connector = %name, trouble = trouble.name(), "call failed");
                return Box::pin(async { failed() });
            }
        };
        let patience = call.patience;
        let limit = patience.std() + LATE;
        let asked = async move { way.ask(&connector, &call).await };
        let contained = AssertUnwindSafe(asked).catch_unwind();
        Box::pin(async move {
            match tokio::time::timeout(limit, contained).await {
                Ok(Ok(Ok(answered))) => answered,
                Ok(Ok(Err(trouble))) => {
                    tracing::warn!(connector = %name, trouble = trouble.name(), "call failed");
                    failed()
                }
                Ok(Err(_)) => {
                    tracing::error!(connector = %name, "call panicked");
                    failed()
                }
                Err(_) => {
                    tracing::warn!(connector = %name, patience_ms = patience.0, "call took too long");
                    failed()
                }
            }
        })
    }
}

fn failed() -> Answered {
    Answered {
        outcome: Arc::from(FAILED),
        fields: Vec::new(),
    }
}

/// What is told to the metrics of one try.
fn told(service: &str, result: &'static str, took: Span) {
    meter::connector_try(service, result, took.0 as f64 / 1_000.0);
}

#[cfg(test)]
mod tests;
