//! Flex components: which may stand in which, what each requires, how sizes are written.
//!
//! Source: Messaging API reference, "Flex Message: component".

use super::action::{Place, action};
use super::at::At;
use super::count::Unit;
use super::faults::{Faults, Need, quoted};
use super::limits::{self, Limit, page};
use serde_json::Value;

/// What a component stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parent {
    /// Header, body or footer: a box.
    Block,
    /// Hero: a box, an image or a video.
    Hero,
    /// The alternative of a video.
    Alternative,
    /// A horizontal or vertical box.
    Box,
    /// A baseline box.
    Baseline,
    /// A text: spans.
    Text,
}

impl Parent {
    fn children(self) -> &'static [&'static str] {
        match self {
            Parent::Block => &["box"],
            Parent::Hero => &["box", "image", "video"],
            Parent::Alternative => &["box", "image"],
            Parent::Box => &["box", "button", "image", "text", "separator", "filler"],
            Parent::Baseline => &["icon", "text", "filler"],
            Parent::Text => &["span"],
        }
    }
}

const STEPS: &[&str] = &["none", "xs", "sm", "md", "lg", "xl", "xxl"];
const SIZES: &[&str] = &[
    "xxs", "xs", "sm", "md", "lg", "xl", "xxl", "3xl", "4xl", "5xl", "full",
];
const OFFSETS: &[&str] = &["offsetTop", "offsetBottom", "offsetStart", "offsetEnd"];
const PLACED: &[&str] = &["type", "flex", "margin", "position"];
const ANY_LENGTH: Limit = Limit {
    max: 1_000,
    unit: Unit::Items,
    source: page::FLEX,
};

/// Checks a component and everything in it.
pub(crate) fn component(f: &mut Faults, at: &At<'_>, parent: Parent) {
    if !at.value.is_some_and(Value::is_object) {
        f.object(at, Need::Required, &[], page::FLEX);
        return;
    }
    let kind = at.key("type");
    let Some(kind) = f.choice(&kind, Need::Required, parent.children(), page::FLEX) else {
        return;
    };
    let own: &[&str] = match kind {
        "box" => flex_box(f, at),
        "button" => {
            action(f, &at.key("action"), Need::Required, Place::FlexButton);
            words(f, at, "style", &["primary", "secondary", "link"]);
            words(f, at, "height", &["sm", "md"]);
            f.colour(&at.key("color"), Need::Optional, true, page::FLEX);
            &[
                "action",
                "style",
                "height",
                "color",
                "gravity",
                "adjustMode",
                "scaling",
            ]
        }
        "image" => {
            f.https(&at.key("url"), Need::Required, &limits::FLEX_URL);
            words(f, at, "aspectMode", &["cover", "fit"]);
            ratio(f, &at.key("aspectRatio"));
            f.boolean(&at.key("animated"), page::FLEX);
            f.colour(&at.key("backgroundColor"), Need::Optional, true, page::FLEX);
            action(f, &at.key("action"), Need::Optional, Place::FlexTap);
            measure(f, at, "size", SIZES);
            &[
                "url",
                "align",
                "gravity",
                "size",
                "aspectRatio",
                "aspectMode",
                "backgroundColor",
                "action",
                "animated",
            ]
        }
        "video" => {
            f.https(&at.key("url"), Need::Required, &limits::FLEX_URL);
            f.https(&at.key("previewUrl"), Need::Required, &limits::FLEX_URL);
            component(f, &at.key("altContent"), Parent::Alternative);
            ratio(f, &at.key("aspectRatio"));
            action(f, &at.key("action"), Need::Optional, Place::FlexTap);
            &["url", "previewUrl", "altContent", "aspectRatio", "action"]
        }
        "icon" => {
            f.https(&at.key("url"), Need::Required, &limits::FLEX_URL);
            ratio(f, &at.key("aspectRatio"));
            measure(f, at, "size", SIZES);
            &["url", "size", "aspectRatio", "scaling"]
        }
        "text" => text(f, at),
        "span" => {
            f.string(&at.key("text"), Need::Required, page::FLEX);
            font(f, at);
            &["text", "size", "color", "weight", "style", "decoration"]
        }
        "separator" => {
            f.colour(&at.key("color"), Need::Optional, true, page::FLEX);
            &["color"]
        }
        _ => &[],
    };
    f.object(at, Need::Required, &[PLACED, OFFSETS, own], page::FLEX);
    f.integer(
        &at.key("flex"),
        Need::Optional,
        0..=i64::from(i32::MAX),
        page::FLEX,
    );
    f.boolean(&at.key("scaling"), page::FLEX);
    measure(f, at, "margin", STEPS);
    for offset in OFFSETS {
        measure(f, at, offset, STEPS);
    }
    words(f, at, "position", &["relative", "absolute"]);
    words(f, at, "gravity", &["top", "bottom", "center"]);
    words(f, at, "align", &["start", "end", "center"]);
    words(f, at, "adjustMode", &["shrink-to-fit"]);
}

fn words(f: &mut Faults, at: &At<'_>, key: &str, words: &[&str]) {
    f.choice(&at.key(key), Need::Optional, words, page::FLEX);
}

