//! The order service on the listener, and its controls.

use super::common::{parse, refuse};
use super::line::closed;
use crate::simulator::orders::{Request, Said, Script, Setup};
use crate::simulator::platform::Platform;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

/// Scripts taken in one call.
const SCRIPTS_MAX: usize = 1_000;
/// Where the service begins on the listener.
const BELOW: &str = "/shop";

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/shop/{rest:.*}", web::to(ask))
        .route("/sim/orders", web::get().to(look))
        .route("/sim/orders", web::put().to(set_up))
        .route("/sim/orders/next", web::post().to(script))
        .route("/sim/orders/asked", web::get().to(asked));
}

async fn ask(
    request: HttpRequest,
    body: web::Bytes,
    platform: web::Data<Platform>,
) -> HttpResponse {
    let headers = request.headers();
    let (delay, said) = platform.orders().decide(&Request {
        method: request.method().as_str(),
        path: request.path().strip_prefix(BELOW).unwrap_or_default(),
        key: text(headers, "idempotency-key"),
        authorization: text(headers, "authorization"),
        body: &body,
    });
    tokio::time::sleep(delay).await;
    match said {
        Said::Answer { status, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            HttpResponse::build(status)
                .content_type("application/json")
                .body(body)
        }
        Said::Redirect => HttpResponse::Found()
            .insert_header(("location", "/shop/orders/TW20260101005"))
            .finish(),
        Said::Close => closed(),
        Said::Hang => {
            std::future::pending::<()>().await;
            closed()
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn look(platform: web::Data<Platform>) -> HttpResponse {
    let orders = platform.orders();
    HttpResponse::Ok().json(json!({
        "setup": orders.setup(), "orders": orders.orders(), "lastSeq": orders.last_seq(),
    }))
}

async fn set_up(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let setup = parse::<Setup>(&body).and_then(|setup| setup.default.check().map(|()| setup));
    match setup {
        Ok(setup) => {
            platform.orders().set_up(setup);
            look(platform).await
        }
        Err(why) => refuse(400, &why),
    }
}

/// One script, or a list of them.
async fn script(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let is_list = body.trim_ascii_start().starts_with(b"[");
    let scripts = match is_list {
        true => parse::<Vec<Script>>(&body),
        false => parse::<Script>(&body).map(|script| vec![script]),
    };
    let checked = scripts.and_then(|scripts| {
        if scripts.len() > SCRIPTS_MAX {
            let found = scripts.len();
            return Err(format!("{found} scripts, allowed: up to {SCRIPTS_MAX}"));
        }
        scripts.iter().try_for_each(Script::check).map(|()| scripts)
    });
    match checked {
        Ok(scripts) => {
            platform.orders().script(scripts);
            look(platform).await
        }
        Err(why) => refuse(400, &why),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn asked(query: web::Query<After>, platform: web::Data<Platform>) -> HttpResponse {
    let asked = platform.orders().asked_since(query.after);
    let last = platform.orders().last_seq();
    HttpResponse::Ok().json(json!({"asked": asked, "lastSeq": last}))
}
