//! Rich menus as LINE takes them: the menu object and the facts of its image.
//!
//! Source: Messaging API reference, "Rich menu structure" and "Upload rich menu image". The image
//! is not decoded: its header says the size, the rest is LINE's to judge.

use super::message::{At, Fault, Faults, Need, Place, action, limits, limits::page};
use serde_json::Value;

/// Checks a rich menu object.
///
/// # Errors
/// Every fault found; never empty.
pub fn check(menu: &Value) -> Result<(), Vec<Fault>> {
    let mut faults = Faults::default();
    menu_object(&mut faults, &At::root(menu));
    faults.into_result()
}

/// Checks a menu and its image together: formats, file size, and that both have one size.
///
/// # Errors
/// Every fault found; never empty.
pub fn check_with_image(menu: &Value, image: &[u8]) -> Result<Image, Vec<Fault>> {
    let mut faults = Faults::default();
    let root = At::root(menu);
    menu_object(&mut faults, &root);
    let facts = match Image::read(image) {
        Err(fault) => {
            faults.push(fault);
            None
        }
        Ok(facts) => {
            let size = (menu.pointer("/size/width"), menu.pointer("/size/height"));
            if let (Some(width), Some(height)) = (
                size.0.and_then(Value::as_u64),
                size.1.and_then(Value::as_u64),
            ) && (width, height) != (u64::from(facts.width), u64::from(facts.height))
            {
                faults.add(
                    &root.key("size"),
                    format!("{width}x{height}"),
                    format!("{}x{}, the size of the image", facts.width, facts.height),
                    page::RICH_MENU_IMAGE,
                );
            }
            Some(facts)
        }
    };
    faults.into_result()?;
    Ok(facts.expect("an image that could not be read is a fault"))
}

fn menu_object(f: &mut Faults, at: &At<'_>) {
    let known: &[&[&str]] = &[&["size", "selected", "name", "chatBarText", "areas"]];
    if !f.object(at, Need::Required, known, page::RICH_MENU) {
        return;
    }
    let size = at.key("size");
    let mut bounds = (None, None);
    if f.object(
        &size,
        Need::Required,
        &[&["width", "height"]],
        page::RICH_MENU,
    ) {
        let widths = limits::MENU_WIDTH.0..=limits::MENU_WIDTH.1;
        let heights = limits::MENU_HEIGHT..=i64::from(i32::MAX);
        bounds.0 = f.integer(&size.key("width"), Need::Required, widths, page::RICH_MENU);
        bounds.1 = f.integer(
            &size.key("height"),
            Need::Required,
            heights,
            page::RICH_MENU,
        );
        if let (Some(width), Some(height)) = bounds
            && !is_wide_enough(width, height)
        {
            f.add(
                &size,
                format!("{width}x{height}"),
                "width at least 1.45 times the height",
                page::RICH_MENU,
            );
        }
    }
    let selected = at.key("selected");
    if !selected.present() {
        f.add(&selected, "nothing", "true or false", page::RICH_MENU);
    }
    f.boolean(&selected, page::RICH_MENU);
    f.text(&at.key("name"), Need::Required, &limits::MENU_NAME);
    f.text(
        &at.key("chatBarText"),
        Need::Required,
        &limits::MENU_CHAT_BAR,
    );
    let areas = at.key("areas");
    for index in 0..f.list(&areas, Need::Required, 0, &limits::MENU_AREAS) {
        let area = areas.index(index);
        if f.object(
            &area,
            Need::Required,
            &[&["bounds", "action"]],
            page::RICH_MENU,
        ) {
            bounds_object(f, &area.key("bounds"), bounds);
            action(f, &area.key("action"), Need::Required, Place::RichMenu);
        }
    }
}

fn bounds_object(f: &mut Faults, at: &At<'_>, size: (Option<i64>, Option<i64>)) {
    let known: &[&[&str]] = &[&["x", "y", "width", "height"]];
    if !f.object(at, Need::Required, known, page::RICH_MENU) {
        return;
    }
    for (start, length, end) in [("x", "width", size.0), ("y", "height", size.1)] {
        let end = end.unwrap_or(i64::from(i32::MAX));
        let from = f.integer(&at.key(start), Need::Required, 0..=end, page::RICH_MENU);
        let long = f.integer(&at.key(length), Need::Required, 1..=end, page::RICH_MENU);
        if let (Some(from), Some(long)) = (from, long)
            && from + long > end
        {
            f.add(
                at,
                format!("{start} + {length} = {}", from + long),
                format!("at most {end}"),
                page::RICH_MENU,
            );
        }
    }
}

fn is_wide_enough(width: i64, height: i64) -> bool {
    width * 100 >= height * limits::MENU_RATIO_PERCENT
}

/// The two formats LINE takes for a rich menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

impl Format {
    /// The value of `Content-Type` for the upload.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Png => "image/png",
            Format::Jpeg => "image/jpeg",
        }
    }
}