fn flex_box(f: &mut Faults, at: &At<'_>) -> &'static [&'static str] {
    let layouts = ["horizontal", "vertical", "baseline"];
    let layout = f.choice(&at.key("layout"), Need::Required, &layouts, page::FLEX);
    let inside = if layout == Some("baseline") {
        Parent::Baseline
    } else {
        Parent::Box
    };
    let contents = at.key("contents");
    for index in 0..f.list(&contents, Need::Required, 0, &ANY_LENGTH) {
        component(f, &contents.index(index), inside);
    }
    action(f, &at.key("action"), Need::Optional, Place::FlexTap);
    for key in ["backgroundColor", "borderColor"] {
        f.colour(&at.key(key), Need::Optional, true, page::FLEX);
    }
    for key in [
        "spacing",
        "cornerRadius",
        "paddingAll",
        "paddingTop",
        "paddingBottom",
    ] {
        measure(f, at, key, STEPS);
    }
    for key in ["paddingStart", "paddingEnd"] {
        measure(f, at, key, STEPS);
    }
    let borders = ["none", "light", "normal", "medium", "semi-bold", "bold"];
    measure(f, at, "borderWidth", &borders);
    for key in ["width", "maxWidth", "height", "maxHeight"] {
        measure(f, at, key, &[]);
    }
    let across = ["center", "flex-start", "flex-end"];
    words(f, at, "alignItems", &across);
    let along = [
        "center",
        "flex-start",
        "flex-end",
        "space-between",
        "space-around",
        "space-evenly",
    ];
    words(f, at, "justifyContent", &along);
    background(f, &at.key("background"));
    &[
        "layout",
        "contents",
        "spacing",
        "backgroundColor",
        "borderColor",
        "borderWidth",
        "cornerRadius",
        "width",
        "maxWidth",
        "height",
        "maxHeight",
        "paddingAll",
        "paddingTop",
        "paddingBottom",
        "paddingStart",
        "paddingEnd",
        "action",
        "justifyContent",
        "alignItems",
        "background",
    ]
}

fn background(f: &mut Faults, at: &At<'_>) {
    let known: &[&[&str]] = &[
        &["type", "angle", "startColor", "endColor"],
        &["centerColor", "centerPosition"],
    ];
    if !f.object(at, Need::Optional, known, page::FLEX) {
        return;
    }
    let kind = at.key("type");
    f.choice(&kind, Need::Required, &["linearGradient"], page::FLEX);
    f.string(&at.key("angle"), Need::Required, page::FLEX);
    f.colour(&at.key("startColor"), Need::Required, true, page::FLEX);
    f.colour(&at.key("endColor"), Need::Required, true, page::FLEX);
    f.colour(&at.key("centerColor"), Need::Optional, true, page::FLEX);
    f.string(&at.key("centerPosition"), Need::Optional, page::FLEX);
}

fn text(f: &mut Faults, at: &At<'_>) -> &'static [&'static str] {
    let spans = at.key("contents");
    let need = if spans.len() > 0 {
        Need::Optional
    } else {
        Need::Required
    };
    f.string(&at.key("text"), need, page::FLEX);
    for index in 0..f.list(&spans, Need::Optional, 0, &ANY_LENGTH) {
        component(f, &spans.index(index), Parent::Text);
    }
    font(f, at);
    f.boolean(&at.key("wrap"), page::FLEX);
    let range = 0..=i64::from(i32::MAX);
    f.integer(&at.key("maxLines"), Need::Optional, range, page::FLEX);
    measure(f, at, "lineSpacing", &[]);
    action(f, &at.key("action"), Need::Optional, Place::FlexTap);
    &[
        "text",
        "contents",
        "size",
        "align",
        "gravity",
        "color",
        "weight",
        "style",
        "decoration",
        "wrap",
        "lineSpacing",
        "action",
        "maxLines",
        "adjustMode",
        "scaling",
    ]
}

fn font(f: &mut Faults, at: &At<'_>) {
    measure(f, at, "size", SIZES);
    f.colour(&at.key("color"), Need::Optional, true, page::FLEX);
    words(f, at, "weight", &["regular", "bold"]);
    words(f, at, "style", &["normal", "italic"]);
    words(f, at, "decoration", &["none", "underline", "line-through"]);
}

/// A keyword, or a number with `px` or `%`.
fn measure(f: &mut Faults, at: &At<'_>, key: &str, keywords: &[&str]) {
    let at = at.key(key);
    let Some(text) = f.string(&at, Need::Optional, page::FLEX) else {
        return;
    };
    let number = text.strip_suffix("px").or_else(|| text.strip_suffix('%'));
    let is_number = number.is_some_and(|number| {
        let digits = number.strip_prefix('-').unwrap_or(number);
        digits.parse::<f32>().is_ok() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    if !is_number && !keywords.contains(&text) {
        let allowed = format!(
            "a number with px or %{}{}",
            if keywords.is_empty() {
                ""
            } else {
                ", or one of "
            },
            keywords.join(", ")
        );
        f.add(&at, quoted(text), allowed, page::FLEX);
    }
}

/// `{width}:{height}`, each 1 to 100,000, height at most three times the width.
fn ratio(f: &mut Faults, at: &At<'_>) {
    let Some(text) = f.string(at, Need::Optional, page::FLEX) else {
        return;
    };
    let parts = text
        .split_once(':')
        .and_then(|(w, h)| Some((w.parse::<f64>().ok()?, h.parse::<f64>().ok()?)));
    let range = 1.0..=100_000.0;
    let ok = parts.is_some_and(|(w, h)| range.contains(&w) && range.contains(&h) && h <= 3.0 * w);
    if !ok {
        let allowed = "width:height, each 1 to 100000, height at most three times the width";
        f.add(at, quoted(text), allowed, page::FLEX);
    }
}
