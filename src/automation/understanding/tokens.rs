//! A folded text in pieces: one per ideograph, one per word or number.
//!
//! Pieces carry what the later steps look at: a value that is equal for equal pieces, the syllable,
//! and the clause. Numbers are told apart by their length only: an order number is no word to learn.

use crate::automation::fold::Folded;
use crate::automation::understanding::sound;

/// One piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its first byte in the folded text.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
    /// Equal for equal pieces.
    pub value: u32,
    /// Its toneless syllable; 0: it has none.
    pub syllable: u16,
    /// Clauses before it: blanks and signs end one.
    pub clause: u16,
}

/// Begins the values of words.
const WORD: u32 = 1 << 31;
/// Begins the values of numbers.
const NUMBER: u32 = 1 << 30;

impl Token {
    /// Whether it is a word of an alphabet.
    pub fn is_word(&self) -> bool {
        self.value & WORD != 0
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        !self.is_word() && self.value & NUMBER != 0
    }
}

/// Takes a folded text apart into `tokens`, which is emptied first.
pub fn cut(folded: &Folded, tokens: &mut Vec<Token>) {
    tokens.clear();
    let text = folded.text();
    let mut clause = 0u16;
    let mut letters = text.char_indices().peekable();
    while let Some((start, first)) = letters.next() {
        if start > 0 && folded.is_gap(start) {
            clause = clause.saturating_add(1);
        }
        let mut end = start + first.len_utf8();
        while let Some((at, letter)) = letters.peek() {
            if folded.is_boundary(*at) {
                break;
            }
            end = at + letter.len_utf8();
            letters.next();
        }
        let piece = &text[start..end];
        let value = match first {
            '0'..='9' => NUMBER | number(piece),
            'a'..='z' | '\u{c0}'..='\u{52f}' => WORD | word(piece),
            other => u32::from(other),
        };
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        tokens.push(Token {
            start: place(start),
            end: place(end),
            value,
            syllable: sound::syllable(first),
            clause,
        });
    }
}

/// The index of the piece that holds this byte, or of the last one.
pub fn at(tokens: &[Token], byte: usize) -> usize {
    let byte = u32::try_from(byte).unwrap_or(u32::MAX);
    tokens
        .partition_point(|token| token.end <= byte)
        .min(tokens.len().saturating_sub(1))
}

fn number(digits: &str) -> u32 {
    match digits.len() {
        // A Taiwanese mobile number.
        10 if digits.starts_with("09") => 7,
        1 => 1,
        2 => 2,
        3 => 3,
        4 | 5 => 4,
        6..=8 => 5,
        _ => 6,
    }
}

fn word(letters: &str) -> u32 {
    let mut hash = 0x811c_9dc5u32;
    for byte in letters.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    hash & !WORD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(String, u16)> {
        let mut folded = Folded::default();
        folded.fill(text);
        let mut tokens = Vec::new();
        cut(&folded, &mut tokens);
        let piece = |token: &Token| folded.text()[token.start as usize..token.end as usize].into();
        tokens
            .iter()
            .map(|token| (piece(token), token.clause))
            .collect()
    }

    #[test]
    fn ideographs_stand_alone_and_words_together() {
        let expected = [("我", 0), ("要", 0), ("refund", 1), ("谢", 1), ("谢", 1)];
        let expected = expected.map(|(piece, clause)| (piece.to_owned(), clause));
        assert_eq!(pieces("我要 refund謝謝"), expected);
    }

    #[test]
    fn numbers_of_a_kind_are_equal_and_a_telephone_is_of_its_own() {
        let value = |text: &str| {
            let mut folded = Folded::default();
            folded.fill(text);
            let mut tokens = Vec::new();
            cut(&folded, &mut tokens);
            tokens[0].value
        };
        assert_eq!(value("1023345"), value("７７７７７７７"));
        assert_ne!(value("0912345678"), value("1234567890"));
    }
}
