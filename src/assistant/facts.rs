//! Facts that can be checked by looking: numbers, amounts, dates, phone numbers, links. One that stands in no
//! source, history or message was invented.

mod chinese;
mod links;

use chinese::chinese;
use links::{host, links};
use std::collections::HashSet;

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invented {
    /// A number, amount, date or phone number.
    Number,
    /// A link or an e-mail address.
    Link,
}

/// The first thing in the answer that stands in none of the grounds.
pub fn invented(answer: &str, grounds: &[&str]) -> Option<Invented> {
    let mut known = Known::default();
    for ground in grounds {
        known.learn(ground);
    }
    let answer = plain(answer);
    if links(&answer).iter().any(|link| !known.has_link(link)) {
        return Some(Invented::Link);
    }
    let numbers = numbers(&answer);
    let is_known = |number: &Number| known.has(number);
    (!numbers.iter().all(is_known)).then_some(Invented::Number)
}

/// What the grounds say.
#[derive(Default)]
struct Known {
    values: HashSet<String>,
    /// Digits of each ground, those of one phone number joined.
    rows: Vec<String>,
    links: HashSet<String>,
}

impl Known {
    fn learn(&mut self, ground: &str) {
        let text = plain(ground);
        for number in numbers(&text) {
            // The parts of a phone number are no numbers: (02) says nothing of two days.
            let is_phone = number.joined.len() >= 7 && number.joined.starts_with('0');
            self.rows.push(number.joined);
            if !is_phone {
                self.values.extend(number.values);
            }
        }
        self.values.extend(chinese(&text, false));
        self.links.extend(links(&text));
    }

    fn has(&self, number: &Number) -> bool {
        let is_phone = number.joined.len() >= 7;
        if is_phone && self.rows.iter().any(|row| row.contains(&number.joined)) {
            return true;
        }
        number.values.iter().all(|value| {
            let afternoon = || {
                let hour: u32 = value.parse().unwrap_or(24);
                hour < 12 && number.is_hour && self.values.contains(&(hour + 12).to_string())
            };
            self.values.contains(value) || afternoon()
        })
    }

    /// The link itself, or the front page of one; a part of a name (`hop.com` of `shop.com`) is another's.
    fn has_link(&self, link: &str) -> bool {
        self.links.contains(link) || self.links.iter().any(|known| host(known) == link)
    }
}

/// A number as it stands: one value, or the groups of a phone number.
#[derive(Debug)]
struct Number {
    values: Vec<String>,
    joined: String,
    /// Followed by a word for the hour.
    is_hour: bool,
}

fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
            '\u{3000}' => ' ',
            _ => letter,
        })
        .collect()
}

fn numbers(text: &str) -> Vec<Number> {
    let mut found: Vec<Number> = Vec::new();
    for line in text.lines() {
        let letters: Vec<char> = unnumbered(line).chars().collect();
        let mut at = 0;
        let mut end_of_last = None;
        while at < letters.len() {
            if !letters[at].is_ascii_digit() {
                at += 1;
                continue;
            }
            let begin = at;
            let (value, digits, end) = arabic(&letters, at);
            at = end;
            let rest: String = letters[at..].iter().take(3).collect();
            let rest = rest.trim_start();
            let is_hour = rest.starts_with(['點', '点', '時', '时', ':'])
                || rest.to_lowercase().starts_with("pm");
            // (02)2345-6789: groups of one phone number.
            let joins = end_of_last.is_some_and(|last: usize| {
                let between = &letters[last..begin];
                between.len() <= 2 && between.iter().all(|letter| "- ()".contains(*letter))
            });
            end_of_last = Some(at);
            match found.last_mut() {
                Some(last) if joins => {
                    last.values.push(value);
                    last.joined.push_str(&digits);
                    last.is_hour |= is_hour;
                }
                _ => found.push(Number {
                    values: vec![value],
                    joined: digits,
                    is_hour,
                }),
            }
        }
        found.extend(chinese(line, true).into_iter().map(|value| Number {
            joined: value.clone(),
            values: vec![value],
            is_hour: false,
        }));
    }
    found
}

/// The line without the number of a list: `1. …`, `2、…`.
fn unnumbered(line: &str) -> &str {
    let bare = line.trim_start();
    let end = bare.find(|letter: char| !letter.is_ascii_digit());
    let Some(end) = end.filter(|end| (1..=2).contains(end)) else {
        return line;
    };
    match bare[end..].strip_prefix(['.', '、', ')', ':']) {
        Some(rest) if !rest.starts_with(|letter: char| letter.is_ascii_digit()) => rest,
        _ => line,
    }
}

