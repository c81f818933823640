//! Imagemap messages. Source: LINE reference, "Imagemap message".

use super::{Faults, plain_uri, units};
use serde_json::Value;

pub(super) fn check(faults: &mut Faults, at: &str, message: &Value) {
    let path = |name: &str| format!("{at}.{name}");
    faults.https(&path("baseUrl"), &message["baseUrl"], 2_000);
    faults.text(&path("altText"), &message["altText"], 1_500, units);
    if message["baseSize"]["width"] != 1040 {
        faults.add(&path("baseSize.width"), "Must be 1040");
    }
    faults.whole(&path("baseSize.height"), &message["baseSize"]["height"], 1);
    let here = path("actions");
    for (i, action) in faults
        .list(&here, &message["actions"], 0, 50)
        .iter()
        .enumerate()
    {
        let path = |name: &str| format!("{here}[{i}].{name}");
        match action["type"].as_str() {
            Some("uri") => {
                faults.text(&path("linkUri"), &action["linkUri"], 1_000, units);
                if action["linkUri"]
                    .as_str()
                    .is_some_and(|uri| !plain_uri(uri))
                {
                    faults.add(&path("linkUri"), "invalid uri scheme");
                }
            }
            Some("message") => faults.text(&path("text"), &action["text"], 400, units),
            Some("clipboard") => {
                faults.text(
                    &path("clipboardText"),
                    &action["clipboardText"],
                    1_000,
                    units,
                );
            }
            _ => faults.add(
                &path("type"),
                "Must be one of the following values: [uri, message, clipboard]",
            ),
        }
        for key in ["x", "y", "width", "height"] {
            faults.whole(&path(&format!("area.{key}")), &action["area"][key], 0);
        }
    }
}
