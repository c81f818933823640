//! Numbers of orders, tickets and the like: a pattern over letters and digits.
//!
//! Normal form: NFKC, upper case, without signs. A telephone number, a date or a price is never taken
//! for one, even where the pattern would let it pass.

use super::plain;
use super::tokens::{Token, chains};
use crate::domain::playbook::Reading;
use regex::{Regex, RegexBuilder};

/// Greatest size of a compiled pattern, in bytes: patterns are short.
const MAX_PATTERN: usize = 1 << 20;

/// Most runs that one number is broken into.
const MAX_RUNS: usize = 24;

/// Most characters of a telephone number or a day, which are told apart whatever the pattern takes.
const MAX_OTHER: usize = 15;

/// English words that stand before a number and are no part of it.
const NO_PREFIX: [&str; 26] = [
    "no", "nr", "num", "id", "is", "my", "it", "its", "the", "on", "for", "at", "of", "and", "ok",
    "hi", "to", "in", "a", "i", "so", "by", "was", "this", "hey", "here",
];

/// Words after which a number is the wrong one, and before which too when they end in it.
const WRONG: [&str; 8] = [
    "不是",
    "而不是",
    "打錯",
    "打错",
    "寫錯",
    "写错",
    "不要",
    "並非",
];

/// Words by which somebody corrects: of two numbers the last one counts.
const CORRECTING: [&str; 12] = [
    "更正",
    "應該是",
    "应该是",
    "改成",
    "打錯",
    "打错",
    "寫錯",
    "写错",
    "才對",
    "才对",
    "正確",
    "正确",
];

/// Words beside which eight digits are a day.
const DAY_WORDS: [&str; 8] = ["訂", "买", "買", "訂的", "下單", "下单", "付款", "號訂"];

/// What a number is not, whatever the pattern says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Not {
    /// A Taiwanese mobile number: 09 and eight digits.
    pub mobile: bool,
    /// A landline or service number, written as one.
    pub phone: bool,
    /// A day.
    pub date: bool,
    /// An amount of money.
    pub price: bool,
}

/// A slot after a pattern.
#[derive(Debug)]
pub struct Number {
    pattern: Regex,
    max: usize,
    not: Not,
}

/// What a candidate turned out to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// It may be the number.
    Fits,
    /// It is something else that has a name of its own.
    Other,
    /// The pattern does not take it.
    Nothing,
}

impl Number {
    /// Takes a pattern for the whole value.
    ///
    /// # Errors
    /// Why it is no pattern, in one line.
    pub fn new(pattern: &str, max: usize, not: Not) -> Result<Number, String> {
        let whole = format!("^(?:{pattern})$");
        let pattern = RegexBuilder::new(&whole)
            .size_limit(MAX_PATTERN)
            .build()
            .map_err(|error| {
                let text = error.to_string();
                text.lines().last().unwrap_or_default().trim().to_owned()
            })?;
        Ok(Number { pattern, max, not })
    }

    /// What the text says.
    pub fn read(&self, text: &str, asked: bool) -> Reading {
        let text = plain(text);
        let letters: Vec<char> = text.chars().collect();
        let mut fitting: Vec<(String, usize)> = Vec::new();
        let mut is_other = false;
        for chain in chains(&letters) {
            let mut at = 0;
            while at < chain.len() {
                let Some((length, value, nature)) = self.longest(&chain[at..], &letters) else {
                    at += 1;
                    continue;
                };
                match nature {
                    Nature::Fits if !asked && !stands_out(&value) => {}
                    Nature::Fits if is_wrong(&letters[..chain[at].start]) => {}
                    Nature::Fits => fitting.push((value, chain[at].start)),
                    _ => is_other = true,
                }
                at += length;
            }
        }
        let corrects = CORRECTING.iter().any(|word| text.contains(word));
        let chosen = if corrects {
            fitting.pop()
        } else {
            fitting.into_iter().next()
        };
        match chosen {
            Some((value, _)) => Reading::Found(value.into()),
            None if asked && (is_other || is_bare_number(&letters)) => Reading::Unfit,
            None => Reading::Absent,
        }
    }

    /// The longest beginning of a chain that means something: how many runs, the value, what it is.
    fn longest(&self, chain: &[Token], letters: &[char]) -> Option<(usize, String, Nature)> {
        for length in (1..=window(chain, self.max.max(MAX_OTHER))).rev() {
            let runs = &chain[..length];
            let joined: String = runs.iter().map(|run| run.text.as_str()).collect();
            let joined = joined.to_ascii_uppercase();
            let nature = self.nature(runs, &joined, letters);
            if nature == Nature::Nothing || (length > 1 && !self.belong_together(runs, nature)) {
                continue;
            }
            return Some((length, joined, nature));
        }
        None
    }

    fn nature(&self, runs: &[Token], joined: &str, letters: &[char]) -> Nature {
        let digits = joined.bytes().all(|b| b.is_ascii_digit());
        let before = runs[0].start.checked_sub(1).map(|at| letters[at]);
        let rest = &letters[runs[runs.len() - 1].end..];
        let has_plus = before == Some('+');
        if digits
            && ((self.not.mobile && is_mobile(joined))
                || (self.not.phone && is_phone(runs, joined, has_plus))
                || (self.not.date && is_date(runs, joined, rest)))
        {
            return Nature::Other;
        }
        if self.not.price && digits && is_price(before, rest) {
            return Nature::Other;
        }
        if joined.len() <= self.max && self.pattern.is_match(joined) {
            return Nature::Fits;
        }
        Nature::Nothing
    }

