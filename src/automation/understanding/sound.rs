//! Toneless syllables: what a character sounds like to a hurried Taiwanese thumb.
//!
//! Most typing errors here are the right sound and the wrong character (優慧 for 優惠). Pairs that
//! many speakers do not tell apart are one syllable: zh/z, ch/c, sh/s, ing/in, eng/en. A character
//! with several readings has its first.

use pinyin::ToPinyin;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Each BMP character's syllable; 0: none.
static TABLE: LazyLock<Box<[u16]>> = LazyLock::new(table);

fn table() -> Box<[u16]> {
    let mut spelt: Vec<(usize, String)> = Vec::new();
    for unit in (0x3400..=0x4dbfu32).chain(0x4e00..=0x9fff) {
        if let Some(letter) = char::from_u32(unit)
            && let Some(pinyin) = letter.to_pinyin()
        {
            spelt.push((unit as usize, merged(pinyin.plain())));
        }
    }
    let mut numbers: BTreeMap<&str, u16> = spelt.iter().map(|(_, s)| (s.as_str(), 0)).collect();
    for (number, (_, value)) in (1..).zip(numbers.iter_mut()) {
        *value = number;
    }
    let mut table = vec![0; 1 << 16];
    for (unit, syllable) in &spelt {
        table[*unit] = numbers.get(syllable.as_str()).copied().unwrap_or(0);
    }
    table.into_boxed_slice()
}

fn merged(plain: &str) -> String {
    let head = match plain.as_bytes() {
        [b'z' | b'c' | b's', b'h', ..] => format!("{}{}", &plain[..1], &plain[2..]),
        _ => plain.to_owned(),
    };
    match head.strip_suffix("ing").or(head.strip_suffix("eng")) {
        Some(_) => head[..head.len() - 1].to_owned(),
        None => head,
    }
}

/// The number of a character's syllable, equal for characters that sound alike; 0: it has none.
/// Numbers are below 2¹⁴ and the same in every run of one program.
pub fn syllable(letter: char) -> u16 {
    u16::try_from(u32::from(letter)).map_or(0, |unit| TABLE[usize::from(unit)])
}

/// Adds a syllable to a key that an automaton can search: two bytes, so that a match never begins
/// in the middle of one.
pub fn push_key(key: &mut Vec<u8>, syllable: u16) {
    let [high, low] = [syllable >> 7, syllable & 0x7f].map(|half| half as u8);
    key.extend([high | 0x80, low]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_characters_of_the_right_sound_are_alike() {
        for (right, wrong) in [
            ('惠', '慧'),
            ('貨', '火'),
            ('费', '廢'),
            ('知', '資'),
            ('清', '親'),
        ] {
            assert_eq!(syllable(right), syllable(wrong), "{right} {wrong}");
            assert_ne!(syllable(right), 0);
        }
        assert_ne!(syllable('退'), syllable('貨'));
        assert_eq!(syllable('a'), 0);
        assert_eq!(syllable('ㄇ'), 0);
    }
}
