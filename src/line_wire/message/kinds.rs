//! The message types, the quick reply and the sender.
//!
//! Source: Messaging API reference, "Message objects". Sizes and formats of the media behind the
//! URLs are LINE's to fetch and to judge; only the URLs are checked.

use super::action::{Place, action};
use super::at::At;
use super::faults::{Faults, Need};
use super::limits::{self, page};
use super::{flex, imagemap, template, text};
use serde_json::Value;

const COMMON: &[&str] = &["type", "quickReply", "sender"];

const TYPES: [&str; 11] = [
    "text", "textV2", "sticker", "image", "video", "audio", "location", "imagemap", "template",
    "flex", "coupon",
];

/// Checks one message.
pub(crate) fn message(f: &mut Faults, at: At<'_>) {
    let at = &at;
    if !at.value.is_some_and(Value::is_object) {
        f.object(at, Need::Required, &[], page::COMMON);
        return;
    }
    let Some(kind) = f.choice(&at.key("type"), Need::Required, &TYPES, page::COMMON) else {
        return;
    };
    let (own, source): (&[&str], &'static str) = match kind {
        "text" => {
            text::text(f, at);
            (&["text", "emojis", "quoteToken"], page::TEXT)
        }
        "textV2" => {
            text::text_v2(f, at);
            (&["text", "substitution", "quoteToken"], page::TEXT_V2)
        }
        "sticker" => {
            f.string(&at.key("packageId"), Need::Required, page::STICKER);
            f.string(&at.key("stickerId"), Need::Required, page::STICKER);
            f.string(&at.key("quoteToken"), Need::Optional, page::STICKER);
            (&["packageId", "stickerId", "quoteToken"], page::STICKER)
        }
        "image" => {
            media(f, at);
            (&["originalContentUrl", "previewImageUrl"], page::IMAGE)
        }
        "video" => {
            media(f, at);
            tracking_id(f, &at.key("trackingId"));
            let own = &["originalContentUrl", "previewImageUrl", "trackingId"];
            (own, page::VIDEO)
        }
        "audio" => {
            f.https(
                &at.key("originalContentUrl"),
                Need::Required,
                &limits::MEDIA_URL,
            );
            f.integer(
                &at.key("duration"),
                Need::Required,
                1..=i64::MAX,
                page::AUDIO,
            );
            (&["originalContentUrl", "duration"], page::AUDIO)
        }
        "location" => {
            f.text(&at.key("title"), Need::Required, &limits::LOCATION_TITLE);
            f.text(
                &at.key("address"),
                Need::Required,
                &limits::LOCATION_ADDRESS,
            );
            f.degrees(&at.key("latitude"), 90.0, page::LOCATION);
            f.degrees(&at.key("longitude"), 180.0, page::LOCATION);
            (
                &["title", "address", "latitude", "longitude"],
                page::LOCATION,
            )
        }
        "imagemap" => {
            imagemap::imagemap(f, at);
            let own = &["baseUrl", "altText", "baseSize", "actions", "video"];
            (own, page::IMAGEMAP)
        }
        "template" => {
            template::template(f, at);
            (&["altText", "template"], page::TEMPLATE)
        }
        "flex" => {
            flex::message(f, at);
            (&["altText", "contents"], page::FLEX)
        }
        _ => {
            f.string(&at.key("couponId"), Need::Required, page::COUPON);
            f.text(
                &at.key("deliveryTag"),
                Need::Optional,
                &limits::DELIVERY_TAG,
            );
            (&["couponId", "deliveryTag"], page::COUPON)
        }
    };
    f.object(at, Need::Required, &[COMMON, own], source);
    quick_reply(f, &at.key("quickReply"));
    sender(f, &at.key("sender"));
}

fn media(f: &mut Faults, at: &At<'_>) {
    for key in ["originalContentUrl", "previewImageUrl"] {
        f.https(&at.key(key), Need::Required, &limits::MEDIA_URL);
    }
}

fn tracking_id(f: &mut Faults, at: &At<'_>) {
    const SYMBOLS: &str = "-.=,+*()%$&;:@{}!?<>[]";
    if let Some(id) = f.text(at, Need::Optional, &limits::TRACKING_ID) {
        let ok = id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || SYMBOLS.contains(c));
        if !ok {
            let allowed = format!("ASCII letters, digits and {SYMBOLS}");
            f.add(at, "another character", allowed, page::VIDEO);
        }
    }
}

fn quick_reply(f: &mut Faults, at: &At<'_>) {
    if !f.object(at, Need::Optional, &[&["items"]], page::QUICK_REPLY) {
        return;
    }
    let items = at.key("items");
    for index in 0..f.list(&items, Need::Required, 1, &limits::QUICK_REPLY_ITEMS) {
        let item = items.index(index);
        let known: &[&[&str]] = &[&["type", "imageUrl", "action"]];
        if f.object(&item, Need::Required, known, page::QUICK_REPLY) {
            let kind = item.key("type");
            f.choice(&kind, Need::Required, &["action"], page::QUICK_REPLY);
            f.https(&item.key("imageUrl"), Need::Optional, &limits::MEDIA_URL);
            action(f, &item.key("action"), Need::Required, Place::QuickReply);
        }
    }
}

fn sender(f: &mut Faults, at: &At<'_>) {
    if !f.object(at, Need::Optional, &[&["name", "iconUrl"]], page::SENDER) {
        return;
    }
    let name = at.key("name");
    if let Some(text) = f.text(&name, Need::Optional, &limits::SENDER_NAME) {
        // As a word of its own: "LINE 客服" is refused, "Adeline" is a name.
        let claims_line = text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == "LINE");
        if claims_line {
            f.add(&name, "the word LINE", "a name without LINE", page::SENDER);
        }
    }
    f.https(&at.key("iconUrl"), Need::Optional, &limits::MEDIA_URL);
}
