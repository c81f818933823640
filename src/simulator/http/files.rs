//! The phone page and the pictures it shows. Everything is drawn here; nothing is fetched.

use crate::simulator::page;
use crate::simulator::platform::Platform;
use crate::simulator::{media, media::Kind};
use actix_web::{HttpResponse, web};
use std::sync::PoisonError;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(index))
        .route("/sim/page/{file:.*}", web::get().to(file))
        .route("/sim/content/{id}", web::get().to(content))
        .route("/sim/picture/{user}", web::get().to(picture))
        .route("/sim/sticker/{package}/{sticker}", web::get().to(sticker))
        .route("/sim/richmenu/{id}/image", web::get().to(menu_image));
}

async fn index() -> HttpResponse {
    serve("index.html")
}

async fn file(name: web::Path<String>) -> HttpResponse {
    serve(&name)
}

fn serve(name: &str) -> HttpResponse {
    match page::file(name) {
        Some((bytes, kind)) => HttpResponse::Ok()
            .content_type(kind)
            .insert_header(("cache-control", "no-cache"))
            .body(bytes),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn content(id: web::Path<String>, platform: web::Data<Platform>) -> HttpResponse {
    match platform.media.get(&*id) {
        Some(found) if found.unsent => HttpResponse::Gone().finish(),
        Some(found) => {
            // The page shows videos by their picture.
            let (kind, bytes) = match found.kind {
                Kind::Video => ("image/png", media::png(&id)),
                _ => media::bytes(&id, &found),
            };
            HttpResponse::Ok().content_type(kind).body(bytes)
        }
        None => HttpResponse::NotFound().finish(),
    }
}

fn drawn(svg: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("image/svg+xml")
        .insert_header(("cache-control", "max-age=3600"))
        .body(svg)
}

async fn picture(user: web::Path<String>, platform: web::Data<Platform>) -> HttpResponse {
    let name = platform
        .channel_of(&user, None)
        .and_then(|channel| channel.customers.get(user.as_str()))
        .map(|customer| customer.display_name.clone());
    match name {
        Some(name) => {
            let initial: String = name.chars().take(1).collect();
            drawn(media::svg(&user, &initial, true))
        }
        None => HttpResponse::NotFound().finish(),
    }
}

async fn sticker(ids: web::Path<(String, String)>) -> HttpResponse {
    const FACES: [&str; 8] = ["😊", "🎉", "🙏", "👍", "😢", "❤️", "😆", "🌟"];
    let (package, sticker) = ids.into_inner();
    let place = sticker
        .bytes()
        .fold(0_usize, |sum, byte| sum + usize::from(byte));
    let seed = format!("{package}/{sticker}");
    drawn(media::svg(&seed, FACES[place % FACES.len()], false))
}

async fn menu_image(id: web::Path<String>, platform: web::Data<Platform>) -> HttpResponse {
    for channel in platform.channels() {
        let menus = channel.menus.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((kind, bytes)) = menus.menus.get(&*id).and_then(|menu| menu.image.as_ref()) {
            return HttpResponse::Ok()
                .content_type(kind.as_str())
                .body(bytes.to_vec());
        }
    }
    HttpResponse::NotFound().finish()
}
