//! The way to one service: its client, its places, its breaker, and the tries of a call.
//!
//! A try that was not answered, or answered 5xx or 429, is made again while tries and patience last:
//! every try of a call bears the same key, so a service that minds it does the thing once. Each try has
//! a connection of its own: calls come from many threads, and a connection belongs to one runtime.

use super::address::{Forbidden, Guard, Guarded};
use super::breaker::Breaker;
use super::request::Prepared;
use super::{Status, answer, told};
use crate::config::connectors::{Connector, Service};
use crate::domain::time::Span;
use crate::ports::connector::{Answered, Call};
use reqwest::Url;
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// Calls that may wait for a place, for each place there is.
const WAITING: usize = 4;
/// The pause before the second try; it doubles.
const PAUSE: Duration = Duration::from_millis(100);
/// A try with less time than this is not begun: it would only tell how long the queue was.
const LEAST: Duration = Duration::from_millis(100);
/// A service that is silent for this long is sick, even where the call had no time for the whole
/// `timeout`; a try that had less of both says nothing.
const FAIR: Duration = Duration::from_secs(5);

/// Why a call has no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The config in force has no such connector.
    Unknown,
    /// A value is missing, or would change the address.
    Unfit,
    /// The address is not public and not allowed.
    Forbidden,
    /// The breaker is open.
    BreakerOpen,
    /// Too many calls are under way.
    Full,
    /// No connection.
    Connect,
    /// No answer in time.
    Timeout,
    /// The connection broke, or what came was no HTTP.
    Broken,
    /// 5xx.
    Sick,
    /// 429: well, and asks for less.
    Throttled,
    /// The answer is longer than allowed.
    TooLong,
    /// No outcome of the connector fits.
    NoOutcome,
}

impl Trouble {
    /// Its name in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Trouble::Unknown => "unknown",
            Trouble::Unfit => "unfit",
            Trouble::Forbidden => "forbidden",
            Trouble::BreakerOpen => "breaker_open",
            Trouble::Full => "full",
            Trouble::Connect => "connect",
            Trouble::Timeout => "timeout",
            Trouble::Broken => "broken",
            Trouble::Sick => "sick",
            Trouble::Throttled => "throttled",
            Trouble::TooLong => "too_long",
            Trouble::NoOutcome => "no_outcome",
        }
    }

    /// Whether another try may end otherwise.
    fn may_pass(self) -> bool {
        self.is_sick() || self == Trouble::Throttled
    }

    /// Whether it says that the service is not well.
    fn is_sick(self) -> bool {
        matches!(
            self,
            Trouble::Connect | Trouble::Timeout | Trouble::Broken | Trouble::Sick
        )
    }
}

/// One service at work.
pub(super) struct Way {
    service: Arc<Service>,
    client: reqwest::Client,
    guard: Arc<Guard>,
    /// The host, when it is an address: no name is resolved then.
    address: Option<IpAddr>,
    breaker: Breaker,
    places: Semaphore,
    under_way: AtomicUsize,
}

