//! The rich menu: groups of entries laid on a grid, and what a tap on each answers.
//!
//! One row a group, one column an entry, over the whole image. A tap comes back as a postback
//! whose data names menu, group and entry, so it is answered from the playbook in force, not from
//! the menu that LINE still shows.

use crate::automation::messages;
use crate::automation::postbacks;
use crate::automation::rules::{Rule, nearest_id};
use crate::config::fault::Place;
use crate::config::section::Section;
use crate::domain::playbook::Tap;
use crate::line_wire::message::Fault as WireFault;
use crate::line_wire::rich_menu::{Format, Image, check_with_image};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Groups of a menu, entries of a group: the seed's menu is four by three.
const GROUPS: std::ops::RangeInclusive<usize> = 1..=5;
const ENTRIES: std::ops::RangeInclusive<usize> = 1..=4;

/// A checked rich menu, for `hotline menu sync`.
#[derive(Clone, Debug)]
pub struct RichMenu {
    /// The menu's name.
    pub name: Arc<str>,
    /// The object for `POST /v2/bot/richmenu`.
    pub object: Json,
    /// The picture.
    pub image: Arc<[u8]>,
    /// Its format.
    pub format: Format,
    /// Where it came from.
    pub image_path: PathBuf,
}

/// What a menu's file gives.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The menu, when nothing was at fault.
    pub menu: Option<RichMenu>,
    /// Postback data and what it answers.
    pub answers: Vec<(Arc<str>, Tap)>,
}

/// The data of a tap; groups and entries count from 1.
pub fn postback_data(menu: &str, group: usize, entry: usize) -> String {
    format!("menu:{menu}:{group}:{entry}")
}

/// Reads `[rich_menu]`.
pub(crate) fn read(
    section: Section<'_>,
    folder: &Path,
    rules: &[Rule],
    flows: &[Arc<str>],
) -> Read {
    section.require("name", "a name of 1 to 32 of a-z 0-9 _ -");
    section.require("chat_bar_text", "the text on the bar below the chat");
    section.require("image", "a PNG or JPEG beside this file");
    let name = section
        .parsed("name", "1 to 32 of a-z 0-9 _ -", |text| {
            crate::config::channels::is_name(text).then_some(text.to_owned())
        })
        .unwrap_or_default();
    let chat_bar_text = section.words("chat_bar_text", 1..=300).unwrap_or_default();
    let open = section.flag("open", true);
    let image = image(&section, folder);
    let groups = section.sections("group");
    if !GROUPS.contains(&groups.len()) {
        let found = format!("{} groups", groups.len());
        section.fault("group", &found, "1 to 5 groups ([[rich_menu.group]])");
    }
    let mut answers = Vec::new();
    let mut rows = Vec::new();
    for (g, group) in groups.iter().enumerate() {
        group.require("label", "the group's name");
        group.words("label", 1..=20);
        group.require("entries", "a list of 1 to 4 entries");
        let entries = group.sections("entries");
        if group.has("entries") && !ENTRIES.contains(&entries.len()) {
            let found = format!("{} entries", entries.len());
            group.fault("entries", &found, "1 to 4 entries");
        }
        let mut row = Vec::new();
        for (e, entry) in entries.iter().enumerate() {
            let data = postback_data(&name, g + 1, e + 1);
            let (action, tap) = one(entry, &data, rules, flows);
            answers.extend(tap.map(|tap| (Arc::from(data.as_str()), tap)));
            row.push((action, entry.at()));
        }
        rows.push(row);
    }
    for section in groups {
        section.finish();
    }
    let menu = image.and_then(|(path, bytes, size)| {
        let object = json!({
            "size": { "width": size.width, "height": size.height },
            "selected": open,
            "name": name,
            "chatBarText": chat_bar_text,
            "areas": areas(&rows, size.width, size.height),
        });
        match check_with_image(&object, &bytes) {
            Ok(image) => Some(RichMenu {
                name: Arc::from(name),
                object,
                image: bytes.into(),
                format: image.format,
                image_path: path,
            }),
            Err(faults) => {
                note(&section, &rows, &faults);
                None
            }
        }
    });
    section.finish();
    Read { menu, answers }
}

