//! Between the core's words and the ports': calls out, outcomes and failures back.

use super::messages::Undelivered;
use super::turn::Failure;
use crate::domain::conversation::{Send, SendEnd};
use crate::domain::ids::ConversationKey;
use crate::ports::messenger::{Dispatch, Outcome, Via};
use crate::ports::store::Error;

/// What the messenger is given.
pub(super) fn dispatch(key: &ConversationKey, send: Send) -> Dispatch {
    Dispatch {
        conversation: key.clone(),
        attempt: send.attempt,
        effects: send.effects.into(),
        via: if send.push { Via::Push } else { Via::Reply },
        body: send.body.into(),
        not_after: send.not_after,
    }
}

/// What the core must know of an outcome.
pub(super) fn end_of(outcome: &Outcome) -> SendEnd {
    match outcome {
        Outcome::Accepted => SendEnd::Accepted,
        Outcome::NotSent | Outcome::Throttled | Outcome::Unauthorized => SendEnd::NotAccepted,
        Outcome::QuotaExhausted => SendEnd::QuotaExhausted,
        Outcome::InvalidReplyToken => SendEnd::InvalidReplyToken,
        Outcome::Refused { .. } => SendEnd::Refused,
        Outcome::Unclear => SendEnd::Unclear,
    }
}

/// What whoever delivered is told.
pub(super) fn undelivered(failure: Failure) -> Undelivered {
    match failure {
        // One damaged row is like one that cannot be read: its conversation's trouble alone.
        Failure::Store(Error::Damaged(why)) => Undelivered::Unreadable(why),
        Failure::Store(error) => Undelivered::Store(error),
        Failure::Unreadable(error) => Undelivered::Unreadable(error.to_string()),
    }
}
