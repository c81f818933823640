//! A model's server: asked in the manner it understands, tried again when that is safe and worth it, left alone
//! when it is sick.
//!
//! A question has no effect on the server but its price, so trying it again is safe; each try stays within the
//! question's deadline. Refusals of the manner of asking are not failures. A server is called slow only when it
//! had time: what a question waited before it was asked says nothing of the server.

use super::http::{Answer, Lost, post};
use super::manner::Manner;
use super::prompt::Prompt;
use super::wire::{self, Completion, Limits};
use crate::config::settings::OpenAi;
use crate::domain::breaker::{Breaker, Leave, State};
use crate::domain::time::{Millis, Span};
use crate::domain::verdict::Failing;
use crate::telemetry::meter;
use reqwest::Url;
use reqwest::header::HeaderValue;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The pause before a second try; doubles, and varies by half of itself.
const PAUSE: Duration = Duration::from_millis(250);
/// A try with less time than this is not begun: no model answers so fast.
const LEAST: Duration = Duration::from_millis(500);
/// A server's wish to be left alone is kept for at most this long.
const REST: Duration = Duration::from_secs(60);
/// More steps than any ladder of manners has.
const STEPS: u32 = 8;

/// The server.
pub(super) struct Server {
    id: u64,
    url: Url,
    bearer: Option<HeaderValue>,
    model: Arc<str>,
    limits: Limits,
    tries: u32,
    /// Half of `ai.timeout`: a try that had less and timed out says nothing of the server.
    fair: Duration,
    manner: AtomicU8,
    breaker: Mutex<Breaker>,
    began: Instant,
    /// Until when it asked to be left alone.
    rests: Mutex<Option<Instant>>,
}

impl Server {
    /// Prepares; nothing is sent. `timeout`: of a whole answer. `None`: the address or the key cannot stand in
    /// a request.
    pub fn new(settings: &OpenAi, timeout: Span) -> Option<Server> {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let url = format!("{}/chat/completions", settings.base_url);
        let bearer = match &settings.api_key {
            Some(key) => {
                let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose())).ok()?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        Some(Server {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            url: Url::parse(&url).ok()?,
            bearer,
            model: settings.model.clone(),
            limits: Limits {
                temperature: settings.temperature.get(),
                max_tokens: settings.max_tokens,
            },
            tries: settings.tries,
            fair: timeout.std() / 2,
            manner: AtomicU8::new(Manner::BEST.byte()),
            breaker: Mutex::new(Breaker::new(settings.breaker)),
            began: Instant::now(),
            rests: Mutex::new(None),
        })
    }

    /// How it is asked at present.
    pub fn manner(&self) -> Manner {
        Manner::of(self.manner.load(Ordering::Relaxed))
    }

    /// Its breaker's state.
    pub fn state(&self) -> State {
        self.breaker().state()
    }

    /// Asks. `spent` is told once for each request that may have cost something.
    pub async fn ask(
        &self,
        prompt: &Prompt,
        until: Instant,
        mut spent: impl FnMut(Option<(u64, u64)>),
    ) -> Result<Completion, Failing> {
        let mut manner = self.manner();
        let mut steps = 0;
        let mut tries = 1;
        loop {
            if self.rests_now() {
                return Err(Failing::Throttled);
            }
            // Too late is nobody's sickness: the breaker is not asked.
            let left = until.saturating_duration_since(Instant::now());
            if left < LEAST {
                return Err(Failing::Timeout);
            }
            let leave = self.admit().ok_or(Failing::BreakerOpen)?;
            let body = wire::request(&self.model, prompt, self.limits, manner).to_string();
            let (url, bearer) = (self.url.clone(), self.bearer.clone());
            let result = post(self.id, url, bearer, body.into_bytes(), until).await;
            meter::assistant_call(code(&result));
            let (failing, pause) = match result {
                Ok(answer) if (200..300).contains(&answer.status) => {
                    let completion = wire::completion(&answer.body);
                    spent(completion.as_ref().and_then(|said| said.usage));
                    leave.settle(completion.is_some());
                    if completion.is_some() && steps > 0 {
                        self.remember(manner);
                    }
                    return completion.ok_or(Failing::Malformed);
                }
                Ok(answer) if refuses_manner(answer.status) => {
                    leave.settle(true);
                    let words = String::from_utf8_lossy(&answer.body);
                    if let Some(next) = manner.after(&words)
                        && steps < STEPS
                    {
                        steps += 1;
                        manner = next;
                        continue;
                    }
                    tracing::warn!(
                        status = answer.status,
                        "the assistant's server refused a question"
                    );
                    return Err(Failing::Server);
                }
                Ok(answer) if answer.status == 429 => {
                    leave.settle(true);
                    let is_broke = is_broke(&answer);
                    if is_broke {
                        tracing::error!("the account at the assistant's server has no quota left");
                    }
                    let pause = answer.retry_after.unwrap_or(PAUSE * 4);
                    if is_broke || !fits(pause, until) {
                        self.rest(if is_broke { REST } else { pause });
                        return Err(Failing::Throttled);
                    }
                    (Failing::Throttled, pause)
                }
                Ok(answer) => {
                    leave.settle(false);
                    // Its key or address is wrong: trying again changes nothing.
                    if (400..500).contains(&answer.status) && answer.status != 408 {
                        tracing::error!(
                            status = answer.status,
                            "the assistant's server refuses us"
                        );
                        return Err(Failing::Server);
                    }
                    let pause = answer.retry_after.unwrap_or_else(|| backoff(tries));
                    (Failing::Server, pause)
                }
                Err(lost) => {
                    if lost != Lost::NotConnected {
                        spent(None); // it may have worked on the answer
                    }
                    if lost == Lost::Timeout {
                        if left >= self.fair {
                            leave.settle(false);
                        }
                        return Err(Failing::Timeout);
                    }
                    leave.settle(false);
                    (Failing::Server, backoff(tries))
                }
            };
            if tries >= self.tries || !fits(pause, until) {
                return Err(failing);
            }
            tries += 1;
            tokio::time::sleep(pause).await;
        }
    }

