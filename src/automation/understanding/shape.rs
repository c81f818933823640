//! Words with one wrong character: a slip on the keyboard or in handwriting.
//!
//! A word of three or more ideographs is still recognised with one of them replaced. A word of two is
//! recognised when the wrong character is one that is easily taken for the right one.

/// Characters that are taken for one another, in folded form; each group's first stands for all.
const ALIKE: &str = "货贷 未末 己已巳 间问 候侯 折拆析 人入 处外 天夫 免兔 投设 待侍 帐账 坏怀 订钉计 寄奇 快块 \
                     址扯 遗遣 险检验 换唤焕 价贾 优忧 惠专 取娶 客容 品晶";

/// Longest word that is looked for with a wrong character, in characters.
const LONGEST: usize = 6;

/// Words by what is left of them when one character is taken out.
#[derive(Debug, Default)]
pub struct Shapes {
    /// A filter of 64 KiB: most questions end here.
    filter: Box<[u64]>,
    /// Key and word, ascending.
    gaps: Vec<(u32, u32)>,
    lengths: [bool; LONGEST + 1],
    /// Characters that are taken for others and the one that stands for all, ascending.
    alike: Vec<(u32, u32)>,
    /// Words of two, by what stands for their characters, ascending.
    pairs: Vec<([u32; 2], u32)>,
    words: Vec<Box<[u32]>>,
}

const FILTER_BITS: u32 = 19;

impl Shapes {
    /// Builds the table over words of ideographs, given as their characters; others are passed over.
    pub fn build<'w>(words: impl Iterator<Item = &'w str>) -> Shapes {
        let mut shapes = Shapes {
            filter: vec![0; 1 << (FILTER_BITS - 6)].into_boxed_slice(),
            alike: alike(),
            ..Shapes::default()
        };
        let mut sums = Vec::new();
        for (index, word) in (0..).zip(words) {
            let letters: Box<[u32]> = word.chars().map(u32::from).collect();
            let han = letters.iter().all(|letter| is_han(*letter));
            if let [one, other] = *letters {
                let looks = [shapes.looks(one), shapes.looks(other)];
                if looks.iter().any(Option::is_some) {
                    let pair = [looks[0].unwrap_or(one), looks[1].unwrap_or(other)];
                    shapes.pairs.push((pair, index));
                }
            } else if han && (3..=LONGEST).contains(&letters.len()) {
                shapes.lengths[letters.len()] = true;
                add_up(&letters, &mut sums);
                for gap in 0..letters.len() {
                    let key = key(&sums, 0, gap, letters.len());
                    shapes.filter[filter_word(key)] |= filter_bit(key);
                    shapes.gaps.push((key, index));
                }
            }
            shapes.words.push(letters);
        }
        shapes.gaps.sort_unstable();
        shapes.pairs.sort_unstable();
        shapes
    }

    /// Calls `found` with word, first piece and the piece after the last, for every word that stands in
    /// the text with exactly one wrong character. `letters` are the values of the text's pieces, `sums`
    /// is room to work in.
    pub fn find(
        &self,
        letters: &[u32],
        sums: &mut Vec<u32>,
        mut found: impl FnMut(usize, usize, usize),
    ) {
        self.find_pairs(letters, &mut found);
        add_up(letters, sums);
        let mut han = 0;
        for end in 1..=letters.len() {
            han = match is_han(letters[end - 1]) {
                true => han + 1,
                false => 0,
            };
            for length in (3..=LONGEST.min(han)).filter(|length| self.lengths[*length]) {
                let first = end - length;
                for gap in first..end {
                    let key = key(sums, first, gap, end);
                    if self.filter[filter_word(key)] & filter_bit(key) == 0 {
                        continue;
                    }
                    let begin = self.gaps.partition_point(|(other, _)| *other < key);
                    let same = self.gaps[begin..].iter();
                    for (_, word) in same.take_while(|(other, _)| *other == key) {
                        let word = *word as usize;
                        if Shapes::fits(&self.words[word], &letters[first..end], gap - first) {
                            found(word, first, end);
                        }
                    }
                }
            }
        }
    }

    /// Words of two with one character that was taken for another.
    fn find_pairs(&self, letters: &[u32], found: &mut impl FnMut(usize, usize, usize)) {
        let looks = |letter: u32| self.looks(letter).unwrap_or(letter);
        for (first, window) in letters.windows(2).enumerate() {
            if !window.iter().any(|letter| self.looks(*letter).is_some()) {
                continue;
            }
            let pair = [looks(window[0]), looks(window[1])];
            let begin = self.pairs.partition_point(|(other, _)| *other < pair);
            let same = self.pairs[begin..].iter();
            for (_, word) in same.take_while(|(other, _)| *other == pair) {
                let meant = &self.words[*word as usize];
                if (meant[0] == window[0]) != (meant[1] == window[1]) {
                    found(*word as usize, first, first + 2);
                }
            }
        }
    }

    /// What stands for a character that is taken for others.
    fn looks(&self, letter: u32) -> Option<u32> {
        let at = self.alike.binary_search_by_key(&letter, |(own, _)| *own);
        at.ok().map(|at| self.alike[at].1)
    }

    /// Whether they differ at the gap, and only there.
    fn fits(word: &[u32], window: &[u32], gap: usize) -> bool {
        word.len() == window.len()
            && word[gap] != window[gap]
            && word[..gap] == window[..gap]
            && word[gap + 1..] == window[gap + 1..]
    }
}

fn alike() -> Vec<(u32, u32)> {
    let mut table: Vec<(u32, u32)> = Vec::new();
    for group in ALIKE.split_whitespace() {
        let first = group.chars().next().map_or(0, u32::from);
        table.extend(group.chars().map(|letter| (u32::from(letter), first)));
    }
    table.sort_unstable();
    table.dedup_by_key(|(own, _)| *own);
    table
}

fn is_han(letter: u32) -> bool {
    (0x3400..0x3_0000).contains(&letter)
}

/// The base of the sums, and its powers up to the longest word.
const BASE: u32 = 0x9e37_79b1;
const POWERS: [u32; LONGEST + 1] = {
    let mut powers = [1u32; LONGEST + 1];
    let mut at = 1;
    while at <= LONGEST {
        powers[at] = powers[at - 1].wrapping_mul(BASE);
        at += 1;
    }
    powers
};

/// Running sums of the letters: the hash of any stretch is a difference of two of them.
fn add_up(letters: &[u32], sums: &mut Vec<u32>) {
    sums.clear();
    sums.push(0);
    let mut sum = 0u32;
    for letter in letters {
        sum = sum.wrapping_mul(BASE).wrapping_add(*letter);
        sums.push(sum);
    }
}

/// The hash of the letters `first..end` without the one at `gap`.
fn key(sums: &[u32], first: usize, gap: usize, end: usize) -> u32 {
    let stretch =
        |from: usize, to: usize| sums[to].wrapping_sub(sums[from].wrapping_mul(POWERS[to - from]));
    let place = ((end - first) * 8 + gap - first) as u32;
    let head = stretch(first, gap)
        .wrapping_add(place)
        .wrapping_mul(0x85eb_ca6b);
    let key = (head.rotate_left(15) ^ stretch(gap + 1, end)).wrapping_mul(0xc2b2_ae35);
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
        Shapes::build(words.iter().copied()).find(&letters, &mut Vec::new(), |word, first, end| {
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
