//! LINE's faults in the words of the file: the key as its author wrote it, what may be written there.
//!
//! `line_wire` judges the finished object, which a shorthand spells otherwise than the file does.
//! This walks LINE's path and the written table side by side. It judges nothing itself.

use crate::automation::shorthand;
use crate::config::allowed_words;
use crate::config::document::{Node, Table, Value};
use crate::config::fault::Place;
use crate::line_wire::message::{Fault, UNKNOWN_PROPERTY};

/// Message types as a file may write them, shorthands among them, the usual first.
pub const TYPES: [&str; 14] = [
    "text", "buttons", "confirm", "carousel", "image", "sticker", "video", "audio", "location",
    "flex", "template", "imagemap", "textV2", "coupon",
];

/// A fault as its author can mend it.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// The deepest written value on the way.
    pub at: Place,
    /// The path as written.
    pub key: String,
    /// What stands there.
    pub found: String,
    /// What may stand there, and which page of LINE says so.
    pub allowed: String,
}

/// What the names of a table mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A message as LINE writes it, perhaps with `quick_replies`.
    Message,
    /// `buttons`, `confirm`, `carousel`, or a card of one.
    Template,
    /// The cards of a `carousel`.
    Cards,
    /// `image` by its `url`.
    Image,
    /// The list `quick_replies`.
    Replies,
    /// A label and what a tap does.
    Action,
    /// Anything below a message as LINE writes it.
    Line,
}

/// One message's fault; `path` names the message in its file.
pub fn told(item: &Node, path: &str, fault: &Fault) -> Told {
    let mut form = match &item.value {
        Value::Table(table) if shorthand::is_template(table) => Form::Template,
        Value::Table(table) if shorthand::is_image(table) => Form::Image,
        _ => Form::Message,
    };
    let mut key = path.to_owned();
    let mut node = Some(item);
    let mut at = item.at;
    for step in steps(&fault.path) {
        if let Step::Index(index) = step {
            form = match form {
                Form::Replies | Form::Template => Form::Action,
                Form::Cards => Form::Template,
                form => form,
            };
            key.push_str(&format!("[{index}]"));
            node = node.and_then(|node| match &node.value {
                Value::List(items) => items.get(index),
                _ => None,
            });
        } else if let Step::Key(name) = step {
            let table = node.and_then(|node| match &node.value {
                Value::Table(table) => Some(table),
                _ => None,
            });
            let Some((written, below)) = spelt(form, name, table) else {
                continue;
            };
            form = below;
            key = match key.as_str() {
                "" => written.to_owned(),
                key => format!("{key}.{written}"),
            };
            let entry = table.and_then(|table| table.get(written));
            node = entry.map(|entry| &entry.node);
        }
        at = node.map_or(at, |node| node.at);
    }
    let (found, allowed) = words(fault);
    Told {
        at,
        key,
        found,
        allowed: match fault.source {
            "" => allowed,
            page => format!("{allowed} (LINE: {page})"),
        },
    }
}

enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    path.split(['.', '[', ']'])
        .filter(|step| !step.is_empty())
        .map(|step| step.parse().map_or(Step::Key(step), Step::Index))
}

/// How a name of LINE's is written here, and what stands below it; `None` when the shorthand leaves
/// the step out.
fn spelt<'n>(form: Form, name: &'n str, table: Option<&Table>) -> Option<(&'n str, Form)> {
    let has = |key| table.is_some_and(|table| table.get(key).is_some());
    match (form, name) {
        (Form::Template | Form::Message | Form::Image, "quickReply") if has("quick_replies") => {
            Some(("quick_replies", Form::Replies))
        }
        (Form::Template, "template") | (Form::Replies, "items") => None,
        (Form::Action, "action" | "type") => None,
        (Form::Action, "data") if has("flow") => Some(("flow", Form::Action)),
        (Form::Template, "columns") => Some(("columns", Form::Cards)),
        (Form::Image, "originalContentUrl") => Some(("url", Form::Image)),
        (Form::Image, "previewImageUrl") if has("preview") => Some(("preview", Form::Image)),
        (Form::Image, "previewImageUrl") => Some(("url", Form::Image)),
        (Form::Template, "altText") => Some(("alt_text", Form::Template)),
        (Form::Template, "thumbnailImageUrl") => Some(("thumbnail", Form::Template)),
        // A postback shows its label.
        (Form::Action, "displayText") => Some(("label", Form::Action)),
        (Form::Message, name) => Some((name, Form::Line)),
        (form, name) => Some((name, form)),
    }
}

/// What was found and what is allowed, in TOML's words.
fn words(fault: &Fault) -> (String, String) {
    let last = fault.path.rsplit(['.', ']']).next().unwrap_or_default();
    let top = fault.path == last;
    let mut choices: Vec<&str> = fault.choices.iter().map(String::as_str).collect();
    if top && last == "type" {
        choices = TYPES.to_vec();
    }
    if fault.found == UNKNOWN_PROPERTY {
        if top {
            for choice in &mut choices {
                if *choice == "quickReply" {
                    *choice = "quick_replies";
                }
            }
        }
        let allowed = allowed_words(last, &choices);
        return ("an unknown key".to_owned(), allowed);
    }
    let toml = |words: &str| match words {
        "an object" => "a table".to_owned(),
        words => words.to_owned(),
    };
    let allowed = match choices.as_slice() {
        [] => toml(&fault.allowed),
        choices => allowed_words(fault.found.trim_matches('"'), choices),
    };
    (toml(&fault.found), allowed)
}
