//! Personal data out of a text, and back into the answer.
//!
//! Law: what is hidden is found by its shape alone, so nothing need be known of the customer; when in
//! doubt it is hidden, because a placeholder costs little and comes back. Looked for: phone numbers, e-mail
//! addresses, card and account numbers, Taiwanese ID and residence numbers, street addresses; typed in full
//! width, with blanks, or in Chinese numerals, too. Names are not found.

mod address;
mod letters;
mod numbers;

use letters::{Letter, letters};

/// What was hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// The number of a card or of a bank account.
    Card,
    /// A number of an identity card or a residence certificate.
    IdNumber,
    /// A street address.
    Address,
}

impl Kind {
    const ALL: [Kind; 5] = [
        Kind::Phone,
        Kind::Email,
        Kind::Card,
        Kind::IdNumber,
        Kind::Address,
    ];

    /// The word of its placeholder.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Phone => "電話",
            Kind::Email => "信箱",
            Kind::Card => "卡號",
            Kind::IdNumber => "證號",
            Kind::Address => "地址",
        }
    }
}

/// A stretch of a text, in letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spot {
    kind: Kind,
    from: usize,
    to: usize,
}

/// One hidden thing.
#[derive(Clone, Debug)]
struct Hidden {
    kind: Kind,
    /// Counts from 1 within its kind.
    number: usize,
    /// As it is compared: the same number typed otherwise has the same placeholder.
    normal: String,
    /// As it was typed first.
    original: Box<str>,
}

/// What was hidden in the texts of one question.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    hidden: Vec<Hidden>,
}

impl Mask {
    /// Nothing hidden yet.
    pub fn new() -> Mask {
        Mask::default()
    }

    /// The text with placeholders such as `[電話1]`; the same thing has the same one in all texts.
    pub fn hide(&mut self, text: &str) -> String {
        let letters = letters(text);
        let spots = spots(&letters);
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for spot in spots {
            let (from, to) = (letters[spot.from].at, letters[spot.to - 1].end);
            let normal = letters[spot.from..spot.to]
                .iter()
                .filter_map(|letter| letter.digit().or(Some(letter.plain)))
                .filter(|letter| letter.is_alphanumeric() || *letter == '@')
                .flat_map(char::to_uppercase)
                .collect();
            let number = self.number(spot.kind, normal, &text[from..to]);
            out.push_str(&text[done..from]);
            out.push_str(&format!("[{}{number}]", spot.kind.word()));
            done = to;
        }
        out.push_str(&text[done..]);
        out
    }

    /// The text with what was hidden put back where its placeholder stands.
    pub fn restore(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for hidden in &self.hidden {
            let (word, number) = (hidden.kind.word(), hidden.number);
            // Models like to dress brackets up.
            for form in [
                format!("[{word}{number}]"),
                format!("[{word} {number}]"),
                format!("【{word}{number}】"),
                format!("［{word}{number}］"),
            ] {
                text = text.replace(&form, &hidden.original);
            }
        }
        text
    }

    /// Whether nothing was hidden.
    pub fn is_empty(&self) -> bool {
        self.hidden.is_empty()
    }

    fn number(&mut self, kind: Kind, normal: String, original: &str) -> usize {
        let same = |hidden: &&Hidden| hidden.kind == kind && hidden.normal == normal;
        if let Some(known) = self.hidden.iter().find(same) {
            return known.number;
        }
        let of_kind = self.hidden.iter().filter(|hidden| hidden.kind == kind);
        let number = of_kind.count() + 1;
        self.hidden.push(Hidden {
            kind,
            number,
            normal,
            original: original.into(),
        });
        number
    }
}

/// The text with its personal data hidden for good: for samples and logs.
pub fn masked(text: &str) -> String {
    Mask::new().hide(text)
}

/// Whether a placeholder stands in the text.
pub fn has_placeholder(text: &str) -> bool {
    Kind::ALL.into_iter().any(|kind| {
        text.split(&['[', '［', '【']).skip(1).any(|rest| {
            rest.strip_prefix(kind.word()).is_some_and(|rest| {
                let rest = rest.trim_start();
                let end = rest.find(|letter: char| !letter.is_ascii_digit());
                end.is_some_and(|end| end > 0 && rest[end..].starts_with([']', '］', '】']))
            })
        })
    })
}

/// What is to be hidden, in order, without overlaps.
fn spots(letters: &[Letter]) -> Vec<Spot> {
    let mut found = numbers::emails(letters);
    found.extend(numbers::ids(letters));
    found.extend(numbers::numbers(letters));
    found.extend(address::addresses(letters));
    found.sort_by_key(|spot| (spot.from, usize::MAX - spot.to));
    let mut spots: Vec<Spot> = Vec::with_capacity(found.len());
    for spot in found {
        match spots.last_mut() {
            // Both are personal: hidden as one.
            Some(last) if spot.from < last.to => last.to = last.to.max(spot.to),
            _ => spots.push(spot),
        }
    }
    spots
}

#[cfg(test)]
mod tests;