    /// Whether runs with signs between them are one number. A sign joins; a blank joins only what is
    /// no number by itself.
    fn belong_together(&self, runs: &[Token], nature: Nature) -> bool {
        if nature == Nature::Other {
            return true;
        }
        let is_blank = |run: &Token| run.gap.chars().any(|c| c.is_whitespace() || c == '/');
        if !runs[1..].iter().any(is_blank) {
            return true;
        }
        let head = runs[0].text.to_ascii_lowercase();
        if !runs[0].is_digits() && NO_PREFIX.contains(&head.as_str()) {
            return false;
        }
        let is_own = |run: &Token| self.pattern.is_match(&run.text.to_ascii_uppercase());
        let is_short = |run: &Token| run.is_digits() && run.text.len() < 3;
        !runs.iter().all(is_own) && !runs.iter().any(is_short)
    }
}

/// How many runs of a chain's beginning may be one value: what is longer than `most` characters is none.
/// Without a bound a text of single digits would cost the cube of its length.
fn window(chain: &[Token], most: usize) -> usize {
    let mut length = 0;
    let fits = |run: &&Token| {
        length += run.text.len();
        length <= most
    };
    chain.iter().take(MAX_RUNS).take_while(fits).count().max(1)
}

/// Whether nobody would take it for anything else: six digits, or a prefix and four.
fn stands_out(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    digits >= 6 || (digits >= 4 && digits < value.len())
}

/// Whether the words before a number say that it is the wrong one.
fn is_wrong(before: &[char]) -> bool {
    let tail: String = before[before.len().saturating_sub(6)..].iter().collect();
    let tail = tail.trim_end();
    let tail = ["訂單", "订单", "單號", "号码", "號碼", "編號", "成", "了"]
        .iter()
        .fold(tail, |tail, word| tail.trim_end_matches(word));
    WRONG.iter().any(|word| tail.ends_with(word))
}

/// Whether a text is little more than digits: an answer that was meant as the number.
fn is_bare_number(letters: &[char]) -> bool {
    let digits = letters.iter().filter(|c| c.is_ascii_digit()).count();
    let words: String = letters
        .iter()
        .filter(|c| c.is_alphabetic())
        .collect::<String>()
        .to_lowercase();
    let words = [
        "訂單", "订单", "單號", "单号", "編號", "编号", "號碼", "号码", "我的", "order", "number",
        "是", "no",
    ]
    .iter()
    .fold(words, |words, filler| words.replace(filler, ""));
    digits >= 3 && words.chars().count() <= 2
}

fn is_mobile(digits: &str) -> bool {
    match digits.strip_prefix("886") {
        Some(rest) => {
            let rest = rest.strip_prefix('0').unwrap_or(rest);
            rest.len() == 9 && rest.starts_with('9')
        }
        None => digits.len() == 10 && digits.starts_with("09"),
    }
}

/// A landline or service number: written with its area apart, in brackets, or after a plus.
fn is_phone(runs: &[Token], digits: &str, has_plus: bool) -> bool {
    if has_plus {
        return (8..=15).contains(&digits.len());
    }
    let area = runs[0].text.as_str();
    let is_area = matches!(area.len(), 2..=4) && area.starts_with('0') && !area.starts_with("00");
    let is_service = digits.starts_with("0800") || digits.starts_with("0809");
    let lengths = 9..=10;
    lengths.contains(&digits.len()) && (is_service || (is_area && runs.len() > 1))
}

fn is_date(runs: &[Token], digits: &str, rest: &[char]) -> bool {
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    if let [year, month, day] = runs {
        let years = match year.text.len() {
            4 => 1990..=2099,
            // Years of the Republic of China.
            2 | 3 => 79..=199,
            _ => return false,
        };
        let signs = [&month.gap, &day.gap];
        return signs
            .iter()
            .all(|gap| matches!(gap.trim(), "-" | "/" | "."))
            && years.contains(&number(&year.text))
            && (1..=12).contains(&number(&month.text))
            && (1..=31).contains(&number(&day.text));
    }
    // Eight digits in a row may be an order number that begins with its day: a day only by the words.
    if runs.len() != 1 || digits.len() != 8 {
        return false;
    }
    let is_day = (1990..=2099).contains(&number(&digits[..4]))
        && (1..=12).contains(&number(&digits[4..6]))
        && (1..=31).contains(&number(&digits[6..]));
    let after: String = rest.iter().take(4).collect();
    is_day
        && DAY_WORDS
            .iter()
            .any(|word| after.trim_start().starts_with(word))
}

fn is_price(before: Option<char>, rest: &[char]) -> bool {
    let after = rest.iter().find(|c| !c.is_whitespace());
    matches!(before, Some('$' | '¥' | '€' | '£'))
        || matches!(after, Some('元' | '塊' | '块' | '圓' | '%'))
}
