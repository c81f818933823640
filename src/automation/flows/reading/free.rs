//! What a customer says, as it is: the reason of a return, what is broken.
//!
//! Asked for, nearly everything is an answer; only a bare word that answers nothing is none. Unasked,
//! a clause is taken when it tells something: it bears one of the signs of the slot, or stands beside
//! the clause that opens the topic and asks nothing.

use super::clauses::{CAUSES, Clause, Empty, clauses};
use crate::automation::fold::fold;
use crate::domain::playbook::{Reading, cut};

/// Words that are no answer when nothing else is said, folded when compared.
const NO_ANSWER: [&str; 62] = [
    "等一下",
    "等等",
    "等我",
    "等我一下",
    "稍等",
    "稍等一下",
    "等一下喔",
    "我找找",
    "我找一下",
    "我看看",
    "我看一下",
    "等我找一下",
    "等我看一下",
    "不知道",
    "我不知道",
    "不清楚",
    "不確定",
    "不曉得",
    "忘了",
    "忘記了",
    "我忘了",
    "沒有",
    "無",
    "什麼",
    "蛤",
    "啥",
    "好",
    "好的",
    "ok",
    "嗯",
    "恩",
    "喔",
    "哦",
    "是",
    "對",
    "不是",
    "不用",
    "不用了",
    "不用謝謝",
    "算了",
    "取消",
    "不要",
    "不要了",
    "不退了",
    "不換了",
    "重來",
    "重新開始",
    "謝謝",
    "感謝",
    "你好",
    "您好",
    "哈囉",
    "嗨",
    "hi",
    "hello",
    "在嗎",
    "真人",
    "客服",
    "人工",
    "轉真人",
    "轉客服",
    "找真人客服",
];

/// A slot that takes words.
#[derive(Debug)]
pub struct Free {
    empty: Empty,
    /// Folded words by which a clause tells of the matter.
    signs: Vec<String>,
    min: usize,
    max: usize,
}

impl Free {
    /// `topic`: words that open the topic and are no answer; `signs`: words of answers; lengths in
    /// characters and UTF-16 units.
    pub fn new(topic: &[&str], signs: &[&str], min: usize, max: usize) -> Free {
        let mut signs: Vec<String> = signs.iter().map(|word| fold(word)).collect();
        signs.retain(|sign| !sign.is_empty());
        Free {
            empty: Empty::new(topic),
            signs,
            min,
            max,
        }
    }

    /// What the text says.
    pub fn read(&self, text: &str, asked: bool) -> Reading {
        if asked {
            self.answer(text)
        } else {
            self.volunteered(text)
        }
    }

    fn answer(&self, text: &str) -> Reading {
        let text = text.trim();
        let folded = fold(text);
        let is_bare = NO_ANSWER.iter().any(|word| fold(word) == folded);
        if is_bare || folded.chars().count() < self.min {
            return Reading::Absent;
        }
        // Only the topic again, or a number: nothing was told.
        if self.empty.names_topic(text) && self.told(text).is_none() && self.rest_of(text).is_none()
        {
            return Reading::Absent;
        }
        if folded.bytes().all(|b| b.is_ascii_digit()) {
            return Reading::Absent;
        }
        Reading::Found(cut(text, self.max).into())
    }

    fn volunteered(&self, text: &str) -> Reading {
        match self.told(text) {
            Some(words) if words.chars().count() >= self.min => {
                Reading::Found(cut(&words, self.max).into())
            }
            _ => Reading::Absent,
        }
    }

    /// What all clauses together leave.
    fn rest_of(&self, text: &str) -> Option<String> {
        let left: Vec<&str> = clauses(text)
            .iter()
            .filter_map(|clause| self.empty.rest(clause.text))
            .collect();
        (!left.is_empty()).then(|| left.join(" "))
    }

    /// The clauses that tell of the matter.
    fn told(&self, text: &str) -> Option<String> {
        let mut told: Vec<&str> = Vec::new();
        let clauses = clauses(text);
        // Beside the clause that opens the topic, what is no question tells of the matter.
        let is_opened = clauses
            .iter()
            .any(|clause| self.empty.names_topic(clause.text));
        for clause in clauses {
            let stands_beside = is_opened && !self.empty.names_topic(clause.text);
            if let Some(words) = self.tells(clause, stands_beside) {
                told.push(words);
            }
        }
        (!told.is_empty()).then(|| told.join(" "))
    }

    fn tells<'t>(&self, clause: Clause<'t>, stands_beside: bool) -> Option<&'t str> {
        if let Some(cause) = cause(clause.text) {
            let words = self.strip(cause);
            return (words.chars().count() >= self.min).then_some(words);
        }
        let words = self.strip(clause.text);
        let folded = fold(words);
        let length = folded.chars().count();
        if length < self.min.max(2) {
            return None;
        }
        let has_sign = self.signs.iter().any(|sign| folded.contains(sign.as_str()));
        let long_enough = match (stands_beside, self.signs.is_empty()) {
            (true, _) => length >= 3,
            (false, true) => length >= 4,
            (false, false) => false,
        };
        (has_sign || (long_enough && !clause.is_question)).then_some(words)
    }

    /// A clause that names the topic without the words that do so; any other as it is, unless nothing
    /// of it counts.
    fn strip<'t>(&self, clause: &'t str) -> &'t str {
        match self.empty.rest(clause) {
            None => "",
            Some(rest) if self.empty.names_topic(clause) => rest,
            // What begins with a number or a greeting loses it; a plain sentence keeps its words.
            Some(rest) if clause.contains(|c: char| c.is_ascii_digit()) => rest,
            Some(_) => clause,
        }
    }
}

/// What follows a word that leads to a cause.
fn cause(clause: &str) -> Option<&str> {
    let lower = clause.to_lowercase();
    // Lowering may change lengths: only where it did not is the place the same.
    if lower.len() != clause.len() {
        return None;
    }
    CAUSES
        .iter()
        .filter_map(|word| lower.find(word).map(|at| at + word.len()))
        .min()
        .and_then(|end| clause.get(end..))
        .map(str::trim)
        .filter(|rest| !rest.is_empty())
}
