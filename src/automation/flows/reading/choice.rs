//! One of a few values, each by the words customers say for it.
//!
//! The longest words win, so that 不好 is no 好. Words of two values in one text say nothing.

use crate::automation::fold::{Folded, fold};
use crate::domain::playbook::Reading;
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::HashMap;
use std::sync::Arc;

/// Longest answer in which a word counts wherever it stands, in folded characters; a longer text is
/// about something else.
const SHORT: usize = 24;

/// The words for yes.
const YES: [&str; 35] = [
    "是",
    "是的",
    "對",
    "對的",
    "沒錯",
    "正確",
    "好",
    "好的",
    "好喔",
    "好啊",
    "可以",
    "確認",
    "確定",
    "確認取消",
    "確定取消",
    "確認修改",
    "要",
    "嗯",
    "嗯嗯",
    "恩",
    "行",
    "沒問題",
    "就這樣",
    "ok",
    "okay",
    "yes",
    "y",
    "yeah",
    "yep",
    "sure",
    "confirm",
    "correct",
    "はい",
    "麻煩了",
    "同意",
];

/// The words for no, and what looks like yes and is none.
const NO: [&str; 36] = [
    "不",
    "不是",
    "不對",
    "不好",
    "不要",
    "不行",
    "不可以",
    "不確定",
    "不用",
    "不用了",
    "不正確",
    "不同意",
    "先不要",
    "不要取消",
    "先不用",
    "別",
    "否",
    "錯",
    "錯了",
    "沒有",
    "不是的",
    "取消不要",
    "等等不要",
    "保留",
    "no",
    "nope",
    "n",
    "not",
    "nah",
    "wrong",
    "いいえ",
    "不改",
    "不改了",
    "不取消",
    "不取消了",
    "不必",
];

/// A slot of a few values.
#[derive(Debug)]
pub struct Choice {
    options: Vec<(Arc<str>, Vec<String>)>,
    automaton: Option<AhoCorasick>,
    /// The value of each word of the automaton.
    values: Vec<usize>,
    /// Whether a value may be said before it is asked for.
    volunteers: bool,
}

impl Choice {
    /// Takes the values and their words.
    ///
    /// # Errors
    /// A word that two values claim.
    pub fn new(options: Vec<(Arc<str>, Vec<String>)>) -> Result<Choice, String> {
        let mut owners: HashMap<String, usize> = HashMap::new();
        let (mut words, mut values) = (Vec::new(), Vec::new());
        for (index, (value, said)) in options.iter().enumerate() {
            for word in std::iter::once(&**value).chain(said.iter().map(String::as_str)) {
                let folded = fold(word);
                if folded.is_empty() {
                    continue;
                }
                match owners.get(&folded) {
                    Some(owner) if *owner == index => {}
                    Some(_) => return Err(word.to_owned()),
                    None => {
                        owners.insert(folded.clone(), index);
                        words.push(folded);
                        values.push(index);
                    }
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&words)
            .ok();
        Ok(Choice {
            options,
            automaton,
            values,
            volunteers: true,
        })
    }

    /// `yes` or `no`, by words of the house.
    pub fn yes_no() -> Choice {
        let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect();
        let options = vec![
            (Arc::from("yes"), words(&YES)),
            (Arc::from("no"), words(&NO)),
        ];
        let choice = Choice::new(options).expect("the words for yes and no differ");
        Choice {
            volunteers: false,
            ..choice
        }
    }

    /// Its values.
    pub fn values(&self) -> Vec<Arc<str>> {
        self.options
            .iter()
            .map(|(value, _)| value.clone())
            .collect()
    }

    /// What the text says. A yes or no is one to a question only; another value may come unasked, by a
    /// word of two characters or more.
    pub fn read(&self, text: &str, asked: bool) -> Reading {
        let mut folded = Folded::default();
        folded.fill(text);
        let length = folded.text().chars().count();
        let is_early = !asked && !self.volunteers;
        if length == 0 || length > SHORT || is_question(text) || is_early {
            return Reading::Absent;
        }
        let mut found: Option<usize> = None;
        let all = self.automaton.iter();
        for hit in all.flat_map(|all| all.find_iter(folded.text())) {
            if !folded.is_boundary(hit.start()) || !folded.is_boundary(hit.end()) {
                continue;
            }
            let word = &folded.text()[hit.range()];
            if !asked && word.chars().count() < 2 {
                continue;
            }
            let value = self.values[hit.pattern().as_usize()];
            if found.is_some_and(|known| known != value) {
                return Reading::Absent;
            }
            found = Some(value);
        }
        match found {
            Some(value) => Reading::Found((&*self.options[value].0).into()),
            None => Reading::Absent,
        }
    }
}

/// Whether the text asks back.
fn is_question(text: &str) -> bool {
    let text = text.trim_end();
    text.ends_with(['?', '？', '嗎', '吗', '呢'])
}
