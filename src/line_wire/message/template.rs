//! Template messages: buttons, confirm, carousel, image carousel.
//!
//! Source: Messaging API reference, "Template messages".

use super::action::{Place, action};
use super::at::At;
use super::faults::{Faults, Need};
use super::limits::{self, Limit, page};
use serde_json::Value;

const RATIOS: &[&str] = &["rectangle", "square"];
const SIZES: &[&str] = &["cover", "contain"];

/// Checks a template message.
pub(crate) fn template(f: &mut Faults, at: &At<'_>) {
    f.text(&at.key("altText"), Need::Required, &limits::TEMPLATE_ALT);
    let at = &at.key("template");
    if !at.value.is_some_and(Value::is_object) {
        f.object(at, Need::Required, &[], page::TEMPLATE);
        return;
    }
    let kinds = ["buttons", "confirm", "carousel", "image_carousel"];
    match f.choice(&at.key("type"), Need::Required, &kinds, page::TEMPLATE) {
        Some("buttons") => buttons(f, at),
        Some("confirm") => {
            f.object(
                at,
                Need::Required,
                &[&["type", "text", "actions"]],
                page::CONFIRM,
            );
            f.text(&at.key("text"), Need::Required, &limits::CONFIRM_TEXT);
            let least = limits::CONFIRM_ACTIONS.max;
            actions(f, &at.key("actions"), least, &limits::CONFIRM_ACTIONS);
        }
        Some("carousel") => carousel(f, at),
        Some(_) => image_carousel(f, at),
        None => {}
    }
}

fn actions(f: &mut Faults, at: &At<'_>, least: usize, limit: &Limit) -> usize {
    let count = f.list(at, Need::Required, least, limit);
    for index in 0..count {
        action(f, &at.index(index), Need::Required, Place::Template);
    }
    count
}

/// Whether an image or a title takes room from the text.
fn is_crowded(at: &At<'_>) -> bool {
    at.key("thumbnailImageUrl").present() || at.key("title").present()
}

fn buttons(f: &mut Faults, at: &At<'_>) {
    let known: &[&[&str]] = &[
        &["type", "thumbnailImageUrl", "imageAspectRatio", "imageSize"],
        &[
            "imageBackgroundColor",
            "title",
            "text",
            "defaultAction",
            "actions",
        ],
    ];
    f.object(at, Need::Required, known, page::BUTTONS);
    f.https(
        &at.key("thumbnailImageUrl"),
        Need::Optional,
        &limits::MEDIA_URL,
    );
    f.choice(
        &at.key("imageAspectRatio"),
        Need::Optional,
        RATIOS,
        page::BUTTONS,
    );
    f.choice(&at.key("imageSize"), Need::Optional, SIZES, page::BUTTONS);
    f.colour(
        &at.key("imageBackgroundColor"),
        Need::Optional,
        false,
        page::BUTTONS,
    );
    f.text(&at.key("title"), Need::Optional, &limits::TEMPLATE_TITLE);
    let limit = if is_crowded(at) {
        &limits::BUTTONS_TEXT_SHORT
    } else {
        &limits::BUTTONS_TEXT
    };
    f.text(&at.key("text"), Need::Required, limit);
    let default = at.key("defaultAction");
    action(f, &default, Need::Optional, Place::TemplateDefault);
    actions(f, &at.key("actions"), 1, &limits::BUTTONS_ACTIONS);
}

fn carousel(f: &mut Faults, at: &At<'_>) {
    let known: &[&[&str]] = &[&["type", "columns", "imageAspectRatio", "imageSize"]];
    f.object(at, Need::Required, known, page::CAROUSEL);
    f.choice(
        &at.key("imageAspectRatio"),
        Need::Optional,
        RATIOS,
        page::CAROUSEL,
    );
    f.choice(&at.key("imageSize"), Need::Optional, SIZES, page::CAROUSEL);
    let columns = at.key("columns");
    let count = f.list(&columns, Need::Required, 1, &limits::CAROUSEL_COLUMNS);
    let mut first = None;
    for index in 0..count {
        let column = columns.index(index);
        let known: &[&[&str]] = &[
            &["thumbnailImageUrl", "imageBackgroundColor", "title"],
            &["text", "defaultAction", "actions"],
        ];
        if !f.object(&column, Need::Required, known, page::CAROUSEL) {
            continue;
        }
        f.https(
            &column.key("thumbnailImageUrl"),
            Need::Optional,
            &limits::MEDIA_URL,
        );
        let colour = column.key("imageBackgroundColor");
        f.colour(&colour, Need::Optional, false, page::CAROUSEL);
        f.text(&column.key("title"), Need::Optional, &limits::COLUMN_TITLE);
        let limit = if is_crowded(&column) {
            &limits::COLUMN_TEXT_SHORT
        } else {
            &limits::COLUMN_TEXT
        };
        f.text(&column.key("text"), Need::Required, limit);
        let default = column.key("defaultAction");
        action(f, &default, Need::Optional, Place::TemplateDefault);
        let buttons = actions(f, &column.key("actions"), 1, &limits::COLUMN_ACTIONS);
        let shape = (
            buttons,
            column.key("thumbnailImageUrl").present(),
            column.key("title").present(),
        );
        let like = *first.get_or_insert(shape);
        if shape.0 != like.0 {
            f.add(
                &column.key("actions"),
                format!("{} actions", shape.0),
                format!("{} actions, as in the first column", like.0),
                page::CAROUSEL,
            );
        }
        if (shape.1, shape.2) != (like.1, like.2) {
            f.add(
                &column,
                "an image or title that other columns do not have, or none where they have one",
                "the same in all columns",
                page::CAROUSEL,
            );
        }
    }
}

fn image_carousel(f: &mut Faults, at: &At<'_>) {
    f.object(
        at,
        Need::Required,
        &[&["type", "columns"]],
        page::IMAGE_CAROUSEL,
    );
    let columns = at.key("columns");
    for index in 0..f.list(&columns, Need::Required, 1, &limits::IMAGE_COLUMNS) {
        let column = columns.index(index);
        let known: &[&[&str]] = &[&["imageUrl", "action"]];
        if f.object(&column, Need::Required, known, page::IMAGE_CAROUSEL) {
            f.https(&column.key("imageUrl"), Need::Required, &limits::MEDIA_URL);
            let tap = column.key("action");
            action(f, &tap, Need::Required, Place::ImageCarousel);
        }
    }
}
