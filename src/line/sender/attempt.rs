//! One attempt from the wait for a place to the outcome. Everything before the request is *not
//! sent*; everything after it is what LINE's answer, or its absence, means.

use super::channel::{Channel, verdict};
use super::{Inner, not_sent, retry_key};
use crate::line::api::{Messages, StatusClass};
use crate::line::breaker::Verdict;
use crate::line::limiter::Limiter;
use crate::line::tokens::TokenError;
use crate::ports::messenger::{Dispatch, Outcome, Report, Via};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

/// An empty bucket is waited for at most this long at a time; then the send is not sent.
const RATE_PATIENCE: Duration = Duration::from_millis(500);

/// Makes the attempt.
pub(super) async fn run(inner: &Inner, channel: Option<&Channel>, dispatch: Dispatch) -> Report {
    let Some(channel) = channel else {
        inner
            .observer
            .held_back(&dispatch.conversation.channel, "channel");
        tracing::error!(conversation = %dispatch.conversation, "no such channel, not sent");
        return not_sent();
    };
    match begin(inner, channel, &dispatch).await {
        Ok(report) => report,
        Err(why) => {
            inner.observer.held_back(channel.client.channel(), why);
            let (name, conversation) = (channel.client.channel(), &dispatch.conversation);
            tracing::debug!(channel = %name, %conversation, why, "not sent");
            not_sent()
        }
    }
}

/// Waits for everything a request needs, makes it, and learns from it. `Err`: nothing was sent.
async fn begin(
    inner: &Inner,
    channel: &Channel,
    dispatch: &Dispatch,
) -> Result<Report, &'static str> {
    let (deadline, limiter) = match dispatch.via {
        Via::Reply => (inner.settings.reply_deadline, &channel.reply),
        Via::Push => (inner.settings.push_deadline, &channel.push),
    };
    let end = Instant::now() + deadline;
    // At least half of the time is LINE's: a request cut short is worse than one not begun.
    let left = dispatch.not_after.since(inner.now()).std();
    if left.is_zero() {
        return Err("late");
    }
    let latest = Instant::now() + left.min(deadline / 2);

    let _places = places(inner, channel, latest).await?;
    let leave = channel.breaker.admit(inner.now()).ok_or("breaker")?;
    wait_for_rate(inner, limiter, latest).await?;
    let patience = latest.saturating_duration_since(Instant::now());
    let bearer = channel.client.tokens().bearer(patience).await;
    let bearer = match bearer {
        Ok(bearer) => bearer,
        Err(error) => {
            tracing::debug!(%error, "no token");
            if !matches!(error, TokenError::Unavailable) {
                channel.learn(inner, leave, Verdict::Auth);
            }
            return Err("token");
        }
    };
    let retry_key = match dispatch.via {
        Via::Reply => None,
        Via::Push => Some(retry_key::header(dispatch)),
    };
    if inner.now() >= dispatch.not_after {
        return Err("late");
    }
    let sent = channel
        .client
        .send(Messages {
            conversation: &dispatch.conversation,
            via: &dispatch.via,
            body: dispatch.body.clone(),
            retry_key,
            bearer: &bearer,
            deadline: end.saturating_duration_since(Instant::now()),
        })
        .await;
    fail::fail_point!("line::after_accept");

    let mut news = verdict(sent.class);
    match sent.class {
        StatusClass::Ok => channel.client.tokens().accepted(),
        StatusClass::Unauthorized => {
            if channel.client.tokens().rejected(&bearer).can_try_again() {
                channel.client.tokens().renew_in_background();
            } else {
                news = Verdict::Auth;
            }
        }
        _ => {}
    }
    channel.learn(inner, leave, news);
    match sent.report.outcome {
        Outcome::Throttled => limiter.throttled(inner.now()),
        Outcome::QuotaExhausted => channel.quota.exhausted(inner.now()),
        Outcome::Accepted if dispatch.via == Via::Push => channel.quota.spent(),
        _ => {}
    }
    Ok(sent.report)
}

/// A place of the channel, then one of all: a channel's queue does not block the others'.
async fn places<'a>(
    inner: &'a Inner,
    channel: &'a Channel,
    latest: Instant,
) -> Result<(SemaphorePermit<'a>, SemaphorePermit<'a>), &'static str> {
    if let Ok(own) = channel.places.try_acquire()
        && let Ok(place) = inner.places.try_acquire()
    {
        return Ok((own, place));
    }
    let _waiting = Waiting::new(&inner.waiting, inner.settings.max_waiting).ok_or("busy")?;
    let both = async {
        let own = channel.places.acquire().await;
        let place = inner.places.acquire().await;
        own.and_then(|own| place.map(|place| (own, place)))
    };
    tokio::time::timeout_at(latest, both)
        .await
        .map_err(|_| "late")?
        .map_err(|_| "busy")
}

/// One of the bounded number of those who wait.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicUsize, bound: usize) -> Option<Waiting<'a>> {
        let before = waiting.fetch_add(1, Ordering::AcqRel);
        let this = Waiting(waiting);
        (before < bound).then_some(this)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

async fn wait_for_rate(
    inner: &Inner,
    limiter: &Limiter,
    latest: Instant,
) -> Result<(), &'static str> {
    let latest = latest.min(Instant::now() + RATE_PATIENCE);
    loop {
        let Err(wait) = limiter.try_take(inner.now()) else {
            return Ok(());
        };
        let until = Instant::now() + wait.std().max(Duration::from_millis(1));
        if until > latest {
            return Err("rate");
        }
        tokio::time::sleep_until(until).await;
    }
}
