//! The public listener: what LINE reaches.

use crate::line::webhook::{self, Webhook};
use actix_web::dev::Server;
use actix_web::http::Method;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use std::net::TcpListener;
use std::time::Duration;

/// Serves the public listener on `workers` threads. Conversations live on these threads.
///
/// # Errors
/// When the socket cannot be used.
pub fn serve(
    listener: TcpListener,
    workers: usize,
    webhook: web::Data<Webhook>,
    drain: Duration,
) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(webhook.clone())
            // One path is hot, and its pattern would be matched by a regular expression.
            .default_service(web::to(dispatch))
    })
    .workers(workers)
    .shutdown_timeout(drain.as_secs().max(1))
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}

async fn dispatch(
    request: HttpRequest,
    payload: web::Payload,
    webhook: web::Data<Webhook>,
) -> HttpResponse {
    match webhook::channel_of(request.path()) {
        Some(_) if request.method() == Method::POST => {
            webhook::handle(request, payload, webhook).await
        }
        Some(_) => HttpResponse::MethodNotAllowed()
            .insert_header(("allow", "POST"))
            .content_type("text/plain; charset=utf-8")
            .body("LINE posts here\n"),
        None if request.path() == "/" => front().await,
        None => not_here().await,
    }
}

async fn front() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(
            "Hotline. LINE posts to /line/{channel}/webhook. \
         The agents' console (/console/) and its API (/api/v1/) come in a later version.\n",
        )
}

async fn not_here() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type("text/plain; charset=utf-8")
        .body("nothing here: LINE's webhook is POST /line/{channel}/webhook\n")
}
