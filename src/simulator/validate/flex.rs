//! Flex messages: containers, boxes, components. Source: LINE reference, "Flex Message".

use super::action::{self, Place};
use super::{Faults, units};
use serde_json::Value;

/// JSON bytes of a bubble.
const BUBBLE_BYTES: usize = 30 * 1_024;
/// JSON bytes of a carousel.
const CAROUSEL_BYTES: usize = 50 * 1_024;
/// Deepest nesting followed; LINE's own is not published.
const DEPTH_MAX: usize = 20;

const SIZES: [&str; 7] = ["nano", "micro", "deca", "hecto", "kilo", "mega", "giga"];
const COMPONENTS: [&str; 9] = [
    "box",
    "button",
    "image",
    "video",
    "icon",
    "text",
    "span",
    "separator",
    "filler",
];

pub(super) fn check(faults: &mut Faults, at: &str, container: &Value) {
    match container["type"].as_str() {
        Some("bubble") => {
            size(faults, at, container, BUBBLE_BYTES);
            bubble(faults, at, container);
        }
        Some("carousel") => {
            size(faults, at, container, CAROUSEL_BYTES);
            let here = format!("{at}.contents");
            let bubbles = faults.list(&here, &container["contents"], 1, 12);
            for (i, inner) in bubbles.iter().enumerate() {
                let here = format!("{here}[{i}]");
                if inner["type"] != "bubble" {
                    faults.add(&format!("{here}.type"), "Must be bubble");
                    continue;
                }
                size(faults, &here, inner, BUBBLE_BYTES);
                bubble(faults, &here, inner);
            }
            let width = |bubble: &Value| bubble["size"].as_str().unwrap_or("mega").to_owned();
            if bubbles
                .windows(2)
                .any(|pair| width(&pair[0]) != width(&pair[1]))
            {
                faults.add(&here, "All bubbles must have the same size");
            }
        }
        _ => faults.add(
            &format!("{at}.type"),
            "Must be one of the following values: [bubble, carousel]",
        ),
    }
}

fn size(faults: &mut Faults, at: &str, value: &Value, max: usize) {
    if value.to_string().len() > max {
        faults.add(at, &format!("Size must be at most {max} bytes"));
    }
}

fn bubble(faults: &mut Faults, at: &str, bubble: &Value) {
    faults.maybe_one_of(&format!("{at}.size"), &bubble["size"], &SIZES);
    faults.maybe_one_of(
        &format!("{at}.direction"),
        &bubble["direction"],
        &["ltr", "rtl"],
    );
    for block in ["header", "body", "footer"] {
        if !bubble[block].is_null() {
            let here = format!("{at}.{block}");
            if bubble[block]["type"] != "box" {
                faults.add(&format!("{here}.type"), "Must be box");
            }
            component(faults, &here, &bubble[block], 0);
        }
    }
    if !bubble["hero"].is_null() {
        let here = format!("{at}.hero");
        faults.one_of(
            &format!("{here}.type"),
            &bubble["hero"]["type"],
            &["box", "image", "video"],
        );
        component(faults, &here, &bubble["hero"], 0);
    }
    silent_action(faults, at, bubble);
}

fn silent_action(faults: &mut Faults, at: &str, of: &Value) {
    if !of["action"].is_null() {
        action::check(
            faults,
            &format!("{at}.action"),
            &of["action"],
            Place::Silent,
        );
    }
}

fn component(faults: &mut Faults, at: &str, part: &Value, depth: usize) {
    let path = |name: &str| format!("{at}.{name}");
    if depth > DEPTH_MAX {
        faults.add(at, "Nested too deeply");
        return;
    }
    if !faults.one_of(&path("type"), &part["type"], &COMPONENTS) {
        return;
    }
    match part["type"].as_str().unwrap_or_default() {
        "box" => {
            let layouts = ["horizontal", "vertical", "baseline"];
            faults.one_of(&path("layout"), &part["layout"], &layouts);
            match part["contents"].as_array() {
                None => faults.add(&path("contents"), "May not be null"),
                Some(parts) => {
                    for (i, inner) in parts.iter().enumerate() {
                        let here = format!("{at}.contents[{i}]");
                        component(faults, &here, inner, depth + 1);
                    }
                }
            }
            silent_action(faults, at, part);
        }
        "button" => {
            action::check(faults, &path("action"), &part["action"], Place::Flex);
            let styles = ["primary", "secondary", "link"];
            faults.maybe_one_of(&path("style"), &part["style"], &styles);
        }
        "image" | "icon" => {
            faults.https(&path("url"), &part["url"], 2_000);
            silent_action(faults, at, part);
        }
        "video" => {
            faults.https(&path("url"), &part["url"], 2_000);
            faults.https(&path("previewUrl"), &part["previewUrl"], 2_000);
        }
        "text" => {
            let spans = part["contents"].as_array();
            if spans.is_none_or(Vec::is_empty) {
                faults.text(&path("text"), &part["text"], 5_000, units);
            }
            for (i, span) in spans.into_iter().flatten().enumerate() {
                if span["type"] != "span" {
                    faults.add(&format!("{at}.contents[{i}].type"), "Must be span");
                }
            }
            silent_action(faults, at, part);
        }
        _ => {}
    }
    for key in ["color", "backgroundColor", "borderColor"] {
        let colour = &part[key];
        let named = colour.as_str().is_some_and(|text| {
            matches!(text.len(), 7 | 9)
                && text.starts_with('#')
                && text.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit())
        });
        if !colour.is_null() && !named {
            faults.add(&path(key), "Must be #RRGGBB or #RRGGBBAA");
        }
    }
}
