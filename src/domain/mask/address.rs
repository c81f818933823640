//! Street addresses: Taiwanese ones by 號 after a road, or without it by city or district, road and number;
//! English ones by the word for a road.

use super::letters::Letter;
use super::{Kind, Spot};

/// How many letters an address may have before its number.
const WINDOW: usize = 32;
/// How far an English road's name may be from its number.
const ENGLISH: usize = 40;
/// Digits of the longest house number with its sub-number.
const HOUSE: usize = 6;
/// Behind a number: then it counts, or is a time, and is no house number.
const COUNTED: &str = "點点時时分秒天日月年週周元塊块折成個个件人次份位盒包箱組组號号段:/%.公米kK";
/// Before 路: then it is no road.
const NO_ROADS: &str = "網网走線线馬马上半";
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
            && let Some(from) = begin(letters, at, false)
        {
            spots.push(Spot {
                kind: Kind::Address,
                from,
                to: end(letters, at + 1),
            });
        }
        if is_road(letters, at)
            && let Some(to) = house(letters, at + 1)
            && let Some(from) = begin(letters, to, true)
        {
            let is_lane = letters
                .get(to)
                .is_some_and(|l| matches!(l.plain, '巷' | '弄'));
            spots.push(Spot {
                kind: Kind::Address,
                from,
                to: end(letters, to + usize::from(is_lane)),
            });
        }
    }
    spots
}

fn is_road(letters: &[Letter], at: usize) -> bool {
    let before = at
        .checked_sub(1)
        .map_or(' ', |before| letters[before].plain);
    match letters[at].plain {
        '路' => !NO_ROADS.contains(before),
        '街' | '巷' | '弄' | '段' => true,
        '道' => before == '大',
        _ => false,
    }
}

/// Where the house number ends that begins here; `None`: there is none.
fn house(letters: &[Letter], from: usize) -> Option<usize> {
    let plain = |at: usize| letters.get(at).map(|letter| letter.plain);
    let begin = from + usize::from(plain(from) == Some(' '));
    let length = letters[begin.min(letters.len())..]
        .iter()
        .take_while(|letter| is_number(letter))
        .count();
    let to = begin + length;
    let number = &letters[begin.min(letters.len())..to.min(letters.len())];
    let begins = number.first()?;
    let is_first = begins.digit().is_some() || matches!(begins.plain, '十' | '百');
    let behind = plain(to + usize::from(plain(to) == Some(' ')));
    let is_counted = behind.is_some_and(|letter| COUNTED.contains(letter));
    (is_first && length <= HOUSE && !is_counted).then_some(to)
}

fn is_number(letter: &Letter) -> bool {
    letter.digit().is_some() || matches!(letter.plain, '十' | '百' | '之' | '-' | '~')
}

/// Where the address begins whose number ends at `at`; `None`: it is no address (7 號電池). `strict`: a city or a
/// district must stand before the road.
fn begin(letters: &[Letter], at: usize, strict: bool) -> Option<usize> {
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
    let place = city
        .min()
        .or(district.map(|district| district.saturating_sub(2)));
    let start = match place {
        Some(place) => place,
        None if strict => return None,
        None => road.saturating_sub(4),
    };
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
