//! What a text says about a slot.
//!
//! Law of this room: a value is taken only when it stands in the words; guessing is worse than asking.
//! Unasked, in opening words or beside a question, it must stand out by itself. Values come out in a
//! normal form: without signs, in half width.

mod choice;
mod clauses;
mod consent;
mod forms;
mod free;
mod number;
mod tokens;

pub use choice::Choice;
pub use free::Free;
pub use number::{Not, Number};

use crate::domain::playbook::Reading;

/// Characters of a text that are looked at: what is asked for is said by then.
const MAX_CHARS: usize = 500;

/// How one slot is read.
#[derive(Debug)]
pub enum Reader {
    /// Letters and digits after a pattern.
    Number(Number),
    /// One of a few values.
    Choice(Choice),
    /// What the customer says, as it is.
    Text(Free),
    /// A Taiwanese telephone number.
    Phone,
    /// A mail address.
    Email,
    /// A day, as `2026-05-06`.
    Date,
    /// A postal address or a pick-up shop.
    Address,
}

impl Reader {
    /// What the text says. `asked`: the flow has just asked for it.
    pub fn read(&self, text: &str, asked: bool) -> Reading {
        let text = match text.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => &text[..end],
            None => text,
        };
        match self {
            Reader::Number(number) => number.read(text, asked),
            Reader::Choice(choice) => choice.read(text, asked),
            Reader::Text(free) => free.read(text, asked),
            Reader::Phone => forms::phone(text),
            Reader::Email => forms::email(text),
            Reader::Date => forms::date(text),
            Reader::Address => forms::address(text, asked),
        }
    }
}

/// Full width to half width, compatibility forms to plain ones (Unicode NFKC). One character may become
/// eighteen, so what comes out is cut like what went in.
fn plain(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfkc().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests;
