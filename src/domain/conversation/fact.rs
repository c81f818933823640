//! What we learned: records for reports, the feed and the metrics. Never read by the core.

use super::handing::Back;
use super::last::Handler;
use crate::domain::handoff::Reason;
use crate::domain::ids::{AttemptId, Fingerprint};
use crate::domain::time::{Millis, Span};
use crate::domain::verdict::{By, Failing};
use serde::Serialize;

/// One fact. Serialised as JSON into the change feed; field names are part of the stored form.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A customer did something and it is durable.
    Received {
        /// Webhook event.
        event: Fingerprint,
        /// LINE's timestamp.
        at: Millis,
        /// Store time of arrival.
        received: Millis,
        /// LINE's type: `message`, `postback`, …
        kind: Box<str>,
        /// The message, when there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<Fingerprint>,
        /// The customer's words or the postback data. Erasable through `message`.
        #[serde(skip_serializing_if = "Option::is_none")]
        words: Option<Box<str>>,
        /// Older than the watermark: recorded, not answered.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        late: bool,
        /// Standby mode: recorded, not answered.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        standby: bool,
    },
    /// An answer was decided.
    Answered {
        /// The effect that carries it.
        effect: u32,
        /// The rule that said it.
        rule: Box<str>,
        /// The event it answers.
        event: Fingerprint,
    },
    /// An answer has no live token: it waits for the customer's next one.
    AwaitsToken {
        /// The effects that wait.
        effects: Box<[u32]>,
    },
    /// A send is over.
    Ended {
        /// The effects of the call.
        effects: Box<[u32]>,
        /// How.
        ending: Ending,
        /// Why, in one word.
        why: Why,
        /// `true` for push (billed).
        billed: bool,
        /// Attempts committed, those included that were held back before they left (breaker, rate,
        /// push budget, deadline); at most 255.
        tries: u8,
        /// From the decision to the end.
        took: Span,
    },
    /// A text was understood and taken by somebody. Carries no words.
    Routed {
        /// The event.
        event: Fingerprint,
        /// The message: its words are in [`Fact::Received`], until they are unsent.
        message: Fingerprint,
        /// Who took it. What the assistant made of it comes later.
        handler: Handler,
        /// The intent's id; absent: unknown.
        #[serde(skip_serializing_if = "Option::is_none")]
        intent: Option<Box<str>>,
        /// How sure, in percent.
        confidence: u8,
        /// The customer asked for a person.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        wants_human: bool,
        /// The keyword rule that fitted.
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<Box<str>>,
        /// The flow that had to do with it.
        #[serde(skip_serializing_if = "Option::is_none")]
        flow: Option<Box<str>>,
        /// How far that flow is.
        #[serde(skip_serializing_if = "Option::is_none")]
        flow_state: Option<Box<str>>,
    },
    /// A question to the assistant is over.
    Assisted {
        /// How.
        outcome: Outcome,
        /// Who answered.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<By>,
        /// How sure, in percent.
        confidence: u8,
        /// Why there is no answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        failing: Option<Failing>,
    },
    /// A person is wanted, or wanted more urgently.
    HandedOff {
        /// Why.
        reason: Reason,
        /// 1 is served first.
        priority: u8,
        /// Nobody was there: it is a ticket.
        ticketed: bool,
    },
    /// The automation has it again.
    CameBack {
        /// How.
        why: Back,
        /// How long a person was waited for.
        waited: Span,
    },
    /// A flow began.
    FlowBegan {
        /// Its id.
        flow: Box<str>,
    },
    /// A flow is over.
    FlowEnded {
        /// Its id.
        flow: Box<str>,
        /// `complete`, `cancelled`, `switched`, `handoff`, `timeout`, `gone`.
        how: Box<str>,
    },
    /// Another system answered a flow.
    Called {
        /// Id of the connector.
        connector: Box<str>,
        /// The outcome by its name.
        outcome: Box<str>,
    },
    /// A call of a process that is gone was taken over.
    TakenOver {
        /// The old attempt.
        attempt: AttemptId,
    },
    /// A message was taken back and its words erased here.
    Unsent {
        /// Which.
        message: Fingerprint,
    },
    /// An event was set aside undecided.
    Quarantined {
        /// Webhook event.
        event: Fingerprint,
        /// LINE's type.
        kind: Box<str>,
        /// The raw event, for a person to look at.
        raw: Box<str>,
        /// The message whose words it may carry.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<Fingerprint>,
    },
}

impl Fact {
    /// The message whose words this fact carries: an unsend erases it.
    pub fn erasable(&self) -> Option<Fingerprint> {
        match self {
            Fact::Received {
                message,
                words: Some(_),
                ..
            } => *message,
            Fact::Quarantined { message, .. } => *message,
            _ => None,
        }
    }
}

/// How a question to the assistant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was sure enough.
    Answered,
    /// It was not sure enough: a person goes on.
    Unsure,
    /// There was no answer: a person goes on.
    Failed,
    /// The customer never came for it.
    Expired,
    /// It was not wanted any more: a person took over.
    Dropped,
}

/// The terminal states of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// LINE said yes.
    Accepted,
    /// LINE said "token used" to the retry of a doubtful call: the first try had landed.
    Presumed,
    /// Nobody knows; shown to agents, never sent again.
    Unconfirmed,
    /// LINE said no for good.
    Failed,
    /// It grew too old before a way was free.
    Expired,
    /// It was not wanted any more: unsent, unfollowed.
    Withdrawn,
}

/// Why a send ended as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// As planned.
    Sent,
    /// The reply token was used by our own earlier try.
    TokenUsed,
    /// No clear answer in time.
    NoClearAnswer,
    /// A 4xx.
    Refused,
    /// The monthly limit.
    Quota,
    /// Too old.
    Age,
    /// The outbox was full.
    Overflow,
    /// Late answers are dropped by config.
    Policy,
    /// The customer took the question back.
    Unsend,
    /// The customer blocked the account, or the group removed it.
    Unreachable,
}

/// Events the core refused: normal, counted by name, never an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejected {
    /// The webhook event was applied before.
    Duplicate,
    /// The answer belongs to an attempt that is not under way.
    Stale,
}
