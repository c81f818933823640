//! Channel access tokens: a long-lived one, or stateless ones of 15 minutes.
//!
//! Stateless tokens are issued by one caller at a time, renewed at 80 % of their life at the
//! latest, and kept to their end when renewal fails. A token LINE refused is renewed once; when
//! the new one is refused too, the trouble is elsewhere and the caller is told so. Tokens and
//! secrets are never logged and have no `Debug`.
//! Source: Messaging API reference, "Issue stateless channel access token".

use crate::domain::ids::ChannelId;
use crate::domain::time::{Millis, Span};
use crate::line::http::{Clock, Endpoint, Observer, StatusClass, post_form};
use crate::line_wire::api::TokenBody;
use reqwest::Url;
use reqwest::header::HeaderValue;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

mod source;

pub use source::{Secret, TokenError, TokenSource};

use source::header;

/// Wait after a failed issue, doubled up to [`MAX_BACKOFF`].
const BACKOFF: Span = Span(500);
const MAX_BACKOFF: Span = Span::secs(30);
/// A token is not used in its last seconds: it could die on the way.
const MARGIN: Span = Span::secs(5);

/// A token in use.
#[derive(Clone)]
pub struct Bearer {
    header: HeaderValue,
    generation: u64,
}

impl Bearer {
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// A newer token is there or can be had: worth one more try.
    Renewing,
    /// A token that had just been renewed was refused, or there is none to be had.
    Hopeless,
}

impl Rejected {
    /// Whether a second try makes sense.
    pub fn can_try_again(self) -> bool {
        self == Rejected::Renewing
    }
}

struct Live {
    bearer: Bearer,
    renew_at: Millis,
    ends: Millis,
}

struct State {
    source: TokenSource,
    live: Option<Live>,
    generation: u64,
    not_before: Millis,
    failures: u32,
    /// The last failure, told to those who come while waiting.
    error: TokenError,
}

/// The tokens of one channel.
pub struct Tokens {
    channel: ChannelId,
    url: Url,
    clock: Clock,
    observer: Arc<dyn Observer>,
    state: Mutex<State>,
    /// One caller issues, the others wait for it.
    issuing: tokio::sync::Mutex<()>,
    /// The last renewal was forced by a refusal and LINE has not accepted a token since.
    on_trial: AtomicBool,
}

impl Tokens {
    pub(crate) fn new(
        channel: ChannelId,
        url: Url,
        source: TokenSource,
        clock: Clock,
        observer: Arc<dyn Observer>,
    ) -> Tokens {
        Tokens {
            channel,
            url,
            clock,
            observer,
            state: Mutex::new(State {
                source,
                live: None,
                generation: 0,
                not_before: Millis(0),
                failures: 0,
                error: TokenError::Unavailable,
            }),
            issuing: tokio::sync::Mutex::new(()),
            on_trial: AtomicBool::new(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes another source at once: a reissued long-lived token, a new secret.
    pub fn replace(&self, source: TokenSource) {
        let mut state = self.state();
        state.source = source;
        state.generation += 1; // what is on its way belongs to the old source
        state.live = None;
        state.not_before = Millis(0);
        state.failures = 0;
        self.on_trial.store(false, Ordering::Relaxed);
    }

    /// A token to send with; waits at most `patience` for one to be issued.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn bearer(self: &Arc<Self>, patience: Duration) -> Result<Bearer, TokenError> {
        if let Some(bearer) = self.ready()? {
            return Ok(bearer);
        }
        let issued = async {
            let _turn = self.issuing.lock().await;
            if let Some(bearer) = self.ready()? {
                return Ok(bearer);
            }
            self.issue().await
        };
        tokio::time::timeout(patience, issued)
            .await
            .unwrap_or(Err(TokenError::Unavailable))
    }

    /// The live token, if there is one; starts its renewal in the background when it is due.
    fn ready(self: &Arc<Self>) -> Result<Option<Bearer>, TokenError> {
        let now = (self.clock)();
        let mut state = self.state();
        if let Some(live) = &state.live
            && now < live.ends
        {
            let bearer = live.bearer.clone();
            let is_due = now >= live.renew_at && now >= state.not_before;
            drop(state);
            if is_due && self.issuing.try_lock().is_ok() {
                self.renew_in_background();
            }
            return Ok(Some(bearer));
        }
        if let TokenSource::LongLived(token) = &state.source {
            let header = header(token.reveal())?;
            state.generation += 1;
            let bearer = Bearer {
                header,
                generation: state.generation,
            };
            state.live = Some(Live {
                bearer: bearer.clone(),
                renew_at: Millis(u64::MAX),
                ends: Millis(u64::MAX),
            });
            return Ok(Some(bearer));
        }
        if now < state.not_before {
            return Err(state.error.clone());
        }
        Ok(None)
    }

    /// Asks for another token without anybody waiting for it.
    pub(crate) fn renew_in_background(self: &Arc<Self>) {
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let _turn = this.issuing.lock().await;
            let is_due = {
                let now = (this.clock)();
                let state = this.state();
                let is_old = state.live.as_ref().is_none_or(|live| now >= live.renew_at);
                is_old && now >= state.not_before
            };
            if is_due {
                let _ = this.issue().await; // logged there; the old token stays to its end
            }
        });
    }

