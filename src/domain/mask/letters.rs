//! A text letter by letter, each in the form it is compared in.

/// One letter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    /// Where it begins, in bytes of the text.
    pub at: usize,
    /// Where it ends.
    pub end: usize,
    /// Half width.
    pub plain: char,
}

impl Letter {
    /// Its digit, if it is one, Chinese or not.
    pub fn digit(&self) -> Option<char> {
        let value = match self.plain {
            '0'..='9' => return Some(self.plain),
            '零' | '〇' | '○' => 0,
            '一' | '壹' | '幺' => 1,
            '二' | '貳' | '贰' => 2,
            '三' | '參' | '叁' => 3,
            '四' | '肆' => 4,
            '五' | '伍' => 5,
            '六' | '陸' | '陆' => 6,
            '七' | '柒' => 7,
            '八' | '捌' => 8,
            '九' | '玖' => 9,
            // Digits of mathematicians, five alphabets of them: some keyboards offer them as fonts.
            '\u{1d7ce}'..='\u{1d7ff}' => (u32::from(self.plain) - 0x1d7ce) % 10,
            '①'..='⑨' => u32::from(self.plain) - u32::from('①') + 1,
            _ => return None,
        };
        char::from_digit(value, 10)
    }

    /// Whether people put it between the digits of one number.
    pub fn is_separator(&self) -> bool {
        self.plain.is_whitespace()
            || matches!(
                self.plain,
                '-' | '‐'
                    | '‑'
                    | '–'
                    | '—'
                    | '−'
                    | 'ー'
                    | '_'
                    | '.'
                    | '·'
                    | '•'
                    | ','
                    | '、'
                    | '/'
                    | '('
                    | ')'
                    | '~'
                    | '*'
            )
            || self.is_invisible()
    }

    /// Joiners, and what makes an emoji of a digit.
    pub fn is_invisible(&self) -> bool {
        matches!(
            self.plain,
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe0f}' | '\u{20e3}' | '\u{feff}'
        )
    }
}

/// The letters of a text.
pub(super) fn letters(text: &str) -> Vec<Letter> {
    text.char_indices()
        .map(|(at, letter)| Letter {
            at,
            end: at + letter.len_utf8(),
            plain: half_width(letter),
        })
        .collect()
}

fn half_width(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '\u{3000}' => ' ',
        _ => letter,
    }
}

/// Whether one of the words stands within so many letters before this place.
pub(super) fn cue(letters: &[Letter], before: usize, within: usize, words: &[&str]) -> bool {
    let from = before.saturating_sub(within);
    let near: String = letters[from..before]
        .iter()
        .flat_map(|letter| letter.plain.to_lowercase())
        .collect();
    words.iter().any(|word| near.contains(word))
}
