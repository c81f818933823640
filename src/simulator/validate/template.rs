//! Template messages. Source: LINE reference, "Template messages".

use super::action::{self, Place};
use super::{Faults, graphemes};
use serde_json::Value;

pub(super) fn check(faults: &mut Faults, at: &str, template: &Value) {
    let path = |name: &str| format!("{at}.{name}");
    let types = ["buttons", "confirm", "carousel", "image_carousel"];
    if !faults.one_of(&path("type"), &template["type"], &types) {
        return;
    }
    match template["type"].as_str().unwrap_or_default() {
        "buttons" => card(faults, at, template, 160, 4),
        "confirm" => {
            faults.text(&path("text"), &template["text"], 240, graphemes);
            actions(faults, at, &template["actions"], 2, 2);
        }
        "carousel" => {
            shape(faults, at, template);
            let here = path("columns");
            let columns = faults.list(&here, &template["columns"], 1, 10);
            for (i, column) in columns.iter().enumerate() {
                card(faults, &format!("{here}[{i}]"), column, 120, 3);
            }
            let counts = columns
                .iter()
                .map(|column| column["actions"].as_array().map_or(0, Vec::len));
            if counts.clone().min() != counts.max() {
                faults.add(&here, "All columns must have the same number of actions");
            }
        }
        _ => {
            let here = path("columns");
            let columns = faults.list(&here, &template["columns"], 1, 10);
            for (i, column) in columns.iter().enumerate() {
                let here = format!("{here}[{i}]");
                faults.https(&format!("{here}.imageUrl"), &column["imageUrl"], 2_000);
                let place = Place::ImageCarousel;
                action::check(faults, &format!("{here}.action"), &column["action"], place);
            }
        }
    }
}

/// A buttons template or a carousel column: a title or picture shortens the text to 60.
fn card(faults: &mut Faults, at: &str, card: &Value, text_max: usize, actions_max: usize) {
    let path = |name: &str| format!("{at}.{name}");
    shape(faults, at, card);
    let picture = &card["thumbnailImageUrl"];
    if !picture.is_null() {
        faults.https(&path("thumbnailImageUrl"), picture, 2_000);
    }
    faults.maybe(&path("title"), &card["title"], 40, graphemes);
    let max = if picture.is_null() && card["title"].is_null() {
        text_max
    } else {
        60
    };
    faults.text(&path("text"), &card["text"], max, graphemes);
    if !card["defaultAction"].is_null() {
        let here = path("defaultAction");
        action::check(faults, &here, &card["defaultAction"], Place::Silent);
    }
    actions(faults, at, &card["actions"], 1, actions_max);
}

fn shape(faults: &mut Faults, at: &str, of: &Value) {
    let ratio = format!("{at}.imageAspectRatio");
    faults.maybe_one_of(&ratio, &of["imageAspectRatio"], &["rectangle", "square"]);
    let size = format!("{at}.imageSize");
    faults.maybe_one_of(&size, &of["imageSize"], &["cover", "contain"]);
}

fn actions(faults: &mut Faults, at: &str, list: &Value, min: usize, max: usize) {
    let here = format!("{at}.actions");
    for (i, one) in faults.list(&here, list, min, max).iter().enumerate() {
        action::check(faults, &format!("{here}[{i}]"), one, Place::Template);
    }
}
