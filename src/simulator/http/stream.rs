//! `GET /sim/stream`: server-sent events for the phone page.

use crate::simulator::platform::Platform;
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

/// A comment this often keeps the connection alive and finds watchers that left.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) async fn stream(platform: web::Data<Platform>) -> HttpResponse {
    let watcher = platform.watchers.watch();
    let notices = stream::unfold((watcher, true), |(mut watcher, first)| async move {
        if first {
            let hello = Bytes::from_static(b"retry: 1000\n\n");
            return Some((Ok::<_, Infallible>(hello), (watcher, false)));
        }
        let text = match timeout(HEARTBEAT, watcher.recv()).await {
            Ok(Ok(notice)) => format!("event: {}\ndata: {}\n\n", notice.name, notice.data),
            // The page reads everything anew when it has missed something.
            Ok(Err(RecvError::Lagged(missed))) => format!("event: missed\ndata: {missed}\n\n"),
            Ok(Err(RecvError::Closed)) => return None,
            Err(_) => ": still here\n\n".to_owned(),
        };
        Some((Ok(Bytes::from(text)), (watcher, false)))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        .streaming(notices)
}
