//! Action objects. Source: LINE reference, "Action objects".

use super::{Faults, graphemes, plain_uri, units};
use serde_json::Value;

/// Where an action stands decides its label's length and which types are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Template,
    ImageCarousel,
    QuickReply,
    RichMenu,
    Flex,
    /// No label is shown: default actions, flex boxes and images.
    Silent,
}

impl Place {
    fn label_max(self) -> usize {
        match self {
            Place::ImageCarousel => 12,
            Place::Flex => 40,
            _ => 20,
        }
    }

    fn label_needed(self) -> bool {
        matches!(self, Place::Template | Place::QuickReply | Place::Flex)
    }

    fn types(self) -> &'static [&'static str] {
        match self {
            Place::QuickReply => &[
                "postback",
                "message",
                "uri",
                "datetimepicker",
                "camera",
                "cameraRoll",
                "location",
                "clipboard",
            ],
            Place::RichMenu => &[
                "postback",
                "message",
                "uri",
                "datetimepicker",
                "richmenuswitch",
                "clipboard",
            ],
            _ => &["postback", "message", "uri", "datetimepicker", "clipboard"],
        }
    }
}

pub(super) fn check(faults: &mut Faults, at: &str, action: &Value, place: Place) {
    let path = |name: &str| format!("{at}.{name}");
    if !action.is_object() {
        faults.add(at, "May not be empty");
        return;
    }
    if !faults.one_of(&path("type"), &action["type"], place.types()) {
        return;
    }
    if place.label_needed() {
        faults.text(
            &path("label"),
            &action["label"],
            place.label_max(),
            graphemes,
        );
    } else {
        let label = &action["label"];
        if !label.is_null() && label != "" {
            faults.text(&path("label"), label, place.label_max(), graphemes);
        }
    }
    match action["type"].as_str().unwrap_or_default() {
        "postback" => {
            faults.text(&path("data"), &action["data"], 300, units);
            for key in ["displayText", "text", "fillInText"] {
                faults.maybe(&path(key), &action[key], 300, graphemes);
            }
            if !action["displayText"].is_null() && !action["text"].is_null() {
                faults.add(&path("text"), "Cannot be used with displayText");
            }
            let options = ["closeRichMenu", "openRichMenu", "openKeyboard", "openVoice"];
            faults.maybe_one_of(&path("inputOption"), &action["inputOption"], &options);
            if !action["fillInText"].is_null() && action["inputOption"] != "openKeyboard" {
                faults.add(&path("fillInText"), "Needs inputOption openKeyboard");
            }
        }
        "message" => faults.text(&path("text"), &action["text"], 300, graphemes),
        "uri" => {
            faults.text(&path("uri"), &action["uri"], 1_000, units);
            let uri = action["uri"].as_str().unwrap_or_default();
            let scheme = uri.split(':').next().unwrap_or_default();
            if !uri.is_empty()
                && (!["http", "https", "line", "tel"].contains(&scheme) || !plain_uri(uri))
            {
                faults.add(&path("uri"), "invalid uri scheme");
            }
        }
        "datetimepicker" => {
            faults.text(&path("data"), &action["data"], 300, units);
            faults.one_of(
                &path("mode"),
                &action["mode"],
                &["date", "time", "datetime"],
            );
        }
        "richmenuswitch" => {
            faults.text(&path("data"), &action["data"], 300, units);
            faults.text(
                &path("richMenuAliasId"),
                &action["richMenuAliasId"],
                32,
                units,
            );
        }
        "clipboard" => faults.text(
            &path("clipboardText"),
            &action["clipboardText"],
            1_000,
            units,
        ),
        _ => {}
    }
}