/// Value, digits and end of the number that begins at `at`: `1,000`, `9.5`, `1萬`.
fn arabic(letters: &[char], mut at: usize) -> (String, String, usize) {
    let is_digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    let (mut digits, mut value) = (String::new(), String::new());
    while at < letters.len() {
        let letter = letters[at];
        let thousands =
            letter == ',' && (1..=3).all(|step| is_digit(at + step)) && !is_digit(at + 4);
        let point = letter == '.' && is_digit(at + 1) && !value.contains('.');
        if letter.is_ascii_digit() {
            digits.push(letter);
            value.push(letter);
        } else if point {
            value.push('.');
        } else if !thousands {
            break;
        }
        at += 1;
    }
    let scale = match letters.get(at) {
        Some('萬' | '万') => 10_000.0,
        Some('千') => 1_000.0,
        _ => 1.0,
    };
    if scale > 1.0
        && let Ok(number) = value.parse::<f64>()
    {
        return ((number * scale).to_string(), digits, at + 1);
    }
    (normal(&value), digits, at)
}

fn normal(value: &str) -> String {
    let value = value.trim_start_matches('0');
    let value = match value.contains('.') {
        true => value.trim_end_matches('0').trim_end_matches('.'),
        false => value,
    };
    match value {
        "" => "0".to_owned(),
        _ if value.starts_with('.') => format!("0{value}"),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "本島宅配運費 100 元，滿 1,000 元免運。七天鑑賞期。客服 (02)2345-6789，\
                        營業 09:00–18:00。https://shop.example.com/help";

    #[test]
    fn what_the_grounds_say_is_not_invented_however_it_is_written() {
        for answer in [
            "運費100元，滿1000元免運",
            "運費１００元",
            "鑑賞期是 7 天",
            "鑑賞期是七天喔",
            "請打 02-2345-6789 或 0223456789",
            "上午 9 點到下午 6 點",
            "我們 9:00 開門",
            "1. 先登入\n2. 再選退貨",
            "請看 shop.example.com/help",
            "祝您有美好的一天，萬一有問題再告訴我們",
        ] {
            assert_eq!(invented(answer, &[SHOP]), None, "{answer}");
        }
    }

    #[test]
    fn what_they_do_not_say_is_invented() {
        for (answer, what) in [
            ("運費 80 元", Invented::Number),
            ("滿 10,000 元免運", Invented::Number),
            ("滿1萬元免運", Invented::Number),
            ("鑑賞期十四天", Invented::Number),
            ("兩個工作天到", Invented::Number),
            ("請打 02-2345-0000", Invented::Number),
            ("下午 5 點關門", Invented::Number),
            ("請看 evil.example.com", Invented::Link),
            ("寄到 a@shop.com", Invented::Link),
            ("http://127.0.0.1/x", Invented::Link),
        ] {
            assert_eq!(invented(answer, &[SHOP]), Some(what), "{answer}");
        }
        assert_eq!(invented("訂單 A123 到了", &[SHOP, "我的訂單 A123"]), None);
    }

    #[test]
    fn a_link_that_stands_nowhere_is_invented_whatever_its_end() {
        for answer in [
            "請看 bit.ly/3xYz",
            "請看bit.ly",
            "加好友：lin.ee/AbCd",
            "短網址 reurl.cc/x",
            "到 shop.xyz 購買",
            "到 SHOP.VIP 購買",
            "https://reurl.cc",
            "http://例子.台灣/x",
            "www.evil",
            "請看 hop.example.com/help",
            "請看 example.com",
            "請看 shop.example.com/helpme",
            "請看 shop.example.com/help/pay",
            "寄到 help@bit.ly",
            "LINE:evil.vip",
            "看 evil.vip，謝謝",
            "看 evil.vip:8080/x",
        ] {
            assert_eq!(invented(answer, &[SHOP]), Some(Invented::Link), "{answer}");
        }
    }

    #[test]
    fn a_link_of_the_grounds_may_be_given_in_every_dress_and_no_word_is_taken_for_one() {
        let more = "加好友：lin.ee/AbCd，或寄 Help@Shop.vip；見 http://例子.台灣/x 。";
        for answer in [
            "請看 https://www.shop.example.com/help/。",
            "[說明](https://shop.example.com/help)",
            "請看shop.example.com",
            "LINE:lin.ee/AbCd",
            "lin.ee/abcd,help@shop.vip",
            "mailto:help@shop.vip",
            "http://例子.台灣/x",
            "Thanks.Please wait, e.g. a photo.jpg, approx.",
            "OK...好的",
            "Mr.Wang 您好",
        ] {
            assert_eq!(invented(answer, &[SHOP, more]), None, "{answer}");
        }
    }
}
