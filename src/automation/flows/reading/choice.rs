//! One of a few values, each by the words customers say for it.
//!
//! The longest words win, so that 不好 is no 好. Words of two values in one text say nothing.

use super::consent;
use crate::automation::fold::{Folded, fold};
use crate::domain::playbook::Reading;
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::HashMap;
use std::sync::Arc;

/// Longest answer in which a word counts wherever it stands, in folded characters; a longer text is
/// about something else.
const SHORT: usize = 24;

/// A slot of a few values.
#[derive(Debug)]
pub struct Choice {
    options: Vec<(Arc<str>, Vec<String>)>,
    automaton: Option<AhoCorasick>,
    /// The value of each word of the automaton.
    values: Vec<usize>,
    /// Whether it confirms: a yes or no, to a question only.
    confirms: bool,
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
            confirms: false,
        })
    }

    /// `yes` or `no`, by words of the house.
    pub fn yes_no() -> Choice {
        let [yes, no] = consent::words();
        let options = vec![(Arc::from("yes"), yes), (Arc::from("no"), no)];
        let choice = Choice::new(options).expect("the words for yes and no differ");
        Choice {
            confirms: true,
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
        if self.confirms {
            let said = asked.then(|| consent::read(text)).flatten();
            return match said {
                Some(yes) => Reading::Found((&*self.options[usize::from(!yes)].0).into()),
                None => Reading::Absent,
            };
        }
        let mut folded = Folded::default();
        folded.fill(text);
        let length = folded.text().chars().count();
        if length == 0 || length > SHORT || is_question(text) {
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
