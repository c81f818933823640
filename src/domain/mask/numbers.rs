//! Phone, card and ID numbers, and e-mail addresses.
//!
//! A number is read over its separators, group by group; the longest reading that is a number of a known
//! shape wins. What is glued to a Latin letter (`TW20260101005`) is an order number, not a phone number.

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
const CARD_CUES: &[&str] = &["卡號", "卡号", "信用卡", "帳號", "账号", "帳戶", "匯款到"];

/// Digits that touch.
struct Group {
    digits: String,
    from: usize,
    to: usize,
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
            joined.push_str(&group.digits);
            if joined.len() > LONGEST {
                break;
            }
            if let Some(kind) = kind(letters, &joined, groups[next].from, group.to) {
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
        match groups.last_mut() {
            Some(last) if last.to == at => {
                last.digits.push(digit);
                last.to += 1;
            }
            _ => groups.push(Group {
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

fn kind(letters: &[Letter], digits: &str, from: usize, to: usize) -> Option<Kind> {
    let is_latin = |at: usize| {
        letters
            .get(at)
            .is_some_and(|l| l.plain.is_ascii_alphabetic())
    };
    let is_glued = from > 0 && is_latin(from - 1);
    let says_phone = cue(letters, from, NEAR, PHONE_CUES);
    if is_latin(to) || is_glued && !says_phone {
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
        let starts = first.plain.is_ascii_alphabetic()
            && (from == 0 || !letters[from - 1].plain.is_ascii_alphanumeric());
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
            .is_none_or(|next| !next.plain.is_ascii_alphanumeric());
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
