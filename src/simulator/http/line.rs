//! Everything that is not the control API is a call of LINE's API.

use crate::simulator::api::{Handled, REQUEST_MAX, Request};
use crate::simulator::faults::Instead;
use crate::simulator::journal::Told;
use crate::simulator::platform::Platform;
use crate::simulator::sender;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use std::io;
use std::time::Duration;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-line-request-id");
const ACCEPTED_ID: HeaderName = HeaderName::from_static("x-line-accepted-request-id");

/// Bytes read of a request that is too large anyway, so that the caller can read the 413.
const DRAIN_MAX: usize = 32 * REQUEST_MAX;

pub(super) async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    platform: web::Data<Platform>,
) -> HttpResponse {
    let Some(body) = read(payload).await else {
        return closed();
    };
    let headers = request.headers();
    let call = Request {
        method: request.method().as_str(),
        path: request.path(),
        query: request.query_string(),
        authorization: text(headers, "authorization"),
        content_type: text(headers, "content-type"),
        retry_key: text(headers, "x-line-retry-key"),
        body: &body,
    };
    let plan = platform.plan(call.method, call.path);
    if plan.before_ms > 0 && plan.instead != Some(Instead::Hang) {
        pause(plan.before_ms).await;
    }
    let handled = platform.handle(&call, plan);
    if plan.instead == Some(Instead::Hang) {
        pause(plan.before_ms).await;
    }
    if handled.after_ms > 0 {
        pause(handled.after_ms).await;
    }
    if handled.told != Told::Answer {
        return closed();
    }
    respond(&platform, handled).await
}

async fn respond(platform: &Platform, handled: Handled) -> HttpResponse {
    let mut answer = handled.answer;
    if let Some(test) = handled.test
        && answer.status == 200
        && let Some(channel) = platform.channel(&test.channel)
    {
        let result = sender::test(platform, channel, &test.url).await;
        answer.body = result.to_string().into_bytes();
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((REQUEST_ID, answer.request_id));
    if let Some(first) = &answer.accepted_request_id {
        response.insert_header((ACCEPTED_ID, &**first));
    }
    response.content_type(answer.content_type).body(answer.body)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// The whole body; just over the limit when it is over the limit. `None`: the caller went away.
async fn read(mut payload: web::Payload) -> Option<Bytes> {
    let mut body = BytesMut::new();
    let mut drained = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.ok()?;
        let room = (REQUEST_MAX + 1).saturating_sub(body.len());
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        drained += chunk.len();
        if drained > DRAIN_MAX {
            break;
        }
    }
    Some(body.freeze())
}

/// Ends the connection without a byte of an answer: the body fails before the head is flushed.
pub(super) fn closed() -> HttpResponse {
    let broken = stream::once(async { Err::<Bytes, _>(io::Error::other("injected")) });
    HttpResponse::Ok().force_close().streaming(broken)
}
