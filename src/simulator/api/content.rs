//! Content of customers' messages: 202 while prepared, 200, 410 after unsend, 404.

use super::super::media::{self, Kind, Media};
use super::Ctx;
use super::answer::Outcome;
use serde_json::json;

fn with_media(ctx: &Ctx<'_>, answer: impl FnOnce(&str, &Media) -> Outcome) -> Outcome {
    let id = ctx.route.args[0];
    match ctx.platform.media.get(id) {
        Some(media) if media.channel == ctx.channel.index => {
            if media.unsent {
                Outcome::refuse(410, "Gone", "message was unsent")
            } else {
                answer(id, &media)
            }
        }
        _ => Outcome::not_found("content"),
    }
}

pub(super) fn content(ctx: &Ctx<'_>) -> Outcome {
    with_media(ctx, |id, media| {
        if media.ready_at > ctx.now {
            return Outcome::status(202, &json!({}));
        }
        let (kind, bytes) = media::bytes(id, media);
        Outcome::bytes(kind, bytes)
    })
}

pub(super) fn preview(ctx: &Ctx<'_>) -> Outcome {
    with_media(ctx, |id, media| match media.kind {
        Kind::Image | Kind::Video if media.ready_at > ctx.now => Outcome::status(202, &json!({})),
        Kind::Image | Kind::Video => Outcome::bytes("image/png", media::png(id)),
        Kind::Audio | Kind::File => Outcome::not_found("preview"),
    })
}

pub(super) fn transcoding(ctx: &Ctx<'_>) -> Outcome {
    with_media(ctx, |_, media| match media.kind {
        Kind::Video | Kind::Audio => {
            let ready = media.ready_at <= ctx.now;
            let status = if ready { "succeeded" } else { "processing" };
            Outcome::ok(&json!({ "status": status }))
        }
        Kind::Image | Kind::File => Outcome::not_found("transcoding"),
    })
}
