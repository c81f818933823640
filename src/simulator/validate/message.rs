//! The types of messages. Unknown types are refused.

use super::{Faults, Rules, action, flex, graphemes, imagemap, template, units};
use crate::simulator::events::unmark;
use serde_json::Value;

const TYPES: [&str; 11] = [
    "text", "textV2", "image", "video", "audio", "location", "sticker", "template", "imagemap",
    "flex", "coupon",
];

/// Names a sender may not take. Source: LINE docs, "Customize icon and display name".
const RESERVED_NAMES: [&str; 1] = ["line"];

pub(super) fn check(faults: &mut Faults, at: &str, message: &Value, rules: Rules<'_>) {
    let path = |name: &str| format!("{at}.{name}");
    if !message.is_object() {
        faults.add(at, "Must be an object");
        return;
    }
    if !faults.one_of(&path("type"), &message["type"], &TYPES) {
        return;
    }
    match message["type"].as_str().unwrap_or_default() {
        "text" => {
            faults.text(&path("text"), &message["text"], 5_000, units);
            emojis(faults, at, message);
        }
        "textV2" => {
            faults.text(&path("text"), &message["text"], 5_000, units);
            substitution(faults, at, message, rules);
        }
        "image" => {
            faults.https(
                &path("originalContentUrl"),
                &message["originalContentUrl"],
                2_000,
            );
            faults.https(&path("previewImageUrl"), &message["previewImageUrl"], 2_000);
        }
        "video" => {
            faults.https(
                &path("originalContentUrl"),
                &message["originalContentUrl"],
                2_000,
            );
            faults.https(&path("previewImageUrl"), &message["previewImageUrl"], 2_000);
            faults.maybe(&path("trackingId"), &message["trackingId"], 100, units);
        }
        "audio" => {
            faults.https(
                &path("originalContentUrl"),
                &message["originalContentUrl"],
                2_000,
            );
            faults.whole(&path("duration"), &message["duration"], 1);
        }
        "location" => {
            faults.text(&path("title"), &message["title"], 100, units);
            faults.text(&path("address"), &message["address"], 100, units);
            for (key, bound) in [("latitude", 90.0), ("longitude", 180.0)] {
                let number = message[key].as_f64();
                if number.is_none_or(|degrees| degrees.abs() > bound) {
                    faults.add(&path(key), "Must be a number of degrees");
                }
            }
        }
        "sticker" => {
            for key in ["packageId", "stickerId"] {
                faults.text(&path(key), &message[key], 40, units);
            }
        }
        "template" => {
            faults.text(&path("altText"), &message["altText"], 1_500, units);
            template::check(faults, &path("template"), &message["template"]);
        }
        "imagemap" => imagemap::check(faults, at, message),
        "flex" => {
            faults.text(&path("altText"), &message["altText"], 1_500, units);
            flex::check(faults, &path("contents"), &message["contents"]);
        }
        _ => {
            faults.text(&path("couponId"), &message["couponId"], 100, units);
            faults.maybe(&path("deliveryTag"), &message["deliveryTag"], 30, units);
        }
    }
    common(faults, at, message, rules);
}

fn common(faults: &mut Faults, at: &str, message: &Value, rules: Rules<'_>) {
    let quick = &message["quickReply"];
    if !quick.is_null() {
        let here = format!("{at}.quickReply.items");
        for (i, item) in faults
            .list(&here, &quick["items"], 1, 13)
            .iter()
            .enumerate()
        {
            let here = format!("{here}[{i}]");
            faults.one_of(&format!("{here}.type"), &item["type"], &["action"]);
            if !item["imageUrl"].is_null() {
                faults.https(&format!("{here}.imageUrl"), &item["imageUrl"], 2_000);
            }
            let place = action::Place::QuickReply;
            action::check(faults, &format!("{here}.action"), &item["action"], place);
        }
    }
    let sender = &message["sender"];
    if !sender.is_null() {
        let here = format!("{at}.sender");
        faults.maybe(&format!("{here}.name"), &sender["name"], 20, graphemes);
        let name = sender["name"].as_str().unwrap_or_default();
        if RESERVED_NAMES.contains(&name.to_lowercase().as_str()) {
            faults.add(&format!("{here}.name"), "Contains a prohibited word");
        }
        if !sender["iconUrl"].is_null() {
            faults.https(&format!("{here}.iconUrl"), &sender["iconUrl"], 2_000);
        }
    }
    if let (Some(token), Some(chat)) = (message["quoteToken"].as_str(), rules.chat) {
        let same = unmark('q', token).is_some_and(|(of, _)| of == chat);
        if !same {
            faults.add(&format!("{at}.quoteToken"), "Invalid quote token");
        }
    }
}

fn emojis(faults: &mut Faults, at: &str, message: &Value) {
    let emojis = &message["emojis"];
    if emojis.is_null() {
        return;
    }
    let text: Vec<u16> = message["text"]
        .as_str()
        .unwrap_or_default()
        .encode_utf16()
        .collect();
    let here = format!("{at}.emojis");
    for (i, emoji) in faults.list(&here, emojis, 0, 20).iter().enumerate() {
        let index = emoji["index"]
            .as_u64()
            .and_then(|n| usize::try_from(n).ok());
        let dollar = index.and_then(|n| text.get(n)) == Some(&u16::from(b'$'));
        if !dollar {
            faults.add(
                &format!("{here}[{i}].index"),
                "Must point to a '$' of the text",
            );
        }
        for key in ["productId", "emojiId"] {
            faults.text(&format!("{here}[{i}].{key}"), &emoji[key], 100, units);
        }
    }
}

fn substitution(faults: &mut Faults, at: &str, message: &Value, rules: Rules<'_>) {
    let here = format!("{at}.substitution");
    let empty = serde_json::Map::new();
    let given = message["substitution"].as_object().unwrap_or(&empty);
    if given.len() > 100 {
        faults.add(&here, "Size must be between 0 and 100");
    }
    let (mut mentions, mut emojis) = (0, 0);
    for (key, value) in given {
        let here = format!("{here}.{key}");
        let named = (1..=20).contains(&key.len())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !named {
            faults.add(&here, "Key must match [0-9A-Za-z_]{1,20}");
        }
        match value["type"].as_str() {
            Some("mention") => {
                mentions += 1;
                if !rules.mentions {
                    faults.add(&here, "Mentions are allowed in groups and rooms only");
                }
            }
            Some("emoji") => emojis += 1,
            _ => faults.add(&format!("{here}.type"), "Must be one of: [mention, emoji]"),
        }
    }
    if mentions > 20 || emojis > 20 {
        faults.add(&here, "At most 20 mentions and 20 emojis");
    }
    match keys_of(message["text"].as_str().unwrap_or_default()) {
        None => faults.add(&format!("{at}.text"), "Unbalanced braces"),
        Some(keys) => {
            for key in keys.iter().filter(|key| !given.contains_key(**key)) {
                faults.add(
                    &format!("{at}.text"),
                    &format!("No substitution for {{{key}}}"),
                );
            }
        }
    }
}

/// The `{key}` places of a text; `{{` and `}}` are escapes. `None` when braces do not match.
fn keys_of(text: &str) -> Option<Vec<&str>> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(i) = rest.find(['{', '}']) {
        let brace = &rest[i..];
        if brace.starts_with("{{") || brace.starts_with("}}") {
            rest = &brace[2..];
        } else if let Some(inner) = brace.strip_prefix('{') {
            let end = inner.find('}')?;
            keys.push(&inner[..end]);
            rest = &inner[end + 1..];
        } else {
            return None;
        }
    }
    Some(keys)
}
