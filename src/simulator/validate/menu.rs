//! Rich menu objects and pictures. Source: LINE reference, "Rich menu".

use super::action::{self, Place};
use super::{Fault, Faults, graphemes};
use serde_json::Value;

/// Checks a rich menu object.
pub fn check_menu(menu: &Value) -> Vec<Fault> {
    let mut faults = Faults::default();
    let side = |key: &str| menu["size"][key].as_u64().unwrap_or(0);
    let (width, height) = (side("width"), side("height"));
    if !(800..=2_500).contains(&width) {
        faults.add("size.width", "Must be between 800 and 2500");
    }
    if height < 250 {
        faults.add("size.height", "Must be 250 or more");
    }
    // width / height >= 1.45, in whole numbers.
    if width.saturating_mul(100) < height.saturating_mul(145) {
        faults.add(
            "size",
            "Aspect ratio (width / height) must be at least 1.45",
        );
    }
    if !menu["selected"].is_boolean() {
        faults.add("selected", "May not be null");
    }
    faults.text("name", &menu["name"], 300, graphemes);
    faults.text("chatBarText", &menu["chatBarText"], 14, graphemes);
    for (i, area) in faults
        .list("areas", &menu["areas"], 0, 20)
        .iter()
        .enumerate()
    {
        let at = format!("areas[{i}]");
        for key in ["x", "y", "width", "height"] {
            faults.whole(&format!("{at}.bounds.{key}"), &area["bounds"][key], 0);
        }
        let edge = |from: &str, span: &str| {
            let number = |key: &str| area["bounds"][key].as_u64().unwrap_or(0);
            number(from).saturating_add(number(span))
        };
        if edge("x", "width") > width || edge("y", "height") > height {
            faults.add(&format!("{at}.bounds"), "Must lie within the rich menu");
        }
        action::check(
            &mut faults,
            &format!("{at}.action"),
            &area["action"],
            Place::RichMenu,
        );
    }
    faults.0
}
