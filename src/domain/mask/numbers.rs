//! Phone, card and ID numbers, and e-mail addresses.
//!
//! A number is read over its separators, group by group; the longest reading that is a number of a known
//! shape wins. Where the writing of digits changes (`0912345678五點後`) a number may end or begin. Only two capital
//! letters before it make an order number of it (`TW20260101005`): other letters just touch.

use super::letters::{Letter, cue};
use super::{Kind, Spot};

/// Separators in a row within one number.
const GAP: usize = 3;
/// Digits of the longest card number (ISO/IEC 7812).
const LONGEST: usize = 19;
/// How far before a number a word tells what it is.
const NEAR: usize = 8;
const PHONE_CUES: &[&str] = &[
    "電話",
    "电话",
    "手機",
    "手机",
    "號碼是",
    "聯絡我",
    "tel",
    "phone",
    "mobile",
    "call",
];
/// Two capitals before a number that are a word, not the beginning of an order number.
const WORDS: [&str; 18] = [
    "ID", "NO", "PH", "HP", "OK", "HI", "ME", "MY", "IS", "AT", "TO", "BY", "OR", "MR", "MS", "IT",
    "ON", "AM",
];
const CARD_CUES: &[&str] = &["卡號", "卡号", "信用卡", "帳號", "账号", "帳戶", "匯款到"];

/// Digits of one writing that touch.
struct Group {
    writing: Writing,
    digits: String,
    from: usize,
    to: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    Latin,
    Chinese,
    Other,
}

impl Writing {
    fn of(digit: char) -> Writing {
        match digit {
            '0'..='9' => Writing::Latin,
            '〇' | '○' | '\u{4e00}'..='\u{9fff}' => Writing::Chinese,
            _ => Writing::Other,
        }
    }
}

pub(super) fn numbers(letters: &[Letter]) -> Vec<Spot> {
    let groups = groups(letters);
    let mut spots = Vec::new();
    let mut next = 0;
    while next < groups.len() {
        let (mut joined, mut longest) = (String::new(), None);
        for (step, group) in groups[next..].iter().enumerate() {
            let before = step.checked_sub(1).map(|step| &groups[next + step]);
            if before.is_some_and(|before| !is_gap(&letters[before.to..group.from])) {
                break;
            }
            // A whole number is not made longer by what touches it in another writing.
            let touches = before.is_some_and(|before| before.to == group.from);
            if touches && longest.is_some() && is_whole(&joined) {
                break;
            }
            joined.push_str(&group.digits);
            if joined.len() > LONGEST {
                break;
            }
            if let Some(kind) = kind(letters, &joined, groups[next].from) {
                longest = Some((step, kind, group.to));
            }
        }
        let Some((step, kind, to)) = longest else {
            next += 1;
            continue;
        };
        let mut from = groups[next].from;
        while from > 0 && matches!(letters[from - 1].plain, '+' | '(') {
            from -= 1;
        }
        let invisible = letters[to..].iter().take_while(|l| l.is_invisible());
        let to = to + invisible.count();
        spots.push(Spot { kind, from, to });
        next += step + 1;
    }
    spots
}

fn groups(letters: &[Letter]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, letter) in letters.iter().enumerate() {
        let Some(digit) = letter.digit() else {
            continue;
        };
        let writing = Writing::of(letter.plain);
        match groups.last_mut() {
            Some(last) if last.to == at && last.writing == writing => {
                last.digits.push(digit);
                last.to += 1;
            }
            _ => groups.push(Group {
                writing,
                digits: digit.to_string(),
                from: at,
                to: at + 1,
            }),
        }
    }
    groups
}

fn is_gap(between: &[Letter]) -> bool {
    between.len() <= GAP && between.iter().all(Letter::is_separator)
}

/// Numbers that need no word beside them and have their full length.
fn is_whole(digits: &str) -> bool {
    let is_mobile = digits.starts_with("8869") && digits.len() == 12;
    is_mobile
        || digits.starts_with('0') && digits.len() == 10
        || digits.len() >= 13 && is_luhn(digits)
}

/// The Latin letters that touch a place from before.
fn word_before(letters: &[Letter], from: usize) -> String {
    let touching = letters[..from].iter().rev();
    let word = touching.take_while(|letter| letter.plain.is_ascii_alphabetic());
    let word: Vec<char> = word.map(|letter| letter.plain).collect();
    word.iter().rev().collect()
}

fn is_order(letters: &[Letter], from: usize) -> bool {
    let word = word_before(letters, from);
    word.len() == 2 && word.bytes().all(|b| b.is_ascii_uppercase()) && !WORDS.contains(&&*word)
}