/// What a tap does, and what answers it.
fn one(entry: &Section<'_>, data: &str, rules: &[Rule], flows: &[Arc<str>]) -> (Json, Option<Tap>) {
    entry.require("label", "the entry's name, shown as the customer's words");
    let label = entry.words("label", 1..=20).unwrap_or_default();
    let uri = entry.text("uri", "a URI").map(|text| text.text.as_str());
    let tap = postbacks::tap(entry, flows);
    let keyword = entry.text("keyword", "the id of a keyword rule");
    let reply = messages::answer(entry, "reply", data);
    let given: Vec<_> = ["reply", "keyword", "flow", "handoff", "uri"]
        .into_iter()
        .filter(|key| entry.has(key))
        .collect();
    if given.len() != 1 {
        let found = match given.len() {
            0 => "no action".to_owned(),
            _ => given.join(" and "),
        };
        entry.fault("label", &found, "one of reply, keyword, flow, handoff, uri");
    }
    let tap = if let Some(id) = keyword {
        let rule = rules.iter().find(|rule| *rule.id == *id.text);
        if rule.is_none() {
            let allowed = match nearest_id(&id.text, rules) {
                Some(near) => format!("the id of a keyword rule, such as \"{near}\""),
                None => "the id of a keyword rule".to_owned(),
            };
            entry.fault("keyword", &id.shown(), &allowed);
        }
        rule.and_then(|rule| rule.answer.clone()).map(Tap::Answer)
    } else {
        tap.or(reply.map(Tap::Answer))
    };
    let action = match uri {
        Some(uri) => json!({ "type": "uri", "label": label, "uri": uri }),
        None => json!({
            "type": "postback", "label": label, "data": data, "displayText": label,
        }),
    };
    (action, tap)
}

fn areas(rows: &[Vec<(Json, Place)>], width: u32, height: u32) -> Vec<Json> {
    let edge = |length: u32, part: usize, parts: usize| {
        let (part, parts) = (part as u64, (parts as u64).max(1));
        u64::from(length) * part / parts
    };
    let mut areas = Vec::new();
    for (r, row) in rows.iter().enumerate() {
        let (top, bottom) = (edge(height, r, rows.len()), edge(height, r + 1, rows.len()));
        for (c, (action, _)) in row.iter().enumerate() {
            let (left, right) = (edge(width, c, row.len()), edge(width, c + 1, row.len()));
            areas.push(json!({
                "bounds": {
                    "x": left, "y": top, "width": right - left, "height": bottom - top,
                },
                "action": action,
            }));
        }
    }
    areas
}

fn image(section: &Section<'_>, folder: &Path) -> Option<(PathBuf, Vec<u8>, Image)> {
    let file = section.parsed("image", "a file name beside this file", |text| {
        let plain = !text.is_empty() && !text.contains(['/', '\\']) && text != "..";
        plain.then(|| text.to_owned())
    })?;
    let path = folder.join(file);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let found = format!("{}: {error}", path.display());
            section.fault("image", &found, "a PNG or JPEG beside this file");
            return None;
        }
    };
    match Image::read(&bytes) {
        Ok(size) => Some((path, bytes, size)),
        Err(fault) => {
            let allowed = format!("{} (LINE: {})", fault.allowed, fault.source);
            section.fault("image", &fault.found, &allowed);
            None
        }
    }
}

/// Notes LINE's limits broken at the entry, or the key, that breaks them.
fn note(section: &Section<'_>, rows: &[Vec<(Json, Place)>], faults: &[WireFault]) {
    for fault in faults {
        let allowed = format!("{} (LINE: {})", fault.allowed, fault.source);
        let area = fault
            .path
            .strip_prefix("areas[")
            .and_then(|rest| rest.split_once(']'))
            .and_then(|(index, below)| Some((index.parse().ok()?, below)));
        match (area, fault.path.as_str()) {
            (Some((index, below)), _) => {
                let (path, at) = entry_of(rows, index);
                // An entry's label is also what the tap shows as the customer's words.
                let key = match below.rsplit('.').next() {
                    Some("uri") => ".uri",
                    Some("label" | "displayText") => ".label",
                    _ => "",
                };
                let path = section.path(&format!("{path}{key}"));
                let findings = section.findings();
                findings.fault(section.file(), at, &path, &fault.found, &allowed);
            }
            (None, "chatBarText") => section.fault("chat_bar_text", &fault.found, &allowed),
            (None, "selected") => section.fault("open", &fault.found, &allowed),
            (None, path) if path.starts_with("size") => {
                section.fault("image", &fault.found, &allowed);
            }
            (None, "areas") => section.fault("group", &fault.found, &allowed),
            (None, path) => section.fault(path, &fault.found, &allowed),
        }
    }
}

/// The entry behind an area, as the file names it, and where it stands.
fn entry_of(rows: &[Vec<(Json, Place)>], mut area: usize) -> (String, Place) {
    for (g, row) in rows.iter().enumerate() {
        if let Some((_, at)) = row.get(area) {
            return (format!("group[{g}].entries[{area}]"), *at);
        }
        area -= row.len();
    }
    ("group".to_owned(), Place::default())
}
