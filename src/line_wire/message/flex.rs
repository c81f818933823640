//! Flex messages: the container, its size in bytes and its blocks.
//!
//! Source: Messaging API reference, "Flex Message".

use super::action::{Place, action};
use super::at::At;
use super::faults::{Faults, Need};
use super::flex_parts::{Parent, component};
use super::limits::{self, Limit, page};
use serde_json::Value;

const BLOCKS: &[&str] = &["header", "hero", "body", "footer"];
const SIZES: &[&str] = &["nano", "micro", "deca", "hecto", "kilo", "mega", "giga"];

/// Checks a Flex message.
pub(crate) fn message(f: &mut Faults, at: &At<'_>) {
    f.text(&at.key("altText"), Need::Required, &limits::FLEX_ALT);
    let contents = at.key("contents");
    if !contents.value.is_some_and(Value::is_object) {
        f.object(&contents, Need::Required, &[], page::FLEX);
        return;
    }
    let kind = contents.key("type");
    match f.choice(&kind, Need::Required, &["bubble", "carousel"], page::FLEX) {
        Some("bubble") => bubble(f, &contents),
        Some(_) => carousel(f, &contents),
        None => {}
    }
    let animated = contents.value.map_or(0, animated);
    f.at_most(&contents, animated, &limits::FLEX_ANIMATED);
}

fn carousel(f: &mut Faults, at: &At<'_>) {
    f.object(at, Need::Required, &[&["type", "contents"]], page::FLEX);
    weigh(f, at, &limits::FLEX_CAROUSEL);
    let bubbles = at.key("contents");
    let mut width = None;
    for index in 0..f.list(&bubbles, Need::Required, 1, &limits::FLEX_BUBBLES) {
        let place = bubbles.index(index);
        f.choice(&place.key("type"), Need::Required, &["bubble"], page::FLEX);
        bubble(f, &place);
        let own = place
            .value
            .and_then(|bubble| bubble.get("size")?.as_str())
            .unwrap_or("mega");
        let first = *width.get_or_insert(own);
        if own != first {
            f.add(
                &place.key("size"),
                own,
                format!("{first}, the width of the first bubble"),
                page::FLEX,
            );
        }
    }
}

fn bubble(f: &mut Faults, at: &At<'_>) {
    let known: &[&[&str]] = &[&["type", "size", "direction", "styles", "action"], BLOCKS];
    if !f.object(at, Need::Required, known, page::FLEX) {
        return;
    }
    weigh(f, at, &limits::FLEX_BUBBLE);
    f.choice(&at.key("size"), Need::Optional, SIZES, page::FLEX);
    f.choice(
        &at.key("direction"),
        Need::Optional,
        &["ltr", "rtl"],
        page::FLEX,
    );
    action(f, &at.key("action"), Need::Optional, Place::FlexTap);
    styles(f, &at.key("styles"));
    for block in BLOCKS {
        let parent = if *block == "hero" {
            Parent::Hero
        } else {
            Parent::Block
        };
        let place = at.key(block);
        if place.present() {
            component(f, &place, parent);
        }
    }
}

fn styles(f: &mut Faults, at: &At<'_>) {
    if !f.object(at, Need::Optional, &[BLOCKS], page::FLEX) {
        return;
    }
    let known: &[&[&str]] = &[&["backgroundColor", "separator", "separatorColor"]];
    for block in BLOCKS {
        let style = at.key(block);
        if f.object(&style, Need::Optional, known, page::FLEX) {
            f.colour(
                &style.key("backgroundColor"),
                Need::Optional,
                true,
                page::FLEX,
            );
            f.colour(
                &style.key("separatorColor"),
                Need::Optional,
                true,
                page::FLEX,
            );
            f.boolean(&style.key("separator"), page::FLEX);
        }
    }
}

/// Compares the compact JSON with LINE's limit.
fn weigh(f: &mut Faults, at: &At<'_>, limit: &Limit) {
    let bytes = at.value.map_or(0, |value| value.to_string().len());
    f.at_most(at, bytes, limit);
}

/// How many images play.
fn animated(value: &Value) -> usize {
    match value {
        Value::Object(map) => {
            let own = map.get("animated") == Some(&Value::Bool(true));
            usize::from(own) + map.values().map(animated).sum::<usize>()
        }
        Value::Array(list) => list.iter().map(animated).sum(),
        _ => 0,
    }
}
