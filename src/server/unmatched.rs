//! `GET /admin/unmatched`: what was not understood lately.
//!
//! Over the admin socket only: it tells customers' words, and the internal listener asks no password.

use super::internal::Internal;
use crate::domain::time::Span;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use std::sync::Arc;

/// What was not understood in this stretch of time, or as far back as may be looked, as JSON; or why
/// nobody knows.
pub type Unmatched = Arc<dyn Fn(Option<Span>) -> Result<String, String> + Send + Sync>;

/// `?since=SECONDS`: how far to look back.
pub(super) async fn unmatched(request: HttpRequest, internal: web::Data<Internal>) -> HttpResponse {
    if request.peer_addr().is_some() {
        let said = "over the admin socket only: hotline suggest";
        return plain(HttpResponse::Forbidden(), said);
    }
    let asked = request.query_string();
    let since = match asked.strip_prefix("since=").map(str::parse::<u64>) {
        None if asked.is_empty() => None,
        Some(Ok(seconds)) => Some(Span(seconds.saturating_mul(1_000))),
        None | Some(Err(_)) => {
            let said = format!("found {asked:?}, allowed: since=SECONDS");
            return plain(HttpResponse::BadRequest(), &said);
        }
    };
    let ask = internal.unmatched.clone();
    match web::block(move || ask(since)).await {
        Ok(Ok(found)) => HttpResponse::Ok()
            .content_type("application/json")
            .body(found),
        Ok(Err(why)) => plain(HttpResponse::ServiceUnavailable(), &why),
        Err(_) => plain(HttpResponse::ServiceUnavailable(), "the server is leaving"),
    }
}

fn plain(mut response: HttpResponseBuilder, said: &str) -> HttpResponse {
    response
        .content_type("text/plain; charset=utf-8")
        .body(format!("{said}\n"))
}
