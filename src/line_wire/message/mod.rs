//! Outgoing messages, checked before LINE sees them.
//!
//! Law of this room: a message is JSON as LINE's reference writes it; [`check`] says everything
//! that is wrong with it, where, and which page of LINE's documentation says so. Nothing is cut
//! or mended here in silence, with one exception: [`bubble`] percent-encodes URIs, as LINE
//! demands. It refuses properties it does not know, because LINE would drop a misspelt one
//! without a word.

mod action;
mod at;
mod count;
mod fault;
mod faults;
mod flex;
mod flex_parts;
mod imagemap;
mod kinds;
pub mod limits;
mod template;
mod text;
mod uri;

pub use action::Place;
pub use count::{Unit, graphemes, truncate_graphemes, truncate_utf16, utf16};
pub use fault::{Fault, UNKNOWN_PROPERTY};
pub use uri::{encoded_len, percent_encode};

pub(crate) use action::action;
pub(crate) use at::At;
pub(crate) use faults::{Faults, Need};

use crate::domain::playbook::Bubble;
use serde_json::Value;

/// Checks one message object against LINE's documented limits.
///
/// # Errors
/// Every fault found, in the order of the message's properties; never empty.
pub fn check(value: &Value) -> Result<(), Vec<Fault>> {
    let mut faults = Faults::default();
    kinds::message(&mut faults, At::root(value));
    faults.into_result()
}

/// Checks the messages of one call: one to five, each as [`check`] does it.
///
/// # Errors
/// Every fault found; paths begin with the message's index.
pub fn check_call(messages: &[Value]) -> Result<(), Vec<Fault>> {
    let mut faults = Faults::default();
    let range = limits::CALL_MESSAGES;
    if messages.is_empty() || messages.len() > range.max {
        faults.push(Fault {
            path: String::new(),
            found: format!("{} messages", messages.len()),
            allowed: format!("1 to {} messages", range.max),
            choices: Vec::new(),
            source: range.source,
        });
    }
    for (index, message) in messages.iter().enumerate() {
        kinds::message(&mut faults, At::element(message, index));
    }
    faults.into_result()
}

/// Checks a message and makes it a bubble: quick reply apart, URIs percent-encoded, JSON compact.
///
/// # Errors
/// Every fault found.
pub fn bubble(mut value: Value) -> Result<Bubble, Vec<Fault>> {
    check(&value)?;
    uri::encode_within(&mut value);
    let quick_reply = value
        .as_object_mut()
        .and_then(|message| message.remove("quickReply"));
    Ok(Bubble::checked(
        &value.to_string(),
        quick_reply.map(|reply| reply.to_string()).as_deref(),
    ))
}

#[cfg(test)]
mod tests;
