//! Action objects: what a tap does, and where each kind may stand.
//!
//! Source: Messaging API reference, "Action objects".

use super::at::At;
use super::faults::{Faults, Need, quoted};
use super::limits::{self, Limit, page};

/// Where an action stands: it decides the label's length and which kinds are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A button of a buttons, confirm or carousel template.
    Template,
    /// A template's default action: the label is not shown.
    TemplateDefault,
    /// A column of an image carousel.
    ImageCarousel,
    /// A quick reply button.
    QuickReply,
    /// A Flex button.
    FlexButton,
    /// Any other Flex component that can be tapped.
    FlexTap,
    /// An area of a rich menu.
    RichMenu,
}

impl Place {
    fn label(self) -> (&'static Limit, Need) {
        match self {
            Place::Template => (&limits::LABEL_TEMPLATE, Need::Required),
            Place::TemplateDefault => (&limits::LABEL_TEMPLATE, Need::Optional),
            Place::ImageCarousel => (&limits::LABEL_IMAGE_CAROUSEL, Need::Optional),
            Place::QuickReply => (&limits::LABEL_QUICK_REPLY, Need::Required),
            Place::FlexButton => (&limits::LABEL_FLEX, Need::Required),
            Place::FlexTap => (&limits::LABEL_FLEX, Need::Optional),
            Place::RichMenu => (&limits::LABEL_RICH_MENU, Need::Optional),
        }
    }

    fn kinds(self) -> &'static [&'static str] {
        match self {
            Place::QuickReply => &[
                "postback",
                "message",
                "uri",
                "datetimepicker",
                "clipboard",
                "camera",
                "cameraRoll",
                "location",
            ],
            Place::RichMenu => &[
                "postback",
                "message",
                "uri",
                "datetimepicker",
                "clipboard",
                "richmenuswitch",
            ],
            _ => &["postback", "message", "uri", "datetimepicker", "clipboard"],
        }
    }
}

const COMMON: &[&str] = &["type", "label"];

/// Checks an action object.
pub(crate) fn action(f: &mut Faults, at: &At<'_>, need: Need, place: Place) {
    if !at.present() && need == Need::Optional {
        return;
    }
    if !at.value.is_some_and(serde_json::Value::is_object) {
        f.object(at, need, &[], page::ACTION);
        return;
    }
    let (limit, need) = place.label();
    f.text(&at.key("label"), need, limit);
    let kind = f.choice(&at.key("type"), Need::Required, place.kinds(), page::ACTION);
    let own: &[&str] = match kind {
        Some("postback") => {
            postback(f, at);
            &["data", "displayText", "text", "inputOption", "fillInText"]
        }
        Some("message") => {
            f.text(&at.key("text"), Need::Required, &limits::MESSAGE_TEXT);
            &["text"]
        }
        Some("uri") => {
            let schemes = ["http", "https", "line", "tel"];
            f.uri(
                &at.key("uri"),
                Need::Required,
                &schemes,
                &limits::ACTION_URI,
            );
            let alt = at.key("altUri");
            if f.object(&alt, Need::Optional, &[&["desktop"]], page::ACTION) {
                let desktop = alt.key("desktop");
                f.uri(&desktop, Need::Optional, &schemes, &limits::ACTION_URI);
            }
            &["uri", "altUri"]
        }
        Some("datetimepicker") => {
            picker(f, at);
            &["data", "mode", "initial", "max", "min"]
        }
        Some("clipboard") => {
            f.text(&at.key("clipboardText"), Need::Required, &limits::CLIPBOARD);
            &["clipboardText"]
        }
        Some("richmenuswitch") => {
            f.text(&at.key("data"), Need::Required, &limits::POSTBACK_DATA);
            alias(f, &at.key("richMenuAliasId"));
            &["data", "richMenuAliasId"]
        }
        Some(_) => &[],
        None => return,
    };
    f.object(at, Need::Required, &[COMMON, own], page::ACTION);
}

fn postback(f: &mut Faults, at: &At<'_>) {
    f.text(&at.key("data"), Need::Required, &limits::POSTBACK_DATA);
    f.text(
        &at.key("displayText"),
        Need::Optional,
        &limits::POSTBACK_TEXT,
    );
    f.text(&at.key("text"), Need::Optional, &limits::POSTBACK_TEXT);
    if at.key("displayText").present() && at.key("text").present() {
        f.add(
            &at.key("text"),
            "text beside displayText",
            "one of text and displayText",
            page::ACTION,
        );
    }
    let options = ["closeRichMenu", "openRichMenu", "openKeyboard", "openVoice"];
    let option = at.key("inputOption");
    let option = f.choice(&option, Need::Optional, &options, page::ACTION);
    let fill_in = at.key("fillInText");
    f.text(&fill_in, Need::Optional, &limits::POSTBACK_TEXT);
    if fill_in.present() && option != Some("openKeyboard") {
        f.add(
            &fill_in,
            "fillInText without the keyboard",
            "fillInText with inputOption openKeyboard only",
            page::ACTION,
        );
    }
}

fn picker(f: &mut Faults, at: &At<'_>) {
    f.text(&at.key("data"), Need::Required, &limits::POSTBACK_DATA);
    let modes = ["date", "time", "datetime"];
    let Some(mode) = f.choice(&at.key("mode"), Need::Required, &modes, page::ACTION) else {
        return;
    };
    // Letters stand for digits; LINE takes `T` and `t` between date and time.
    let shape = match mode {
        "date" => "dddd-dd-dd",
        "time" => "dd:dd",
        _ => "dddd-dd-ddTdd:dd",
    };
    for key in ["initial", "max", "min"] {
        let Some(text) = f.string(&at.key(key), Need::Optional, page::ACTION) else {
            continue;
        };
        let fits = text.len() == shape.len()
            && text
                .bytes()
                .zip(shape.bytes())
                .all(|(byte, want)| match want {
                    b'd' => byte.is_ascii_digit(),
                    b'T' => byte == b'T' || byte == b't',
                    other => byte == other,
                });
        if !fits {
            let allowed = match mode {
                "date" => "a date as 2026-12-31",
                "time" => "a time as 23:59",
                _ => "a date and time as 2026-12-31T23:59",
            };
            f.add(&at.key(key), quoted(text), allowed, page::ACTION);
        }
    }
}

/// A rich menu alias: `[a-z0-9_-]{1,32}`.
fn alias(f: &mut Faults, at: &At<'_>) {
    if let Some(text) = f.text(at, Need::Required, &limits::MENU_ALIAS) {
        let ok = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if !ok {
            f.add(
                at,
                quoted(text),
                "letters a-z, digits, _ and -",
                page::ACTION,
            );
        }
    }
}