    fn remember(&self, manner: Manner) {
        let byte = manner.byte();
        if self.manner.swap(byte, Ordering::Relaxed) != byte {
            tracing::info!(
                format = manner.format.name(),
                logprobs = manner.logprobs,
                temperature = manner.temperature,
                "the assistant's server wants to be asked this way"
            );
        }
    }

    fn rests_now(&self) -> bool {
        let rests = *self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        rests.is_some_and(|until| Instant::now() < until)
    }

    fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause.min(REST);
        *self.rests.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    fn now(&self) -> Millis {
        Millis(self.began.elapsed().as_millis() as u64)
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self) -> Option<Held<'_>> {
        let leave = self.breaker().admit(self.now())?;
        Some(Held {
            server: self,
            leave: Some(leave),
        })
    }
}

/// Leave for one call; a call that is dropped on the way says nothing.
struct Held<'a> {
    server: &'a Server,
    leave: Option<Leave>,
}

impl Held<'_> {
    fn settle(mut self, is_well: bool) {
        let Some(leave) = self.leave.take() else {
            return;
        };
        let now = self.server.now();
        let changed = self.server.breaker().settle(&leave, is_well, now);
        match changed {
            Some(State::Closed) => {
                tracing::info!("the assistant's server is well again, breaker closed");
                meter::assistant_breaker(false);
            }
            Some(state) => {
                tracing::warn!(
                    breaker = state.name(),
                    "the assistant's server is not asked for a while"
                );
                meter::assistant_breaker(true);
            }
            None => {}
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take() {
            self.server.breaker().release(&leave);
        }
    }
}

/// Statuses by which servers say that they do not know a parameter.
fn refuses_manner(status: u16) -> bool {
    matches!(status, 400 | 415 | 422 | 501)
}

/// Whether there is time for a pause and a try after it.
fn fits(pause: Duration, until: Instant) -> bool {
    until.saturating_duration_since(Instant::now()) > pause.saturating_add(LEAST)
}

fn backoff(tries: u32) -> Duration {
    let base = PAUSE * 2_u32.saturating_pow(tries.saturating_sub(1).min(5));
    let share = getrandom::u32().map_or(0.5, |draw| f64::from(draw) / f64::from(u32::MAX));
    base.mul_f64(0.5 + share)
}

/// A 429 that waiting does not heal (OpenAI's error code for a spent account).
fn is_broke(answer: &Answer) -> bool {
    String::from_utf8_lossy(&answer.body).contains("insufficient_quota")
}

fn code(result: &Result<Answer, Lost>) -> &'static str {
    match result {
        Ok(answer) => match answer.status {
            200..=299 => "ok",
            401 | 403 => "unauthorized",
            429 => "throttled",
            400..=499 => "refused",
            _ => "server",
        },
        Err(Lost::NotConnected) => "not_connected",
        Err(Lost::Broken) => "lost",
        Err(Lost::Timeout) => "timeout",
    }
}
