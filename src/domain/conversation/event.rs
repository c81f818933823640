//! What happened: everything that can change a conversation.

use crate::domain::ids::{AttemptId, Fingerprint};
use crate::domain::playbook::Understanding;
use crate::domain::time::Millis;
use crate::domain::verdict::Verdict;
use std::sync::Arc;

/// Something that happened to a conversation. Past tense; refusing one is normal.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// LINE told us what a customer did.
    Received(Received),
    /// A committed call to LINE ended.
    SendEnded {
        /// The attempt it was; an attempt that is not under way is stale.
        attempt: AttemptId,
        /// How it ended.
        end: SendEnd,
    },
    /// The channel's push budget answered a wish to push.
    PushAnswered {
        /// The effects it asked for; the answer is good for no other push.
        effects: Vec<u32>,
        /// Whether one push may leave now.
        granted: bool,
    },
    /// LINE told us who the customer is, or that it will not.
    ProfileAnswered {
        /// The display name, `None` when LINE gives none.
        name: Option<Box<str>>,
    },
    /// The assistant answered, or will not.
    AssistantAnswered {
        /// The asking it was; one that is not open any more is stale.
        attempt: AttemptId,
        /// What it said.
        verdict: Verdict,
    },
    /// Another system answered a flow's call.
    CallAnswered {
        /// The call it was; one that is not under way any more is stale.
        attempt: AttemptId,
        /// The outcome, by the connector's names.
        outcome: Box<str>,
        /// Fields of the answer, by name.
        fields: Vec<(Box<str>, Box<str>)>,
    },
    /// An operator or agent says that it is resolved: the automation goes on.
    Resolved,
    /// What was said is to be forgotten: the next words begin anew.
    Forget,
    /// LINE accepted another send of this channel: what waits to be tried again need not wait out
    /// its whole pause.
    LineIsWell,
    /// Time passed: a timer, the sweeper, or the first look after a restart.
    Woken,
}

impl Event {
    /// Whether it tells how something ended that was begun: told once, known to nobody else.
    pub fn is_outcome(&self) -> bool {
        match self {
            Event::SendEnded { .. }
            | Event::PushAnswered { .. }
            | Event::ProfileAnswered { .. }
            | Event::AssistantAnswered { .. }
            | Event::CallAnswered { .. } => true,
            Event::Received(_)
            | Event::Resolved
            | Event::Forget
            | Event::LineIsWell
            | Event::Woken => false,
        }
    }
}

/// One webhook event, already stripped of what the core does not decide by.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// Fingerprint of `webhookEventId`, or of the raw event when LINE sent none.
    pub id: Fingerprint,
    /// LINE's timestamp: when the customer did it.
    pub at: Millis,
    /// Store time at which the webhook reached us: the age of the reply token counts from here.
    pub received: Millis,
    /// `mode: standby`: recorded, never answered (a module channel holds the chat).
    pub standby: bool,
    /// LINE marked it as a redelivery.
    pub redelivered: bool,
    /// The reply token, absent on events that cannot be answered.
    pub token: Option<Arc<str>>,
    /// What the customer did.
    pub kind: Kind,
}

/// What a customer did.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Wrote, or sent a sticker, picture, place or file.
    Message {
        /// Fingerprint of the message id.
        message: Fingerprint,
        /// What was said.
        content: Content,
        /// What the intent stage made of it; default when it was not asked or did not answer.
        understanding: Understanding,
    },
    /// Changed a group message; it has a token of its own.
    Edited {
        /// The message that was changed.
        message: Fingerprint,
        /// The new words.
        content: Content,
        /// What the intent stage made of the new words.
        understanding: Understanding,
    },
    /// Tapped something that carries data.
    Postback {
        /// The data of the action.
        data: Box<str>,
        /// LINE's `postback` object with its parameters, recorded as it came.
        raw: Box<str>,
    },
    /// Took a message back.
    Unsent {
        /// The message to forget.
        message: Fingerprint,
    },
    /// Added the account as a friend, or lifted a block.
    Followed {
        /// Whether a block was lifted (LINE: "not exact").
        returning: bool,
    },
    /// Blocked the account.
    Unfollowed,
    /// The account was invited to a group or room.
    Joined,
    /// The account was removed from a group or room.
    Left,
    /// Anything else of LINE's: recorded by its type, its token kept for later answers.
    Noted {
        /// LINE's `type`.
        event_type: Box<str>,
        /// The event, recorded as it came.
        raw: Box<str>,
    },
    /// An event that cannot be read, or twice killed whoever decided on it: kept, never decided.
    Quarantined {
        /// LINE's `type`.
        event_type: Box<str>,
        /// The event as LINE sent it, or its shape when no unsend could reach its words.
        raw: Box<str>,
        /// The message whose words `raw` may carry.
        message: Option<Fingerprint>,
    },
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text.
    Text(Box<str>),
    /// Everything else.
    Other {
        /// LINE's message type: `image`, `sticker`, `location`, …
        kind: Box<str>,
        /// LINE's message object, recorded so that it can be shown and fetched later.
        raw: Box<str>,
    },
}

/// How a call to LINE ended, as far as the core must know (outcome table: `docs/promises.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendEnd {
    /// LINE has the messages.
    Accepted,
    /// Certainly not accepted, and worth trying again: no connection, breaker, 429 by rate, 401.
    NotAccepted,
    /// 429 by the monthly limit.
    QuotaExhausted,
    /// 400 "Invalid reply token": expired or used.
    InvalidReplyToken,
    /// Another 4xx: never again.
    Refused,
    /// It may have been accepted: 5xx, timeout, lost connection.
    Unclear,
}
