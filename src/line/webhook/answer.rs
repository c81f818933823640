//! What a request is told, and what the log and the metrics are told of it.

use crate::actors::Refusal;
use crate::domain::ids::ChannelId;
use crate::ports::store::Error;
use crate::telemetry::meter;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use std::borrow::Cow;
use std::time::Duration;

/// How a request was answered.
pub(super) enum Answer {
    Accepted,
    /// Durable on this machine's disk; the store gets it later.
    Spooled,
    UnknownChannel,
    TooLarge(usize),
    BadSignature,
    NotAWebhook(String),
    Overloaded(&'static str),
    NotDurable(&'static str),
    TooSlow,
}

/// A delivery that was refused, as the request is told.
pub(super) fn refused(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::Overloaded => Answer::Overloaded("too many events under way"),
        Refusal::Behind => Answer::NotDurable("an earlier event is not durable"),
        Refusal::Store(Error::Full { .. }) => {
            Answer::Overloaded("store is below its free-space floor")
        }
        Refusal::Store(Error::Busy { .. }) => Answer::Overloaded("store is busy"),
        Refusal::Store(error) => {
            tracing::error!(error = %error, "store did not make an event durable");
            Answer::NotDurable("the store failed")
        }
    }
}

impl Answer {
    /// What a request with several conversations is told is the worst of theirs.
    pub(super) fn severity(&self) -> u8 {
        match self {
            Answer::Accepted => 0,
            Answer::Spooled => 1,
            _ => 2,
        }
    }

    /// Status, label of the metric, and the sentence of the body; 200 has none.
    fn parts(&self) -> (StatusCode, &'static str, Option<Cow<'static, str>>) {
        let (status, outcome, said) = match self {
            Answer::Accepted => return (StatusCode::OK, "accepted", None),
            Answer::Spooled => return (StatusCode::OK, "spooled", None),
            Answer::UnknownChannel => (
                StatusCode::NOT_FOUND,
                "unknown_channel",
                "unknown channel: the path is /line/{id of a [[channels]] entry}/webhook".into(),
            ),
            Answer::TooLarge(cap) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "rejected_payload",
                format!("body is larger than server.body_cap ({cap} bytes)").into(),
            ),
            Answer::BadSignature => (
                StatusCode::UNAUTHORIZED,
                "rejected_signature",
                "x-line-signature is missing or not made with this channel's secret".into(),
            ),
            Answer::NotAWebhook(why) => (
                StatusCode::BAD_REQUEST,
                "rejected_payload",
                why.clone().into(),
            ),
            Answer::Overloaded(why) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "rejected_overload",
                (*why).into(),
            ),
            Answer::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "rejected_payload",
                "the body did not arrive in time".into(),
            ),
            Answer::NotDurable(why) => (StatusCode::SERVICE_UNAVAILABLE, "error", (*why).into()),
        };
        (status, outcome, Some(said))
    }

    /// Tells log and metrics, and makes the response. A request to no channel of ours is told, but
    /// neither counted nor logged: strangers must not fill either.
    pub(super) fn respond(
        &self,
        channel: Option<&ChannelId>,
        events: usize,
        took: Duration,
    ) -> HttpResponse {
        let (status, outcome, said) = self.parts();
        if let Some(channel) = channel {
            meter::webhook(channel, outcome, events, took.as_secs_f64());
            if let Some(said) = &said {
                tracing::warn!(channel = %channel, status = status.as_u16(), reason = &**said,
                    took_ms = took.as_millis() as u64, "webhook refused");
            } else {
                tracing::debug!(channel = %channel, events, took_us = took.as_micros() as u64, "webhook");
            }
        }
        let Some(said) = said else {
            return HttpResponse::new(StatusCode::OK);
        };
        let mut response = HttpResponse::build(status);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((RETRY_AFTER, "1"));
        }
        response
            .content_type("text/plain; charset=utf-8")
            .body(said.into_owned())
    }
}
