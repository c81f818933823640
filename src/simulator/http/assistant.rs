//! The fake OpenAI server on the listener, and its controls.

use super::common::{parse, refuse};
use super::line::closed;
use crate::simulator::assistant::{Said, Script, Setup};
use crate::simulator::platform::Platform;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

/// Bytes of a question that are taken.
const QUESTION_MAX: usize = 4 * 1024 * 1024;
/// Scripts taken in one call.
const SCRIPTS_MAX: usize = 1_000;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/openai/v1/chat/completions")
                .app_data(web::PayloadConfig::new(QUESTION_MAX))
                .route(web::post().to(complete)),
        )
        .route("/openai/v1/models", web::get().to(models))
        .route("/sim/assistant", web::get().to(look))
        .route("/sim/assistant", web::put().to(set_up))
        .route("/sim/assistant/next", web::post().to(script))
        .route("/sim/assistant/asked", web::get().to(asked));
}

async fn complete(
    request: HttpRequest,
    body: web::Bytes,
    platform: web::Data<Platform>,
) -> HttpResponse {
    let bearer = request.headers().get("authorization");
    let authorized = bearer.is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
    let (delay, said) = platform.assistant().decide(&body, authorized);
    tokio::time::sleep(delay).await;
    match said {
        Said::Answer {
            status,
            retry_after,
            body,
        } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = HttpResponse::build(status);
            if let Some(seconds) = retry_after {
                response.insert_header(("retry-after", seconds.to_string()));
            }
            response.content_type("application/json").body(body)
        }
        Said::Close => closed(),
        Said::Hang => {
            std::future::pending::<()>().await;
            closed()
        }
    }
}

async fn models() -> HttpResponse {
    let model =
        json!({"id": "simulated", "object": "model", "created": 0, "owned_by": "simulator"});
    HttpResponse::Ok().json(json!({"object": "list", "data": [model]}))
}

async fn look(platform: web::Data<Platform>) -> HttpResponse {
    let assistant = platform.assistant();
    HttpResponse::Ok().json(
        json!({"setup": assistant.setup(), "scriptsLeft": assistant.left(),
        "lastSeq": assistant.last_seq()}),
    )
}

async fn set_up(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let setup = parse::<Setup>(&body).and_then(|setup| setup.check().map(|()| setup));
    match setup {
        Ok(setup) => {
            platform.assistant().set_up(setup);
            look(platform).await
        }
        Err(why) => refuse(400, &why),
    }
}

/// One script, or a list of them.
async fn script(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    // A list is told apart by its bracket, so that a fault of one script is named.
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
            platform.assistant().script(scripts);
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
    let asked = platform.assistant().asked_since(query.after);
    let last = platform.assistant().last_seq();
    HttpResponse::Ok().json(json!({"asked": asked, "lastSeq": last}))
}
