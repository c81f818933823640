//! Canned answers: checked LINE messages, with holes for what is known only at the moment.

use std::borrow::Cow;
use std::sync::Arc;

/// Greatest length of a value that fills any hole, in UTF-16 units; longer ones are cut. The config
/// checks a message with every hole filled to the length that hole may have.
pub const MAX_VALUE: usize = 300;

/// A place in a message where a value is put in: `{slot.order_number}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hole {
    /// Byte of the JSON at which the value goes, inside a string.
    pub at: usize,
    /// What goes there: `customer.name`, `slot.…`, `call.…`.
    pub name: Arc<str>,
    /// Longest value that fits, in UTF-16 units, at most [`MAX_VALUE`]; a longer one is cut.
    pub max: usize,
}

/// One message of an answer, checked against LINE's limits when it was built.
///
/// The JSON is kept without its `quickReply`: LINE shows quick replies of the last message only
/// (reference, "Quick reply"), so they are attached when the outbox freezes a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bubble {
    json: Arc<str>,
    quick_reply: Option<Arc<str>>,
    holes: Arc<[Hole]>,
}

impl Bubble {
    /// Takes a message that has passed `line_wire`'s checks: a JSON object without `quickReply`,
    /// and the quick reply object. Whoever builds one vouches for the check.
    pub fn checked(json: &str, quick_reply: Option<&str>) -> Bubble {
        Bubble::with_holes(json, quick_reply, Vec::new())
    }

    /// Like [`Bubble::checked`], for a message with holes, ascending by place.
    pub fn with_holes(json: &str, quick_reply: Option<&str>, holes: Vec<Hole>) -> Bubble {
        debug_assert!(json.starts_with('{') && json.ends_with('}'));
        debug_assert!(holes.windows(2).all(|pair| pair[0].at <= pair[1].at));
        debug_assert!(holes.iter().all(|hole| json.is_char_boundary(hole.at)));
        Bubble {
            json: Arc::from(json),
            quick_reply: quick_reply.map(Arc::from),
            holes: holes.into(),
        }
    }

    /// A text message of these words, cut to LINE's 5,000 UTF-16 units (reference, "Text message").
    pub fn text(words: &str) -> Bubble {
        let mut json = String::with_capacity(words.len() + 32);
        json.push_str("{\"type\":\"text\",\"text\":\"");
        escape(&mut json, cut(words, 5_000));
        json.push_str("\"}");
        Bubble::checked(&json, None)
    }

    /// The message object as written, its holes empty.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The quick reply object, if the message carries one.
    pub fn quick_reply(&self) -> Option<&str> {
        self.quick_reply.as_deref()
    }

    /// Where values go.
    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// The message object with its holes filled; what has no value stays empty.
    pub fn filled<'b, 'v>(&'b self, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> Cow<'b, str> {
        if self.holes.is_empty() {
            return Cow::Borrowed(&self.json);
        }
        let mut out = String::with_capacity(self.json.len() + 32 * self.holes.len());
        let mut done = 0;
        for hole in self.holes.iter() {
            out.push_str(&self.json[done..hole.at]);
            done = hole.at;
            if let Some(value) = value(&hole.name) {
                escape(&mut out, cut(&value, hole.max.min(MAX_VALUE)));
            }
        }
        out.push_str(&self.json[done..]);
        Cow::Owned(out)
    }
}

/// A canned answer: what to send, and which rule said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Id of the rule, for facts and `hotline explain`.
    pub rule: Arc<str>,
    /// One to five bubbles (LINE's limit for one call).
    pub bubbles: Arc<[Bubble]>,
    /// A plain-text gist for the conversation's context, at most 200 characters.
    pub gist: Arc<str>,
}

/// The beginning of a text, of at most so many UTF-16 units, never half a character.
pub fn cut(text: &str, units: usize) -> &str {
    let mut left = units;
    for (at, letter) in text.char_indices() {
        match left.checked_sub(letter.len_utf16()) {
            Some(rest) => left = rest,
            None => return &text[..at],
        }
    }
    text
}

/// Writes the inside of a JSON string. Part of the frozen form: a retry must give the same bytes.
pub(in crate::domain) fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", control as u32)),
            plain => out.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_break_out_of_its_string() {
        let json = r#"{"type":"text","text":"您好 ！"}"#;
        let at = json.find('！').unwrap();
        let name = Arc::from("customer.name");
        let max = MAX_VALUE;
        let bubble = Bubble::with_holes(json, None, vec![Hole { at, name, max }]);
        let filled = bubble.filled(|_| Some(Cow::Borrowed("\"},{\\\n")));
        let read: serde_json::Value = serde_json::from_str(&filled).unwrap();
        assert_eq!(read["text"], "您好 \"},{\\\n！");
        assert_eq!(bubble.filled(|_| None), json);
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        assert_eq!(cut("a👋b", 1), "a");
        assert_eq!(cut("a👋b", 2), "a");
        assert_eq!(cut("a👋b", 3), "a👋");
        let long = "長".repeat(6_000);
        let text: serde_json::Value = serde_json::from_str(Bubble::text(&long).json()).unwrap();
        assert_eq!(text["text"].as_str().unwrap().chars().count(), 5_000);
    }
}
