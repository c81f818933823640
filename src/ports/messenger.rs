//! The messenger port: one committed attempt, one HTTP call, one outcome.
//!
//! # Contract
//!
//! 1. **One call of [`Messenger::send`] is at most one HTTP request that carries messages.** The
//!    messenger never retries, never falls back from reply to push, never changes a byte: every
//!    such change is decided by the core and committed first.
//! 2. It answers within the dispatch's deadline plus a second, always, whatever LINE does.
//! 3. [`Outcome::NotSent`] and [`Outcome::Throttled`] are said only when LINE has certainly not
//!    accepted the messages; whatever is doubtful is [`Outcome::Unclear`].

use crate::domain::ids::{AttemptId, ChannelId, ConversationKey};
use crate::domain::time::{Millis, Span};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// By which way the messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// `POST /v2/bot/message/reply`: free, the token is in the body. Never carries a retry key.
    Reply,
    /// `POST /v2/bot/message/push`: billed. The retry key is derived from (conversation, effect
    /// ids, body), so the same frozen body always bears the same key.
    Push,
}

/// One attempt that the store has confirmed.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Whose messages.
    pub conversation: ConversationKey,
    /// Names this try.
    pub attempt: AttemptId,
    /// Ids of the effects in the call, ascending.
    pub effects: Arc<[u32]>,
    /// Reply or push.
    pub via: Via,
    /// The whole request body, frozen by the commit.
    pub body: Arc<str>,
    /// After this (store time) the call must not be started any more.
    pub not_after: Millis,
}

/// How long a call that was started in time may still take to connect before it leaves.
pub const CONNECT: Span = Span::secs(2);

/// How a call ended (outcome table: `docs/promises.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 200, or 409 of a push with our own retry key: LINE has this body.
    Accepted,
    /// Nothing reached LINE: no connection, breaker open, no room in the rate bucket, too late.
    NotSent,
    /// 429 by rate: refused now, welcome later.
    Throttled,
    /// 429 by the monthly limit: pushes are over for this month.
    QuotaExhausted,
    /// 401: the access token is not good; the messenger has asked for a new one.
    Unauthorized,
    /// 400 "Invalid reply token": expired or used, LINE does not say which.
    InvalidReplyToken,
    /// Any other 4xx: final.
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// 5xx, a timeout or a lost connection after the request was written.
    Unclear,
}

/// The outcome with what LINE asks us to log.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// LINE's `x-line-request-id`, when there was an answer.
    pub request_id: Option<Arc<str>>,
}

/// Who the customer is, as LINE tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Display name; may be anything the customer typed.
    pub display_name: String,
    /// BCP 47 language tag, when LINE gives one.
    pub language: Option<String>,
}

/// The way out to LINE.
pub trait Messenger: Send + Sync + 'static {
    /// Makes the call.
    fn send(&self, dispatch: Dispatch) -> BoxFuture<'static, Report>;

    /// Asks for a customer's profile: `Ok(None)` when LINE does not give it (not a friend, no
    /// consent, blocked), `Err` when it is worth asking again later. Best effort: may be refused
    /// under load.
    fn profile(
        &self,
        conversation: ConversationKey,
    ) -> BoxFuture<'static, Result<Option<Profile>, String>>;

    /// Shows the customer that an answer is coming, for at least so long (at most a minute) or until the
    /// next message. Best effort and never an outcome: nothing is shown in groups, under load, while LINE is
    /// sick, or when the customer does not look.
    fn show_loading(&self, conversation: ConversationKey, wanted: Span) -> BoxFuture<'static, ()> {
        let _ = (conversation, wanted);
        Box::pin(std::future::ready(()))
    }

    /// Sends begun and not ended, over all channels. Counted from the call of
    /// [`send`](Messenger::send), not from the first poll.
    fn in_flight(&self) -> usize;

    /// How many sends of this channel could begin now and leave at once, or nearly. With none, one
    /// more is better held back where waiting costs nothing.
    fn room(&self, channel: &ChannelId) -> usize {
        let _ = channel;
        usize::MAX
    }
}