impl Way {
    pub(super) fn new(service: Arc<Service>) -> Result<Way, Trouble> {
        let url = Url::parse(service.base.as_str()).map_err(|_| Trouble::Unfit)?;
        let port = url.port_or_known_default().ok_or(Trouble::Unfit)?;
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let guard = Arc::new(Guard {
            allow: service.allow.clone(),
            port,
        });
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(Guarded(guard.clone())))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .pool_max_idle_per_host(0)
            .connect_timeout(service.timeout.std())
            .build()
            .inspect_err(|error| tracing::error!(%error, "no http client"))
            .map_err(|_| Trouble::Broken)?;
        Ok(Way {
            client,
            guard,
            address: bare.parse().ok(),
            breaker: Breaker::new(&service),
            places: Semaphore::new(service.concurrency),
            under_way: AtomicUsize::new(0),
            service,
        })
    }

    /// Whether it was made for these settings.
    pub(super) fn serves(&self, service: &Service) -> bool {
        *self.service == *service
    }

    /// Takes it out of use; calls under way go on.
    pub(super) fn retire(&self) {
        self.breaker.retire();
    }

    pub(super) fn status(&self) -> Status {
        Status {
            service: self.service.id.clone(),
            breaker: self.breaker.state().name(),
            under_way: self.under_way.load(Ordering::Relaxed),
        }
    }

    /// Makes a call, with its tries.
    pub(super) async fn ask(
        &self,
        connector: &Connector,
        call: &Call,
    ) -> Result<Answered, Trouble> {
        let until = Instant::now() + call.patience.std();
        let most = self.service.concurrency.saturating_mul(1 + WAITING);
        let _here =
            Here::enter(&self.under_way, most).ok_or_else(|| self.refused(Trouble::Full))?;
        if self
            .address
            .is_some_and(|address| !self.guard.permits(address))
        {
            return Err(self.refused(Trouble::Forbidden));
        }
        let prepared = Prepared::of(connector, call).ok_or_else(|| self.refused(Trouble::Unfit))?;
        let place = timeout_at(until, self.places.acquire()).await;
        let _place = place
            .map_err(|_| self.refused(Trouble::Full))?
            .map_err(|_| Trouble::Full)?;
        let mut pause = PAUSE;
        let mut tries = 0;
        loop {
            tries += 1;
            let began = Instant::now();
            let left = until.saturating_duration_since(began);
            if left < LEAST {
                return Err(self.refused(Trouble::Timeout));
            }
            let leave = self.breaker.admit();
            let leave = leave.ok_or_else(|| self.refused(Trouble::BreakerOpen))?;
            let timeout = self.service.timeout.std();
            let result = self
                .try_once(connector, &prepared, began + left.min(timeout))
                .await;
            let took = Span(began.elapsed().as_millis() as u64);
            match &result {
                // Too little time is our doing, not the service's.
                Err(Trouble::Timeout) if left < timeout.min(FAIR) => drop(leave),
                Err(trouble) => leave.settle(!trouble.is_sick()),
                Ok(_) => leave.settle(true),
            }
            told(
                &self.service.id,
                result
                    .as_ref()
                    .map_or_else(|trouble| trouble.name(), |_| "answered"),
                took,
            );
            match result {
                Err(trouble)
                    if trouble.may_pass()
                        && tries < self.service.tries
                        && Instant::now() + pause + LEAST < until =>
                {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                result => return result,
            }
        }
    }

    async fn try_once(
        &self,
        connector: &Connector,
        prepared: &Prepared,
        until: Instant,
    ) -> Result<Answered, Trouble> {
        let answered = async {
            let sent = self.client.execute(prepared.request()).await;
            let mut response = sent.map_err(|error| trouble_of(&error))?;
            let status = response.status().as_u16();
            let most = self.service.max_answer.bytes();
            let body = answer::body(&mut response, most).await;
            let outcome = body
                .as_ref()
                .ok()
                .and_then(|body| answer::outcome(connector, status, body));
            match (outcome, body) {
                // What the config has a name for is an answer, even a 503.
                (Some(outcome), _) => Ok(outcome),
                (None, _) if status >= 500 => Err(Trouble::Sick),
                (None, _) if status == 429 => Err(Trouble::Throttled),
                (None, Err(trouble)) => Err(trouble),
                (None, Ok(_)) => Err(Trouble::NoOutcome),
            }
        };
        timeout_at(until, answered)
            .await
            .unwrap_or(Err(Trouble::Timeout))
    }

    /// A call that nothing was sent for.
    fn refused(&self, trouble: Trouble) -> Trouble {
        told(&self.service.id, trouble.name(), Span(0));
        trouble
    }
}

/// Counts a call while it is under way.
struct Here<'w>(&'w AtomicUsize);

impl Here<'_> {
    fn enter(count: &AtomicUsize, most: usize) -> Option<Here<'_>> {
        let before = count.fetch_add(1, Ordering::Relaxed);
        let here = Here(count);
        (before < most).then_some(here)
    }
}

impl Drop for Here<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn trouble_of(error: &reqwest::Error) -> Trouble {
    let mut cause = error.source();
    while let Some(source) = cause {
        if source.is::<Forbidden>() {
            return Trouble::Forbidden;
        }
        cause = source.source();
    }
    if error.is_timeout() {
        Trouble::Timeout
    } else if error.is_connect() {
        Trouble::Connect
    } else {
        Trouble::Broken
    }
}