    /// Asks LINE for a token. The caller holds `issuing`.
    async fn issue(&self) -> Result<Bearer, TokenError> {
        let (form, generation) = {
            let state = self.state();
            // `None`: the source was replaced while we waited.
            let form = state.source.form().ok_or(TokenError::Unavailable)?;
            (form, state.generation)
        };
        let asked = (self.clock)();
        let begun = Instant::now();
        let result = post_form(self.url.clone(), form).await;
        let class = match &result {
            Ok(answer) => StatusClass::of(answer.status),
            Err(_) => StatusClass::Lost,
        };
        self.observer
            .called(&self.channel, Endpoint::Token, class, begun.elapsed());
        let request_id = result.as_ref().ok().and_then(|a| a.request_id.clone());
        let issued = match result {
            Ok(answer) if (200..300).contains(&answer.status) => {
                serde_json::from_slice::<TokenBody>(answer.body.as_deref().unwrap_or_default())
                    .ok()
                    .filter(|body| !body.access_token.is_empty() && body.expires_in > 0)
                    .ok_or(TokenError::Unavailable)
            }
            Ok(answer) if (400..500).contains(&answer.status) && answer.status != 429 => {
                Err(TokenError::Refused(answer.status))
            }
            Ok(_) | Err(_) => Err(TokenError::Unavailable),
        };
        let issued = issued.and_then(|body| Ok((header(&body.access_token)?, body.expires_in)));
        let (channel, endpoint) = (self.channel.as_str(), Endpoint::Token.name());
        let request_id = request_id.as_deref();
        let mut state = self.state();
        if state.generation != generation {
            return Err(TokenError::Unavailable); // replaced while LINE was asked
        }
        match issued {
            Ok((header, seconds)) => {
                tracing::info!(
                    channel,
                    endpoint,
                    request_id,
                    seconds,
                    "access token issued"
                );
                let life = Span::secs(seconds.min(3_600));
                state.generation += 1;
                let bearer = Bearer {
                    header,
                    generation: state.generation,
                };
                // 75–80 % of the life: many nodes do not renew in the same instant.
                let renew = life.0 * (7_500 + u64::from(jitter(500))) / 10_000;
                state.live = Some(Live {
                    bearer: bearer.clone(),
                    renew_at: asked + Span(renew),
                    ends: asked + Span(life.0 - MARGIN.0.min(life.0 / 10)),
                });
                state.failures = 0;
                state.not_before = Millis(0);
                Ok(bearer)
            }
            Err(error) => {
                let wait = BACKOFF.0 << state.failures.min(10);
                let wait = wait.min(MAX_BACKOFF.0);
                state.failures = state.failures.saturating_add(1);
                let spread = wait / 2 + u64::from(jitter(1_000)) * wait / 2_000;
                state.not_before = (self.clock)() + Span(spread);
                state.error = error.clone();
                tracing::warn!(channel, endpoint, request_id, %error, "no access token");
                Err(error)
            }
        }
    }

    /// LINE took a token.
    pub(crate) fn accepted(&self) {
        if self.on_trial.load(Ordering::Relaxed) {
            self.on_trial.store(false, Ordering::Relaxed);
        }
    }

    /// LINE answered 401 to a token.
    pub(crate) fn rejected(&self, bearer: &Bearer) -> Rejected {
        let mut state = self.state();
        let is_current = state
            .live
            .as_ref()
            .is_some_and(|live| live.bearer.generation == bearer.generation);
        if !is_current {
            return Rejected::Renewing; // somebody has renewed since
        }
        if matches!(state.source, TokenSource::LongLived(_)) {
            return Rejected::Hopeless;
        }
        // The token is not good, whoever is to blame: the next caller asks for another.
        state.live = None;
        if self.on_trial.swap(true, Ordering::Relaxed) {
            Rejected::Hopeless
        } else {
            Rejected::Renewing
        }
    }
}

/// A random number below `bound`.
fn jitter(bound: u32) -> u32 {
    getrandom::u32().unwrap_or(0) % bound
}
