//! Imagemap messages: one picture, tappable areas, perhaps a video.
//!
//! Source: Messaging API reference, "Imagemap message". The five widths under `baseUrl` are the
//! media host's affair.

use super::at::At;
use super::faults::{Faults, Need};
use super::limits::{self, page};

/// Checks an imagemap message.
pub(crate) fn imagemap(f: &mut Faults, at: &At<'_>) {
    f.https(&at.key("baseUrl"), Need::Required, &limits::MEDIA_URL);
    f.text(&at.key("altText"), Need::Required, &limits::IMAGEMAP_ALT);
    let size = at.key("baseSize");
    let mut height = None;
    if f.object(
        &size,
        Need::Required,
        &[&["width", "height"]],
        page::IMAGEMAP,
    ) {
        let width = limits::IMAGEMAP_WIDTH;
        f.integer(
            &size.key("width"),
            Need::Required,
            width..=width,
            page::IMAGEMAP,
        );
        let range = 1..=i64::from(i32::MAX);
        height = f.integer(&size.key("height"), Need::Required, range, page::IMAGEMAP);
    }
    let actions = at.key("actions");
    for index in 0..f.list(&actions, Need::Required, 1, &limits::IMAGEMAP_ACTIONS) {
        tap(f, &actions.index(index), height);
    }
    video(f, &at.key("video"), height);
}

fn tap(f: &mut Faults, at: &At<'_>, height: Option<i64>) {
    let kinds = ["uri", "message", "clipboard"];
    let own = match f.choice(&at.key("type"), Need::Required, &kinds, page::IMAGEMAP) {
        Some("uri") => {
            let schemes = ["http", "https", "line", "tel"];
            let link = at.key("linkUri");
            f.uri(&link, Need::Required, &schemes, &limits::IMAGEMAP_URI);
            "linkUri"
        }
        Some("message") => {
            f.text(&at.key("text"), Need::Required, &limits::IMAGEMAP_TEXT);
            "text"
        }
        Some(_) => {
            let text = at.key("clipboardText");
            f.text(&text, Need::Required, &limits::IMAGEMAP_CLIPBOARD);
            "clipboardText"
        }
        None => return,
    };
    f.object(
        at,
        Need::Required,
        &[&["type", "label", "area", own]],
        page::IMAGEMAP,
    );
    f.string(&at.key("label"), Need::Optional, page::IMAGEMAP);
    area(f, &at.key("area"), height);
}

/// An area inside the picture.
fn area(f: &mut Faults, at: &At<'_>, height: Option<i64>) {
    let known: &[&[&str]] = &[&["x", "y", "width", "height"]];
    if !f.object(at, Need::Required, known, page::IMAGEMAP) {
        return;
    }
    let bounds = [
        ("x", "width", Some(limits::IMAGEMAP_WIDTH)),
        ("y", "height", height),
    ];
    for (start, length, end) in bounds {
        let end = end.unwrap_or(i64::from(i32::MAX));
        let from = f.integer(&at.key(start), Need::Required, 0..=end, page::IMAGEMAP);
        let long = f.integer(&at.key(length), Need::Required, 1..=end, page::IMAGEMAP);
        if let (Some(from), Some(long)) = (from, long)
            && from + long > end
        {
            f.add(
                at,
                format!("{start} + {length} = {}", from + long),
                format!("at most {end}"),
                page::IMAGEMAP,
            );
        }
    }
}

fn video(f: &mut Faults, at: &At<'_>, height: Option<i64>) {
    let known: &[&[&str]] = &[&[
        "originalContentUrl",
        "previewImageUrl",
        "area",
        "externalLink",
    ]];
    if !f.object(at, Need::Optional, known, page::IMAGEMAP) {
        return;
    }
    for key in ["originalContentUrl", "previewImageUrl"] {
        f.https(&at.key(key), Need::Required, &limits::MEDIA_URL);
    }
    area(f, &at.key("area"), height);
    let link = at.key("externalLink");
    if f.object(
        &link,
        Need::Optional,
        &[&["linkUri", "label"]],
        page::IMAGEMAP,
    ) {
        let schemes = ["http", "https", "line", "tel"];
        f.uri(
            &link.key("linkUri"),
            Need::Required,
            &schemes,
            &limits::IMAGEMAP_URI,
        );
        f.string(&link.key("label"), Need::Required, page::IMAGEMAP);
    }
}