fn kind(letters: &[Letter], digits: &str, from: usize) -> Option<Kind> {
    let says_phone = cue(letters, from, NEAR, PHONE_CUES);
    if is_order(letters, from) && !says_phone {
        return None;
    }
    let length = digits.len();
    let plus = from > 0 && letters[from - 1].plain == '+';
    let home = ["00886", "002886", "886"]
        .iter()
        .find_map(|code| digits.strip_prefix(code));
    let is_phone = plus && (8..=15).contains(&length)
        || home.is_some_and(|rest| (8..=10).contains(&rest.len()))
        || digits.starts_with("09") && length == 10
        // Area codes 02 to 08, and 0800.
        || matches!(digits.as_bytes(), [b'0', b'2'..=b'8', ..]) && (9..=10).contains(&length)
        || says_phone && (6..=10).contains(&length);
    if is_phone {
        return Some(Kind::Phone);
    }
    let says_card = cue(letters, from, NEAR, CARD_CUES);
    let is_card = (13..=LONGEST).contains(&length) && is_luhn(digits)
        || says_card && (10..=16).contains(&length);
    is_card.then_some(Kind::Card)
}

/// The check digit of cards (ISO/IEC 7812-1, annex B). A row of one digit is no card.
fn is_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            match place % 2 {
                0 => digit,
                _ => digit * 2 / 10 + digit * 2 % 10,
            }
        })
        .sum();
    sum.is_multiple_of(10) && digits.bytes().any(|digit| digit != digits.as_bytes()[0])
}

/// A letter and nine digits of which the first is 1, 2 (identity card), 8 or 9 (residence certificate since
/// 2021), or two letters and eight digits (before). The check digit is not asked: a mistyped one is
/// personal, too.
pub(super) fn ids(letters: &[Letter]) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (from, first) in letters.iter().enumerate() {
        let starts = first.plain.is_ascii_alphabetic() && (from == 0 || begins_id(letters, from));
        if !starts {
            continue;
        }
        let mut at = from + 1;
        let old = letters
            .get(at)
            .is_some_and(|second| matches!(second.plain.to_ascii_uppercase(), 'A'..='D'));
        let wanted = if old { 8 } else { 9 };
        at += usize::from(old);
        let mut digits = String::new();
        while digits.len() < wanted {
            let gap = letters.get(at).is_some_and(Letter::is_separator);
            let Some(digit) = letters.get(at + usize::from(gap)).and_then(Letter::digit) else {
                break;
            };
            digits.push(digit);
            at += 1 + usize::from(gap);
        }
        let ends = letters
            .get(at)
            .is_none_or(|next| !next.plain.is_ascii_digit());
        let fits = digits.len() == wanted && (old || digits.starts_with(['1', '2', '8', '9']));
        if fits && ends {
            spots.push(Spot {
                kind: Kind::IdNumber,
                from,
                to: at,
            });
        }
    }
    spots
}

/// Whether an ID number may begin here: `idA…`, `IDA…`, but not `TWA…` or `7A…`.
fn begins_id(letters: &[Letter], from: usize) -> bool {
    let before = letters[from - 1].plain;
    let word = word_before(letters, from).to_ascii_uppercase();
    let is_capital = letters[from].plain.is_ascii_uppercase();
    !before.is_ascii_alphanumeric()
        || before.is_ascii_lowercase() && is_capital
        || WORDS.contains(&&*word)
}

pub(super) fn emails(letters: &[Letter]) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (at, letter) in letters.iter().enumerate() {
        if letter.plain != '@' {
            continue;
        }
        // One blank on either side, as phones put it after a suggested word.
        let skip = |at: Option<&Letter>| usize::from(at.is_some_and(|l| l.plain.is_whitespace()));
        let mut from = at - skip(at.checked_sub(1).map(|before| &letters[before]));
        while from > 0 && is_mail(letters[from - 1].plain, "._%+-") {
            from -= 1;
        }
        let begin = at + 1 + skip(letters.get(at + 1));
        let mut to = begin;
        while to < letters.len() && is_mail(letters[to].plain, ".-") {
            to += 1;
        }
        while to > begin && !letters[to - 1].plain.is_ascii_alphanumeric() {
            to -= 1;
        }
        let has_dot = letters[begin..to].iter().any(|letter| letter.plain == '.');
        if from < at && letters[from].plain.is_ascii_alphanumeric() && has_dot {
            spots.push(Spot {
                kind: Kind::Email,
                from,
                to,
            });
        }
    }
    spots
}

fn is_mail(letter: char, signs: &str) -> bool {
    letter.is_ascii_alphanumeric() || signs.contains(letter)
}
