//! Folding: one form for all the ways a text is typed, for matching only.
//!
//! Full width becomes half width, upper case lower, Traditional Simplified; blanks, punctuation
//! and emoji vanish. The same table folds terms and texts, so config may be written in either
//! script. A reply is never folded. A bopomofo letter that stands for a particle (ㄇ, ㄉ, ㄌ) becomes
//! the particle. What vanished is noted: emoji and sentence marks say something about the mood, and a
//! gap is where one clause ends. Not done: characters outside the Basic Multilingual Plane, combining
//! marks, half-width katakana with voice marks.

use std::ops::Range;
use std::sync::LazyLock;

/// Characters of a text that are looked at; what a customer wants is said by then.
pub const MAX_CHARS: usize = 500;

/// Traditional to Simplified (OpenCC, Apache-2.0; see `NOTICE`).
const TS_CHARACTERS: &str = include_str!("data/ts_characters.txt");

/// Forms OpenCC's table does not hold: Japanese shapes and variants that phones offer.
const VARIANTS: &str = "価价 営营 買买 売卖 円元 図图 返返 駅站 鉄铁 変变 広广 応应 気气 沢泽 発发 \
                        県县 経经 総总 転转 辺边 関关 団团 対对 単单 戻返 払付 届届 爲为 眞真 纔才 妳你 您你 祢你 牠它 喔哦 噢哦 囉啰 咧呢 唷哟 欸诶";

/// Bopomofo letters typed for the particle they begin: 好ㄇ, 我ㄉ, 來ㄌ.
const BOPOMOFO: &str = "ㄇ吗 ㄉ的 ㄌ了 ㄅ吧 ㄋ呢 ㄚ啊 ㄛ哦 ㄟ诶 ㄏ哈";

/// Most dropped signs that are noted of one text.
pub const MAX_SIGNS: usize = 16;

const HALF_KATAKANA: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// Each BMP character's folded form; 0 drops it.
static TABLE: LazyLock<Box<[u16]>> = LazyLock::new(table);

fn table() -> Box<[u16]> {
    let mut table: Vec<u16> = (0..=u16::MAX).map(own_form).collect();
    for pair in pairs(TS_CHARACTERS)
        .chain(pairs(VARIANTS))
        .chain(pairs(BOPOMOFO))
    {
        table[usize::from(pair.0)] = pair.1;
    }
    for (unit, kana) in (0xff66..).zip(HALF_KATAKANA.chars()) {
        table[unit] = u16::try_from(u32::from(kana)).unwrap_or(0);
    }
    // A few results are keys themselves (藴 → 蕴, 薴 → 苧 → 苎): follow them to the end, so that
    // folding twice changes nothing. Four steps are more than any chain in the data has.
    for _ in 0..4 {
        for at in 0..table.len() {
            table[at] = table[usize::from(table[at])];
        }
    }
    table.into_boxed_slice()
}

fn pairs(data: &'static str) -> impl Iterator<Item = (u16, u16)> {
    data.lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .filter_map(|pair| {
            let mut units = pair.encode_utf16();
            Some((units.next()?, units.next()?))
        })
}

fn own_form(unit: u16) -> u16 {
    let narrow = match unit {
        0xff01..=0xff5e => unit - 0xfee0,
        _ => unit,
    };
    let Some(c) = char::from_u32(u32::from(narrow)) else {
        return 0;
    };
    if !c.is_alphanumeric() {
        return 0;
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(c), None) => u16::try_from(u32::from(c)).unwrap_or(narrow),
        _ => narrow,
    }
}

/// A folded text and the way back to what was typed. Reused from text to text.
#[derive(Debug, Default)]
pub struct Folded {
    text: String,
    /// For each byte of `text`: the offset of its character in the original, [`JOINED`] and [`GAP`].
    origin: Vec<u32>,
    /// Signs and emoji that were dropped, in order, at most [`MAX_SIGNS`].
    signs: Vec<char>,
    /// How much of the original was looked at, in bytes.
    seen: usize,
}

/// Set on a character that continues a run of letters or of digits: no term of an alphabet begins
/// here, and none that ended right before has ended.
const JOINED: u32 = 1 << 31;

/// Set on a character with something dropped right before it.
const GAP: u32 = 1 << 30;

const MARKS: u32 = JOINED | GAP;

/// What a character means for word boundaries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    /// A letter of a script that puts blanks between words.
    Letter,
    Digit,
    /// Ideographs, kana, and everything dropped: a boundary on both sides.
    None,
}

