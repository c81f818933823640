//! Text messages: LINE emoji at their `$`, and the placeholders of version 2.
//!
//! Source: Messaging API reference, "Text message" and "Text message (v2)".

use super::at::At;
use super::faults::{Faults, Need, quoted};
use super::limits::{self, page};
use serde_json::Value;

/// Checks a text message.
pub(crate) fn text(f: &mut Faults, at: &At<'_>) {
    let text = f.text(&at.key("text"), Need::Required, &limits::TEXT);
    f.string(&at.key("quoteToken"), Need::Optional, page::TEXT);
    let emojis = at.key("emojis");
    for i in 0..f.list(&emojis, Need::Optional, 0, &limits::TEXT_EMOJIS) {
        let emoji = emojis.index(i);
        let known: &[&[&str]] = &[&["index", "productId", "emojiId"]];
        if !f.object(&emoji, Need::Required, known, page::TEXT) {
            continue;
        }
        f.string(&emoji.key("productId"), Need::Required, page::TEXT);
        f.string(&emoji.key("emojiId"), Need::Required, page::TEXT);
        let index = emoji.key("index");
        let range = 0..=i64::MAX;
        let (Some(unit), Some(text)) = (f.integer(&index, Need::Required, range, page::TEXT), text)
        else {
            continue;
        };
        let stands = usize::try_from(unit)
            .ok()
            .and_then(|unit| text.encode_utf16().nth(unit))
            == Some(u16::from(b'$'));
        if !stands {
            f.add(
                &index,
                format!("no $ at UTF-16 unit {unit}"),
                "the place of a $ in text",
                page::TEXT,
            );
        }
    }
}

/// Checks a text message of version 2.
pub(crate) fn text_v2(f: &mut Faults, at: &At<'_>) {
    let text = f.text(&at.key("text"), Need::Required, &limits::TEXT_V2);
    f.string(&at.key("quoteToken"), Need::Optional, page::TEXT_V2);
    let substitution = at.key("substitution");
    let empty = serde_json::Map::new();
    let map = match substitution.value {
        None => &empty,
        Some(Value::Object(map)) => map,
        Some(_) => {
            f.object(&substitution, Need::Optional, &[], page::TEXT_V2);
            return;
        }
    };
    f.at_most(&substitution, map.len(), &limits::SUBSTITUTIONS);
    let mut mentions = 0;
    let mut emojis = 0;
    for key in map.keys() {
        let place = substitution.key(key);
        if !is_key(key) {
            let allowed = "a key of 1 to 20 ASCII letters, digits and _";
            f.add(
                &place,
                quoted(key),
                allowed,
                limits::SUBSTITUTION_KEY.source,
            );
        }
        let kinds = ["mention", "emoji"];
        match f.choice(&place.key("type"), Need::Required, &kinds, page::TEXT_V2) {
            Some("mention") => {
                mentions += 1;
                mention(f, &place);
            }
            Some(_) => {
                emojis += 1;
                let known: &[&[&str]] = &[&["type", "productId", "emojiId"]];
                f.object(&place, Need::Required, known, page::TEXT_V2);
                f.string(&place.key("productId"), Need::Required, page::TEXT_V2);
                f.string(&place.key("emojiId"), Need::Required, page::TEXT_V2);
            }
            None => {}
        }
    }
    f.at_most(&substitution, mentions, &limits::MENTIONS);
    f.at_most(&substitution, emojis, &limits::V2_EMOJIS);
    let Some(text) = text else { return };
    match placeholders(text) {
        Err(position) => f.add(
            &at.key("text"),
            format!("a lone brace at byte {position}"),
            "{key}, {{ or }}",
            page::TEXT_V2,
        ),
        Ok(keys) => {
            for key in keys.iter().filter(|key| !map.contains_key(**key)) {
                f.add(
                    &at.key("text"),
                    format!("placeholder {}", quoted(key)),
                    "placeholders named in substitution",
                    page::TEXT_V2,
                );
            }
        }
    }
}

fn mention(f: &mut Faults, at: &At<'_>) {
    f.object(at, Need::Required, &[&["type", "mentionee"]], page::TEXT_V2);
    let who = at.key("mentionee");
    if !f.object(&who, Need::Required, &[&["type", "userId"]], page::TEXT_V2) {
        return;
    }
    let kind = who.key("type");
    if f.choice(&kind, Need::Required, &["user", "all"], page::TEXT_V2) == Some("user") {
        f.string(&who.key("userId"), Need::Required, page::TEXT_V2);
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= limits::SUBSTITUTION_KEY.max
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The placeholders of a text, or the byte where a brace stands alone.
fn placeholders(text: &str) -> Result<Vec<&str>, usize> {
    let bytes = text.as_bytes();
    let mut keys = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'{' | b'}' if bytes.get(i + 1) == Some(&bytes[i]) => i += 2,
            b'}' => return Err(i),
            b'{' => {
                let end = text[i..].find('}').ok_or(i)?;
                let key = &text[i + 1..i + end];
                if !is_key(key) {
                    return Err(i);
                }
                keys.push(key);
                i += end + 1;
            }
            _ => i += 1,
        }
    }
    Ok(keys)
}
