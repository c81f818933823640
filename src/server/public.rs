//! The public listener: what LINE reaches.

use crate::line::webhook::{self, Webhook};
use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
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
            .route("/line/{channel}/webhook", web::post().to(webhook::handle))
            .route("/", web::get().to(front))
            .default_service(web::to(not_here))
    })
    .workers(workers)
    .shutdown_timeout(drain.as_secs().max(1))
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
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
