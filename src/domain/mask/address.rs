//! Street addresses: Taiwanese ones by 號 after a road, English ones by the word for a road.

use super::letters::Letter;
use super::{Kind, Spot};

/// How many letters an address may have before its number.
const WINDOW: usize = 32;
/// How far an English road's name may be from its number.
const ENGLISH: usize = 40;
const CITIES: [&str; 27] = [
    "台北",
    "臺北",
    "新北",
    "桃園",
    "台中",
    "臺中",
    "台南",
    "臺南",
    "高雄",
    "基隆",
    "新竹",
    "嘉義",
    "苗栗",
    "彰化",
    "南投",
    "雲林",
    "屏東",
    "宜蘭",
    "花蓮",
    "台東",
    "臺東",
    "澎湖",
    "金門",
    "連江",
    "馬祖",
    "桃园",
    "高雄市",
];
const ROADS: [&str; 10] = [
    "road",
    "rd",
    "street",
    "st",
    "avenue",
    "ave",
    "lane",
    "ln",
    "boulevard",
    "blvd",
];

pub(super) fn addresses(letters: &[Letter]) -> Vec<Spot> {
    let mut spots = english(letters);
    for (at, letter) in letters.iter().enumerate() {
        if matches!(letter.plain, '號' | '号')
            && let Some(from) = begin(letters, at)
        {
            spots.push(Spot {
                kind: Kind::Address,
                from,
                to: end(letters, at + 1),
            });
        }
    }
    spots
}

fn is_number(letter: &Letter) -> bool {
    letter.digit().is_some() || matches!(letter.plain, '十' | '百' | '之' | '-' | '~')
}

/// Where the address begins whose 號 is at `at`; `None`: it is no address (7 號電池).
fn begin(letters: &[Letter], at: usize) -> Option<usize> {
    let mut number = at;
    while number > 0 && (is_number(&letters[number - 1]) || letters[number - 1].plain == ' ') {
        number -= 1;
    }
    if !letters[number..at].iter().any(is_number) {
        return None;
    }
    let least = number.saturating_sub(WINDOW);
    let mut from = number;
    while from > least && is_part(letters, from - 1) {
        from -= 1;
    }
    let window: Vec<char> = letters[from..number].iter().map(|l| l.plain).collect();
    let road = window.iter().position(|letter| {
        matches!(
            letter,
            '路' | '街' | '道' | '巷' | '弄' | '段' | '村' | '里'
        )
    })?;
    let city = CITIES.iter().filter_map(|city| {
        let city: Vec<char> = city.chars().collect();
        window.windows(2).position(|pair| pair == &city[..2])
    });
    let district = window
        .iter()
        .position(|letter| matches!(letter, '縣' | '县' | '市' | '區' | '区' | '鄉' | '鎮'))
        .filter(|district| *district < road);
    let start = city
        .min()
        .or(district.map(|district| district.saturating_sub(2)))
        .unwrap_or(road.saturating_sub(4));
    let mut from = from + start;
    // The postcode before it.
    while from > 0 && (letters[from - 1].digit().is_some() || letters[from - 1].plain == ' ') {
        from -= 1;
    }
    while letters[from].plain == ' ' {
        from += 1;
    }
    Some(from)
}

/// Whether a letter may stand within an address: no line end, no punctuation, no two blanks.
fn is_part(letters: &[Letter], at: usize) -> bool {
    let letter = letters[at].plain;
    match letter {
        ' ' => letters.get(at + 1).is_none_or(|next| next.plain != ' '),
        '-' | '~' => true,
        _ => letter.is_alphanumeric(),
    }
}

/// Where it ends: floors, rooms and sub-numbers may follow.
fn end(letters: &[Letter], from: usize) -> usize {
    let mut end = from;
    loop {
        let mut at = end;
        let plain = |at: usize| letters.get(at).map(|letter| letter.plain);
        at += usize::from(plain(at) == Some(' '));
        let sub = matches!(plain(at), Some('之' | '-'));
        at += usize::from(sub);
        at += usize::from(matches!(plain(at), Some('B' | 'b' | '地')));
        let digits = at;
        while letters
            .get(at)
            .is_some_and(|letter| letter.digit().is_some() || letter.plain == '十')
        {
            at += 1;
        }
        let is_floor = matches!(plain(at), Some('樓' | '楼' | 'F' | 'f' | '室' | '棟'));
        if at == digits || !(sub || is_floor) {
            return end;
        }
        end = at + usize::from(is_floor);
    }
}

/// `No. 7, Sec. 5, Xinyi Rd.`, `12 Main Street`.
fn english(letters: &[Letter]) -> Vec<Spot> {
    let mut spots = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let start = at;
        while at < letters.len() && letters[at].plain.is_ascii_alphabetic() {
            at += 1;
        }
        if at == start {
            at += 1;
            continue;
        }
        let word: String = letters[start..at]
            .iter()
            .map(|letter| letter.plain.to_ascii_lowercase())
            .collect();
        if !ROADS.contains(&word.as_str()) {
            continue;
        }
        let least = start.saturating_sub(ENGLISH);
        let line = letters[least..start]
            .iter()
            .rposition(|letter| !letter.plain.is_ascii() || letter.plain == '\n')
            .map_or(least, |place| least + place + 1);
        let number = letters[line..start]
            .iter()
            .position(|letter| letter.plain.is_ascii_digit());
        if let Some(number) = number {
            spots.push(Spot {
                kind: Kind::Address,
                from: line + number,
                to: at,
            });
        }
    }
    spots
}
