//! The internal listener and the admin socket: metrics, health, version, reload.

use super::conversations;
use super::status::Status;
use super::unmatched::{Unmatched, unmatched};
use crate::actors::Registry;
use actix_web::dev::Server;
use actix_web::{App, HttpRequest, HttpResponse, HttpResponseBuilder, HttpServer, web};
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Applies a reload; `Err` holds one line per fault.
pub type Reload = Arc<dyn Fn() -> Result<Vec<String>, Vec<String>> + Send + Sync>;

/// Writes a backup of the store to a new file; what was saved, or why not, in words.
pub type Backup = Arc<dyn Fn(PathBuf) -> Result<String, String> + Send + Sync>;

/// What the internal listener tells and does.
#[derive(Clone)]
pub struct Internal {
    /// Health.
    pub status: Arc<Status>,
    /// The conversations of this node's store.
    pub registry: Arc<Registry>,
    /// Metrics; `None` when another recorder is installed (tests).
    pub metrics: Option<PrometheusHandle>,
    /// Reload of automation and knowledge.
    pub reload: Reload,
    /// Backup of the store.
    pub backup: Backup,
    /// What was not understood.
    pub unmatched: Unmatched,
}

/// Serves the internal listener, and the same over the admin socket (mode 0600).
///
/// # Errors
/// When a socket cannot be used.
pub fn serve(
    listener: TcpListener,
    socket: Option<&Path>,
    internal: Internal,
) -> std::io::Result<Server> {
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(internal.clone()))
            .route("/metrics", web::get().to(metrics))
            .route("/livez", web::get().to(livez))
            .route("/readyz", web::get().to(readyz))
            .route("/version", web::get().to(version))
            .route("/admin/quarantine", web::get().to(quarantine))
            .route("/admin/waiting", web::get().to(conversations::waiting))
            .route("/admin/conversation", web::get().to(conversations::show))
            .route(
                "/admin/conversation/resolve",
                web::post().to(conversations::resolve),
            )
            .route(
                "/admin/conversation/forget",
                web::post().to(conversations::forget),
            )
            .route("/admin/unmatched", web::get().to(unmatched))
            .route("/admin/reload", web::post().to(reload))
            .route("/admin/backup", web::post().to(backup))
            .default_service(web::to(not_here))
    })
    .workers(1)
    .shutdown_timeout(1)
    .disable_signals()
    .listen(listener)?;
    if let Some(path) = socket {
        server = server.listen_uds(admin_socket(path)?)?;
    }
    Ok(server.run())
}

/// Binds the admin socket. A file left by a process that died is replaced: the store's lock, taken
/// before, proves that no other server uses this folder.
fn admin_socket(path: &Path) -> std::io::Result<UnixListener> {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn metrics(internal: web::Data<Internal>) -> HttpResponse {
    internal.status.sample();
    let Some(handle) = &internal.metrics else {
        return HttpResponse::NotFound().body("metrics are not recorded in this process\n");
    };
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(handle.render())
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain")
        .body("alive\n")
}

async fn readyz(request: HttpRequest, internal: web::Data<Internal>) -> HttpResponse {
    let reason = internal.status.not_ready();
    let mut response = match &reason {
        None => HttpResponse::Ok(),
        Some(_) => HttpResponse::ServiceUnavailable(),
    };
    if request
        .query_string()
        .split('&')
        .any(|word| word == "verbose" || word == "verbose=1")
    {
        return response.json(internal.status.verbose());
    }
    response
        .content_type("text/plain")
        .body(format!("{}\n", reason.as_deref().unwrap_or("ready")))
}

async fn version() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

async fn quarantine(internal: web::Data<Internal>) -> HttpResponse {
    match internal.status.quarantine().await {
        Ok(found) => HttpResponse::Ok().json(found),
        Err(error) => HttpResponse::ServiceUnavailable()
            .content_type("text/plain")
            .body(format!("{error}\n")),
    }
}

async fn reload(internal: web::Data<Internal>) -> HttpResponse {
    let apply = internal.reload.clone();
    match web::block(move || apply()).await {
        Ok(Ok(warnings)) => {
            HttpResponse::Ok().json(serde_json::json!({ "reloaded": true, "warnings": warnings }))
        }
        Ok(Err(faults)) => HttpResponse::UnprocessableEntity()
            .json(serde_json::json!({ "reloaded": false, "faults": faults })),
        Err(_) => HttpResponse::ServiceUnavailable()
            .json(serde_json::json!({ "reloaded": false, "faults": ["the server is leaving"] })),
    }
}

/// The body is the path of the file, absolute. Over the admin socket only: the internal listener asks
/// no password, and this writes a file.
async fn backup(request: HttpRequest, path: String, internal: web::Data<Internal>) -> HttpResponse {
    let plain = |mut response: HttpResponseBuilder, said: &str| {
        response
            .content_type("text/plain; charset=utf-8")
            .body(format!("{said}\n"))
    };
    if request.peer_addr().is_some() {
        let said = "over the admin socket only: hotline store backup FILE";
        return plain(HttpResponse::Forbidden(), said);
    }
    let path = PathBuf::from(path);
    if !path.is_absolute() {
        let said =
            format!("{path:?} is no absolute path, allowed: one, of a file that is not there");
        return plain(HttpResponse::BadRequest(), &said);
    }
    let save = internal.backup.clone();
    match web::block(move || save(path)).await {
        Ok(Ok(saved)) => plain(HttpResponse::Ok(), &saved),
        Ok(Err(why)) => plain(HttpResponse::ServiceUnavailable(), &why),
        Err(_) => plain(HttpResponse::ServiceUnavailable(), "the server is leaving"),
    }
}

async fn not_here() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain").body(
        "nothing here: GET /metrics /livez /readyz /readyz?verbose /version /admin/quarantine /admin/waiting /admin/conversation /admin/unmatched, POST /admin/reload /admin/backup\n",
    )
}
