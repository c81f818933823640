//! A text to the terms it is found by: characters, pairs of characters, words of an alphabet,
//! numbers, and the concepts of the search words.
//!
//! Chinese writes no blanks, so pairs of neighbours stand for its words. What is only grammar is
//! left out: it would find everything.

use crate::automation::fold::{Folded, fold};
use crate::automation::knowledge::concepts::Concepts;
use std::collections::HashSet;
use std::hash::Hasher;
use std::sync::LazyLock;

/// Characters that ask, address or bind, and say nothing of the matter.
const GRAMMAR: &str = "的了嗎呢吧啊喔耶呀啦我你妳您他她們要可以想有沒在是會不請問題那這個就也都還怎麼樣什哪\
                       幾多能跟和與或及把被給讓到去來說嘛囉唷哦欸咧ㄇㄉㄌㄅㄚ";

/// The same of English.
const ENGLISH: [&str; 34] = [
    "a", "an", "the", "i", "my", "me", "you", "your", "is", "are", "am", "do", "does", "did",
    "can", "could", "would", "will", "to", "of", "in", "on", "for", "it", "and", "or", "what",
    "how", "if", "please", "be", "have", "has", "there",
];

static STOP: LazyLock<HashSet<char>> = LazyLock::new(|| fold(GRAMMAR).chars().collect());

/// Most bytes of one clause of an article, so that folding sees all of it.
const MAX_CLAUSE: usize = 400;

/// Kinds of terms, in the top bits of a key.
const PAIR: u64 = 1 << 62;
const WORD: u64 = 2 << 62;
const CONCEPT: u64 = 3 << 62;

/// One term. Equal terms of any texts are equal keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u64);

/// What a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One character.
    Character,
    /// Two neighbours, a word of an alphabet, a number.
    Word,
    /// A concept.
    Concept,
}

impl Key {
    /// What it is.
    pub fn kind(self) -> Kind {
        match self.0 & CONCEPT {
            0 => Kind::Character,
            CONCEPT => Kind::Concept,
            _ => Kind::Word,
        }
    }
}

/// The terms of a text, as they come.
pub struct Terms(pub Vec<Key>);

/// A text folded into a buffer of its own.
pub fn folded(text: &str) -> Folded {
    let mut folded = Folded::default();
    folded.fill(text);
    folded
}

impl Terms {
    /// The terms of a question, each once.
    pub fn of_query(text: &Folded, concepts: &Concepts) -> Terms {
        let mut keys = Vec::with_capacity(64);
        plain(text, &mut keys);
        keys.extend(concepts.find(text).into_iter().map(concept));
        keys.sort_unstable();
        keys.dedup();
        Terms(keys)
    }

    /// The terms of a part of an article, as often as they stand there; a concept once a clause.
    pub fn of_article(text: &str, concepts: &Concepts) -> Terms {
        let mut keys = Vec::new();
        for clause in clauses(text) {
            let text = folded(clause);
            plain(&text, &mut keys);
            keys.extend(concepts.find(&text).into_iter().map(concept));
        }
        Terms(keys)
    }
}

fn concept(group: u32) -> Key {
    Key(CONCEPT | u64::from(group))
}

/// Clauses, cut where one is too long.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let split = text.split(['。', '；', ';', '\n', '！', '？', '!', '?']);
    split.flat_map(|mut clause| {
        std::iter::from_fn(move || {
            if clause.is_empty() {
                return None;
            }
            let mut end = clause.len().min(MAX_CLAUSE);
            while !clause.is_char_boundary(end) {
                end += 1;
            }
            let (head, rest) = clause.split_at(end);
            clause = rest;
            Some(head)
        })
    })
}

/// Characters, pairs and words.
fn plain(text: &Folded, keys: &mut Vec<Key>) {
    let letters = text.text();
    let mut before: Option<char> = None;
    let mut places = letters.char_indices().peekable();
    while let Some((at, letter)) = places.next() {
        if is_alphabetic(letter) {
            let mut end = at + letter.len_utf8();
            while let Some((next, more)) = places.peek() {
                if text.is_boundary(*next) {
                    break;
                }
                end = next + more.len_utf8();
                places.next();
            }
            word(&letters[at..end], keys);
            before = None;
            continue;
        }
        let stopped = STOP.contains(&letter);
        if !stopped {
            keys.push(Key(u64::from(u32::from(letter))));
        }
        if let Some(before) = before
            && !(stopped && STOP.contains(&before))
        {
            let pair = u64::from(u32::from(before)) << 21 | u64::from(u32::from(letter));
            keys.push(Key(PAIR | pair));
        }
        before = Some(letter);
    }
}

fn is_alphabetic(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || ('\u{c0}'..='\u{52f}').contains(&letter)
}

fn word(word: &str, keys: &mut Vec<Key>) {
    if ENGLISH.contains(&word) {
        return;
    }
    // Keys fixed: the same word is the same term in every build.
    let mut hash = siphasher::sip::SipHasher13::new_with_keys(0, 0);
    hash.write(word.as_bytes());
    keys.push(Key(WORD | hash.finish() >> 2));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        Terms::of_query(&folded(text), &Concepts::default()).0.len()
    }

    #[test]
    fn grammar_finds_nothing() {
        assert_eq!(count("請問可以嗎"), 0);
        assert_eq!(count("what is the"), 0);
        // 运, 费, 运费, 费吗: the pair keeps its place.
        assert_eq!(count("運費嗎"), 4);
        // A number and a word of an alphabet are one term each.
        assert_eq!(count("2024 shipping"), 2);
    }

    #[test]
    fn the_end_of_a_long_clause_is_read() {
        let long = format!("{}運費", "很".repeat(3_000));
        let keys = Terms::of_article(&long, &Concepts::default()).0;
        let end = Terms::of_article("運費", &Concepts::default()).0;
        assert!(end.iter().all(|key| keys.contains(key)));
    }
}