/// What the header of an image file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// The format.
    pub format: Format,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Image {
    /// Reads a file's header and checks it against the limits of a rich menu image.
    ///
    /// # Errors
    /// The first fault; its path is `image`.
    pub fn read(bytes: &[u8]) -> Result<Image, Fault> {
        let fault = |found: String, allowed: &str| Fault {
            path: "image".to_owned(),
            found,
            allowed: allowed.to_owned(),
            choices: Vec::new(),
            source: page::RICH_MENU_IMAGE,
        };
        if bytes.len() > limits::MENU_IMAGE.max {
            let allowed = format!("at most {} bytes", limits::MENU_IMAGE.max);
            return Err(fault(format!("{} bytes", bytes.len()), &allowed));
        }
        let image = png(bytes)
            .or_else(|| jpeg(bytes))
            .ok_or_else(|| fault("neither PNG nor JPEG".to_owned(), "a PNG or JPEG file"))?;
        let (width, height) = (i64::from(image.width), i64::from(image.height));
        let fits = (limits::MENU_WIDTH.0..=limits::MENU_WIDTH.1).contains(&width)
            && height >= limits::MENU_HEIGHT
            && is_wide_enough(width, height);
        if !fits {
            return Err(fault(
                format!("{width}x{height}"),
                "width 800 to 2500, height from 250, width at least 1.45 times the height",
            ));
        }
        Ok(image)
    }
}

/// The header chunk of a PNG follows the signature (W3C PNG, 5.2 and 11.2.2).
fn png(bytes: &[u8]) -> Option<Image> {
    let rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    if rest.get(4..8)? != b"IHDR" {
        return None;
    }
    let number = |at: usize| Some(u32::from_be_bytes(rest.get(at..at + 4)?.try_into().ok()?));
    Some(Image {
        format: Format::Png,
        width: number(8)?,
        height: number(12)?,
    })
}

/// Walks a JPEG's segments to the frame header (ITU T.81, B.2.2).
fn jpeg(bytes: &[u8]) -> Option<Image> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        if *rest.first()? != 0xff {
            return None;
        }
        let marker = *rest.get(1)?;
        match marker {
            0xff => rest = &rest[1..],               // fill byte
            0x01 | 0xd0..=0xd7 => rest = &rest[2..], // no length
            0xd9 | 0xda => return None,              // image data before any frame header
            _ => {
                let length = usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
                let is_frame =
                    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
                if is_frame {
                    let number = |at: usize| {
                        Some(u32::from(u16::from_be_bytes([
                            *rest.get(at)?,
                            *rest.get(at + 1)?,
                        ])))
                    };
                    return Some(Image {
                        format: Format::Jpeg,
                        height: number(5)?,
                        width: number(7)?,
                    });
                }
                if length < 2 {
                    return None;
                }
                rest = rest.get(2 + length..)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn menu() -> Value {
        json!({
            "size": {"width": 2500, "height": 843},
            "selected": true,
            "name": "main",
            "chatBarText": "選單",
            "areas": [{
                "bounds": {"x": 0, "y": 0, "width": 1250, "height": 843},
                "action": {"type": "message", "label": "產品", "text": "產品咨询"},
            }],
        })
    }

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        file.extend(width.to_be_bytes());
        file.extend(height.to_be_bytes());
        file
    }

    fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
        let mut file = vec![
            0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 11, 8,
        ];
        file.extend(height.to_be_bytes());
        file.extend(width.to_be_bytes());
        file
    }

    #[test]
    fn a_good_menu_passes_with_its_image() {
        check(&menu()).unwrap();
        let image = check_with_image(&menu(), &png_of(2500, 843)).unwrap();
        assert_eq!(image.format, Format::Png);
        let image = check_with_image(&menu(), &jpeg_of(2500, 843)).unwrap();
        assert_eq!(image.format.content_type(), "image/jpeg");
    }

    #[test]
    fn each_broken_limit_is_named() {
        type Break = fn(&mut Value);
        let cases: [(&str, Break); 10] = [
            ("size.width", |m| m["size"]["width"] = json!(799)),
            ("size.width", |m| m["size"]["width"] = json!(2501)),
            ("size.height", |m| m["size"]["height"] = json!(249)),
            ("size", |m| m["size"] = json!({"width": 800, "height": 552})),
            ("chatBarText", |m| m["chatBarText"] = json!("👩‍👩‍👧".repeat(15))),
            ("areas", |m| {
                m["areas"] = vec![m["areas"][0].clone(); 21].into()
            }),
            ("areas[0].bounds", |m| {
                m["areas"][0]["bounds"]["x"] = json!(1251)
            }),
            ("areas[0].action.type", |m| {
                m["areas"][0]["action"]["type"] = json!("camera")
            }),
            ("areas[0].action.label", |m| {
                m["areas"][0]["action"]["label"] = json!("長".repeat(21))
            }),
            ("selected", |m| {
                m.as_object_mut().unwrap().remove("selected");
            }),
        ];
        for (path, change) in cases {
            let mut broken = menu();
            change(&mut broken);
            let faults = check(&broken).unwrap_err();
            assert!(
                faults.iter().any(|fault| fault.path == path),
                "{path}: {faults:?}"
            );
        }
        let mut family = menu();
        family["chatBarText"] = json!("👩‍👩‍👧".repeat(14));
        check(&family).unwrap();
    }

    #[test]
    fn an_image_of_another_size_or_kind_is_refused() {
        for image in [
            png_of(1200, 405),
            png_of(2500, 2000),
            b"GIF89a".to_vec(),
            vec![0xff, 0xd8, 0xff],
            Vec::new(),
            [png_of(2500, 843), vec![0; 1_000_000]].concat(),
        ] {
            assert!(check_with_image(&menu(), &image).is_err());
        }
    }
}
