//! From an HTTP answer to an outcome: the table of `docs/promises.md`, and nothing else.

use crate::line::http::{Answer, Lost};
use crate::line_wire::api::ErrorBody;
use crate::ports::messenger::{Outcome, Report, Via};

/// What an answer to a send means.
pub(super) fn report(via: &Via, result: Result<Answer, Lost>) -> Report {
    match result {
        Err(Lost::NotConnected) => Report {
            outcome: Outcome::NotSent,
            request_id: None,
        },
        Err(Lost::Unclear) => Report {
            outcome: Outcome::Unclear,
            request_id: None,
        },
        Ok(answer) => Report {
            outcome: outcome(via, answer.status, answer.body.as_deref()),
            request_id: answer.request_id,
        },
    }
}

fn outcome(via: &Via, status: u16, body: Option<&[u8]>) -> Outcome {
    let error = || body.map(ErrorBody::read);
    match (status, via) {
        (200..=299, _) | (409, Via::Push) => Outcome::Accepted,
        (401, _) => Outcome::Unauthorized,
        (429, _) if error().is_some_and(|error| error.is_monthly_limit()) => {
            Outcome::QuotaExhausted
        }
        (429, _) => Outcome::Throttled,
        // Which 400 it is decides what becomes of the token: without the words it is doubtful.
        (400, Via::Reply) => match error() {
            None => Outcome::Unclear,
            Some(error) if error.is_invalid_reply_token() => Outcome::InvalidReplyToken,
            Some(_) => Outcome::Refused { status },
        },
        (400..=499, _) => Outcome::Refused { status },
        // 5xx, and redirects or worse, which only something between LINE and us would say.
        _ => Outcome::Unclear,
    }
}