impl Folded {
    /// Folds a text into this buffer.
    pub fn fill(&mut self, original: &str) {
        self.clear();
        let table = &*TABLE;
        let mut before = Run::None;
        let mut gap = false;
        for (count, (at, c)) in original.char_indices().enumerate() {
            if count == MAX_CHARS {
                break;
            }
            self.seen = at + c.len_utf8();
            let folded = match u16::try_from(u32::from(c)) {
                Ok(unit) => match char::from_u32(u32::from(table[usize::from(unit)])) {
                    Some('\0') | None => None,
                    folded => folded,
                },
                Err(_) => c.is_alphanumeric().then_some(c),
            };
            let Some(folded) = folded else {
                before = Run::None;
                gap = true;
                if self.signs.len() < MAX_SIGNS && is_told(c) {
                    self.signs.push(c);
                }
                continue;
            };
            let run = run(folded);
            let joined = run != Run::None && run == before;
            before = run;
            self.text.push(folded);
            let at = u32::try_from(at).unwrap_or(0) & !MARKS;
            let joined = if joined { JOINED } else { 0 };
            let mark = at | joined | if gap { GAP } else { 0 };
            gap = false;
            self.origin.resize(self.text.len(), mark);
        }
    }

    /// Forgets the text, keeps the room.
    pub fn clear(&mut self) {
        self.text.clear();
        self.origin.clear();
        self.signs.clear();
        self.seen = 0;
    }

    /// The folded text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether no word is cut at this byte of the folded text (a character's first, or the end).
    pub fn is_boundary(&self, at: usize) -> bool {
        self.origin.get(at).is_none_or(|mark| mark & JOINED == 0)
    }

    /// Whether something was dropped right before the character at this byte: a blank, a sign.
    pub fn is_gap(&self, at: usize) -> bool {
        self.origin.get(at).is_some_and(|mark| mark & GAP != 0)
    }

    /// Emoji and sentence marks that were dropped, in order; blanks, joiners and skin tones are not
    /// among them.
    pub fn signs(&self) -> &[char] {
        &self.signs
    }

    /// The bytes of the original that a stretch of the folded text came from.
    pub fn original(&self, folded: Range<usize>, original: &str) -> Range<usize> {
        let place = |at: usize| {
            self.origin
                .get(at)
                .map_or(self.seen, |mark| (mark & !MARKS) as usize)
        };
        let start = place(folded.start);
        let last = place(folded.end.saturating_sub(1));
        let width = original
            .get(last..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        start..(last + width).max(start)
    }
}

/// Whether a dropped character says something.
fn is_told(c: char) -> bool {
    let silent = c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{feff}' | '\u{2060}');
    !silent
}

fn run(c: char) -> Run {
    match c {
        '0'..='9' => Run::Digit,
        'a'..='z' | '\u{c0}'..='\u{52f}' => Run::Letter,
        _ => Run::None,
    }
}

/// Folds a text by itself, for terms and tests.
pub fn fold(text: &str) -> String {
    let mut folded = Folded::default();
    folded.fill(text);
    folded.text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_many_ways_of_typing_fold_to_one() {
        for same in [
            "運費",
            "运费",
            "運 費",
            "【運費】",
            "運\u{3000}費!!",
            "運👍費",
        ] {
            assert_eq!(fold(same), "运费", "{same}");
        }
        for same in ["shipping fee", "ＳＨＩＰＰＩＮＧ　ＦＥＥ", "Shipping-Fee"] {
            assert_eq!(fold(same), "shippingfee", "{same}");
        }
        assert_eq!(fold("臺灣"), fold("台湾"));
        assert_eq!(fold("ﾒﾆｭｰ"), fold("メニュー"));
        assert_eq!(fold("👋 …"), "");
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for unit in 0..=u16::MAX {
            let Some(c) = char::from_u32(u32::from(unit)) else {
                continue;
            };
            let once = fold(&c.to_string());
            assert_eq!(fold(&once), once, "U+{unit:04X}");
        }
    }

    #[test]
    fn the_way_back_leads_to_what_was_typed() {
        let original = "請問【運　費】多少";
        let mut folded = Folded::default();
        folded.fill(original);
        let at = folded.text().find("运费").unwrap();
        let span = folded.original(at..at + "运费".len(), original);
        assert_eq!(&original[span], "運　費");
    }

    #[test]
    fn words_of_an_alphabet_have_boundaries() {
        let mut folded = Folded::default();
        folded.fill("shipping hi運費50");
        let at = folded.text().find("hi").unwrap();
        assert!(!folded.is_boundary(at));
        let at = folded.text().rfind("hi").unwrap();
        assert!(folded.is_boundary(at) && folded.is_boundary(at + 2));
    }

    #[test]
    fn only_the_beginning_of_a_novel_is_read() {
        let novel = "運".repeat(MAX_CHARS + 10);
        assert_eq!(fold(&novel).chars().count(), MAX_CHARS);
    }
}
