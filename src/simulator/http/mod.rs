//! The listener: carries bytes between sockets and the platform.
//!
//! Law: no rule of LINE's is decided here. It waits, hangs and closes as the platform says.

mod assistant;
mod common;
mod control;
mod files;
mod line;
mod orders;
mod stream;
mod switches;

use super::platform::Platform;
use actix_web::{App, HttpServer, web};
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

/// Binds the platform to a listener; the server runs when its future is polled.
pub(super) fn serve(
    platform: &Arc<Platform>,
    listener: TcpListener,
    workers: usize,
) -> io::Result<actix_web::dev::Server> {
    let platform = platform.clone();
    Ok(HttpServer::new(move || {
        App::new()
            .app_data(web::Data::from(platform.clone()))
            .configure(assistant::routes)
            .configure(control::routes)
            .configure(files::routes)
            .configure(orders::routes)
            .route("/sim/stream", web::get().to(stream::stream))
            .route("/sim/{rest:.*}", web::to(control::unknown))
            .default_service(web::to(line::answer))
    })
    .listen(listener)?
    .workers(workers.max(1))
    .backlog(4_096)
    .max_connections(100_000)
    .disable_signals()
    .shutdown_timeout(1)
    .run())
}
