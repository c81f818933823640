//! The floor: the least an honest bot does on the same libraries, and nothing kept.
//!
//! actix-web, one worker: verify the signature over the raw body, parse, look for the four
//! keywords, await one reply through reqwest (HTTP/1.1), answer 200. The system's allocator.

use super::message::{RULES, SECRET, TOKEN};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    events: Vec<Event<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    reply_token: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'a> {
    reply_token: &'a str,
    messages: [Say<'a>; 1],
}

#[derive(Serialize)]
struct Say<'a> {
    r#type: &'static str,
    text: &'a str,
}

struct Bot {
    key: Hmac<Sha256>,
    client: reqwest::Client,
    url: reqwest::Url,
}

/// Serves until killed.
pub fn run(port: u16, mock: u16) {
    actix_rt::System::new().block_on(async move {
        HttpServer::new(move || {
            let bot = Bot {
                key: Hmac::new_from_slice(SECRET.as_bytes()).expect("any length is a key"),
                client: reqwest::Client::builder()
                    .no_proxy()
                    .http1_only()
                    .tcp_nodelay(true)
                    .build()
                    .expect("a client"),
                url: format!("http://127.0.0.1:{mock}/v2/bot/message/reply")
                    .parse()
                    .expect("an address"),
            };
            App::new()
                .app_data(web::Data::new(bot))
                .route("/webhook", web::post().to(webhook))
        })
        .workers(1)
        .bind(("127.0.0.1", port))
        .expect("the port is free")
        .run()
        .await
        .expect("serves");
    });
}

async fn webhook(request: HttpRequest, body: web::Bytes, bot: web::Data<Bot>) -> HttpResponse {
    let signature = request
        .headers()
        .get("x-line-signature")
        .and_then(|value| STANDARD.decode(value.as_bytes()).ok())
        .unwrap_or_default();
    let mut key = bot.key.clone();
    key.update(&body);
    if key.verify_slice(&signature).is_err() {
        return HttpResponse::Unauthorized().finish();
    }
    let Ok(body) = serde_json::from_slice::<Body<'_>>(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    for event in &body.events {
        let (Some(token), Some(text)) = (
            &event.reply_token,
            event
                .message
                .as_ref()
                .and_then(|message| message.text.as_ref()),
        ) else {
            continue;
        };
        let Some((_, say)) = RULES.iter().find(|(word, _)| text.contains(word)) else {
            continue;
        };
        let reply = Reply {
            reply_token: token,
            messages: [Say {
                r#type: "text",
                text: say,
            }],
        };
        let sent = bot
            .client
            .post(bot.url.clone())
            .bearer_auth(TOKEN)
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&reply).expect("plain data"))
            .send()
            .await;
        match sent {
            Ok(response) if response.status().is_success() => {
                let _ = response.bytes().await;
            }
            _ => return HttpResponse::BadGateway().finish(),
        }
    }
    HttpResponse::Ok().finish()
}
