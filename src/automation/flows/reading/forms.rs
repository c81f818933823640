//! Values with a form of their own: telephone numbers, mail addresses, days, postal addresses.
//!
//! Taiwan's forms. A day needs no year; words like 明天 are not taken, since what day that is only the
//! core could know.

use super::plain;
use super::tokens::chains;
use crate::domain::playbook::Reading;
use regex::Regex;
use std::sync::LazyLock;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of the house compiles")
}

/// Most digits of a telephone number: the country's, the leading 0 that some keep, and room.
const MAX_PHONE: usize = 16;

/// A telephone number, as digits with a leading 0. From each run on, no more digits are looked at than
/// a number has: customers' texts may hold hundreds of runs.
pub(super) fn phone(text: &str) -> Reading {
    let text = plain(text);
    let letters: Vec<char> = text.chars().collect();
    let mut is_like = false;
    for chain in chains(&letters) {
        for from in 0..chain.len() {
            let mut digits = String::new();
            let mut longest = None;
            for run in chain[from..].iter().take_while(|run| run.is_digits()) {
                digits.push_str(&run.text);
                is_like |= digits.len() >= 7;
                if digits.len() > MAX_PHONE {
                    break;
                }
                longest = national(&digits).or(longest);
            }
            if let Some(number) = longest {
                return Reading::Found(number.into());
            }
        }
    }
    if is_like {
        Reading::Unfit
    } else {
        Reading::Absent
    }
}

/// Taiwan's numbers: mobile 09 and eight digits, landline 0 and an area, nine or ten in all, 0800.
fn national(digits: &str) -> Option<String> {
    let digits = match digits.strip_prefix("886") {
        Some(rest) if rest.len() >= 8 => format!("0{}", rest.trim_start_matches('0')),
        _ => digits.to_owned(),
    };
    let good = match digits.as_bytes() {
        [b'0', b'9', ..] => digits.len() == 10,
        [b'0', b'2'..=b'8', ..] => (9..=10).contains(&digits.len()),
        _ => false,
    };
    good.then_some(digits)
}

/// A mail address; its domain in lower case.
pub(super) fn email(text: &str) -> Reading {
    static EMAIL: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"));
    let text = plain(text);
    match EMAIL.find(&text) {
        Some(found) if found.len() <= 254 => {
            let (name, domain) = found
                .as_str()
                .split_once('@')
                .unwrap_or((found.as_str(), ""));
            Reading::Found(format!("{name}@{}", domain.to_lowercase()).into())
        }
        _ if text.contains('@') => Reading::Unfit,
        _ => Reading::Absent,
    }
}

/// A day: `2026-05-06`, or `05-06` where no year was said.
pub(super) fn date(text: &str) -> Reading {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?:(\d{2,4})\s*[年/.-]\s*)?(\d{1,2})\s*[月/.-]\s*(\d{1,2})\s*[日號号]?")
    });
    static COMPACT: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:^|\D)((?:19|20)\d{2})(\d{2})(\d{2})(?:\D|$)"));
    let text = plain(text);
    let found = COMPACT.captures(&text).or_else(|| DATE.captures(&text));
    let Some(found) = found else {
        return Reading::Absent;
    };
    let number = |at: usize| {
        found
            .get(at)
            .and_then(|part| part.as_str().parse::<u32>().ok())
    };
    let year = match number(1) {
        // A year of the Republic of China.
        Some(year @ 80..=199) => Some(year + 1911),
        Some(year @ 1990..=2099) => Some(year),
        Some(_) => return Reading::Unfit,
        None => None,
    };
    match (number(2), number(3)) {
        (Some(month @ 1..=12), Some(day @ 1..=31)) => {
            let day = format!("{month:02}-{day:02}");
            Reading::Found(
                year.map_or(day.clone(), |year| format!("{year}-{day}"))
                    .into(),
            )
        }
        _ => Reading::Unfit,
    }
}

/// A postal address with road and number, or a pick-up shop.
pub(super) fn address(text: &str, asked: bool) -> Reading {
    static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"(?:\d{3,6}\s*)?(?:[台臺][北中南東]|新[北竹]|基隆|桃[園园]|苗栗|彰化|南投|[雲云]林|嘉[義义]|",
            r"高雄|屏[東东]|宜[蘭兰]|花[蓮莲]|澎湖|金[門门]|[連连]江)[縣市县](?:[\p{Han}\d\s]{1,30}?)",
            r"(?:路|街|大道|巷|弄|段|村|里|庄|莊)[^，。,!！?？\n]{0,40}?\d+(?:之\d+)?\s*[號号]",
            r"[^，。,!！?？\n]{0,30}",
        ))
    });
    static ROAD: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"[\p{Han}]+(?:路|街|大道|巷|弄|段|村|里)[^\n]*\d+[^\n]*"));
    static SHOP: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?:7-?11|7-?eleven|統一超商|全家|萊爾富|ok超商|ok)[^\n，。,]{0,20}?[\p{Han}\w]{1,12}(?:門市|店)",
        )
    });
    static PART: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\p{Han}]{1,5}[縣市區鄉鎮路街巷段]"));
    // Dashes and digits only: folding the whole text would change shop names.
    let text = plain(text);
    let text = text.trim();
    let taken = |value: &str| {
        let value = value
            .trim()
            .trim_end_matches(['喔', '唷', '哦', '謝', '了', '~', '～', '。', '.']);
        let value = lead(value.trim());
        match value.chars().count() {
            6..=120 => Reading::Found(value.into()),
            _ => Reading::Unfit,
        }
    };
    if let Some(found) = WHOLE.find(text) {
        return taken(found.as_str());
    }
    if let Some(found) = SHOP.find(text) {
        return taken(found.as_str());
    }
    if !asked {
        return Reading::Absent;
    }
    match (ROAD.is_match(text), PART.is_match(text)) {
        _ if text.contains(['?', '？', '嗎', '吗', '哪', '幾', '几']) => Reading::Absent,
        (true, _) => taken(text),
        (false, true) => Reading::Unfit,
        (false, false) => Reading::Absent,
    }
}

/// The address without the words that lead to it.
fn lead(text: &str) -> &str {
    const WORDS: [&str; 22] = [
        "我要",
        "我想",
        "想要",
        "請幫我",
        "幫我",
        "麻煩",
        "請",
        "新的",
        "新地址",
        "收件地址",
        "地址",
        "改成",
        "改為",
        "改到",
        "改寄到",
        "改寄",
        "寄到",
        "寄去",
        "更改",
        "修改",
        "是",
        "為",
    ];
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches([' ', ':', '：', ',', '，']);
        let next = WORDS
            .iter()
            .find_map(|word| trimmed.strip_prefix(word))
            .unwrap_or(trimmed);
        if next.len() == rest.len() {
            return rest;
        }
        rest = next;
    }
}
