//! Words with one wrong character: a slip on the keyboard or in handwriting.
//!
//! A word of three or more ideographs is still recognised with one of them replaced. A word of two is
//! recognised when the wrong character is one that is easily taken for the right one.

use std::collections::HashMap;

/// Characters that are taken for one another, in folded form; each group's first stands for all.
const ALIKE: &str = "货贷 未末 己已巳 间问 候侯 折拆析 人入 处外 天夫 免兔 投设 待侍 帐账 坏怀 订钉计 寄奇 快块 \
                     址扯 遗遣 险检验 换唤焕 价贾 优忧 惠专 取娶 客容 品晶";

/// Longest word that is looked for with a wrong character, in characters.
const LONGEST: usize = 6;

/// Words by what is left of them when one character is taken out.
#[derive(Debug, Default)]
pub struct Shapes {
    /// A filter that fits the nearest cache: most questions end here.
    filter: Box<[u64]>,
    gaps: HashMap<u32, Vec<u32>>,
    lengths: [bool; LONGEST + 1],
    alike: HashMap<u32, u32>,
    words: Vec<Box<[u32]>>,
}

const FILTER_BITS: u32 = 16;

impl Shapes {
    /// Builds the table over words of ideographs, given as their characters; others are passed over.
    pub fn build<'w>(words: impl Iterator<Item = &'w str>) -> Shapes {
        let mut shapes = Shapes {
            filter: vec![0; 1 << (FILTER_BITS - 6)].into_boxed_slice(),
            alike: alike(),
            ..Shapes::default()
        };
        for (index, word) in (0..).zip(words) {
            let letters: Box<[u32]> = word.chars().map(u32::from).collect();
            let han = letters.iter().all(|letter| *letter >= 0x3400);
            if han && (2..=LONGEST).contains(&letters.len()) {
                shapes.lengths[letters.len()] = true;
                for gap in 0..letters.len() {
                    let key = key(&letters, gap);
                    shapes.filter[filter_word(key)] |= filter_bit(key);
                    shapes.gaps.entry(key).or_default().push(index);
                }
            }
            shapes.words.push(letters);
        }
        shapes
    }

    /// Calls `found` with word, first piece and the piece after the last, for every word that stands in
    /// the text with exactly one wrong character. `letters` are the values of the text's pieces.
    pub fn find(&self, letters: &[u32], mut found: impl FnMut(usize, usize, usize)) {
        for length in (2..=LONGEST).filter(|length| self.lengths[*length]) {
            for (first, window) in letters.windows(length).enumerate() {
                for gap in 0..length {
                    let key = key(window, gap);
                    if self.filter[filter_word(key)] & filter_bit(key) == 0 {
                        continue;
                    }
                    for word in self.gaps.get(&key).into_iter().flatten() {
                        if self.fits(&self.words[*word as usize], window, gap) {
                            found(*word as usize, first, first + length);
                        }
                    }
                }
            }
        }
    }

    /// Whether they differ at the gap, and only there, and may be taken for one another.
    fn fits(&self, word: &[u32], window: &[u32], gap: usize) -> bool {
        let same = word.len() == window.len()
            && word[gap] != window[gap]
            && word[..gap] == window[..gap]
            && word[gap + 1..] == window[gap + 1..];
        let looks = |letter: u32| self.alike.get(&letter).copied().unwrap_or(letter);
        same && window[gap] >= 0x3400 && (word.len() > 2 || looks(word[gap]) == looks(window[gap]))
    }
}

fn alike() -> HashMap<u32, u32> {
    let mut table = HashMap::new();
    for group in ALIKE.split_whitespace() {
        let first = group.chars().next().map_or(0, u32::from);
        for letter in group.chars() {
            table.entry(u32::from(letter)).or_insert(first);
        }
    }
    table
}

fn key(letters: &[u32], gap: usize) -> u32 {
    let mut key = (letters.len() * 8 + gap) as u32;
    for (at, letter) in letters.iter().enumerate() {
        if at != gap {
            key = (key.rotate_left(7) ^ letter).wrapping_mul(0x9e37_79b1);
        }
    }
    key ^ (key >> 15)
}

fn filter_word(key: u32) -> usize {
    (key >> (32 - FILTER_BITS) >> 6) as usize
}

fn filter_bit(key: u32) -> u64 {
    1 << ((key >> (32 - FILTER_BITS)) & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[&str], text: &str) -> Vec<(usize, usize, usize)> {
        let letters: Vec<u32> = text.chars().map(u32::from).collect();
        let mut found = Vec::new();
        Shapes::build(words.iter().copied()).find(&letters, |word, first, end| {
            found.push((word, first, end));
        });
        found
    }

    #[test]
    fn one_wrong_character_of_three_is_forgiven() {
        assert_eq!(found(&["出货单", "优惠"], "我的出贷单"), [(0, 2, 5)]);
        assert_eq!(found(&["出货单"], "我的出货单"), []);
        assert_eq!(found(&["营业时间"], "营业对问"), []);
    }

    #[test]
    fn of_two_characters_only_one_that_looks_alike() {
        assert_eq!(found(&["出货"], "请问出贷了吗"), [(0, 2, 4)]);
        assert_eq!(found(&["出货"], "请问出门了吗"), []);
    }
}
