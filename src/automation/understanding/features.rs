//! What the classifier sees of a text: hashed n-grams, syllables, words that mean something, signs.
//!
//! Every feature is a hash of what it is, never of where a word stands in the config, so the order of
//! files and examples changes nothing.

use crate::automation::understanding::lexicon::{How, Owner};
use crate::automation::understanding::scan::Scan;

/// Kinds of features; each kind is weighed on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Pieces: one, two, three in a row.
    Pieces,
    /// Syllables: two, three in a row.
    Sounds,
    /// Words of groups and terms of rules.
    Words,
    /// Length, sentence marks, emoji.
    Signs,
}

/// How many blocks there are.
pub const BLOCKS: usize = 4;

/// One thing seen in a text.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// What it is.
    pub key: u32,
    /// Its kind.
    pub block: Block,
    /// How much of it.
    pub value: f32,
}

/// Names of groups and rules, hashed, by number.
#[derive(Debug, Default)]
pub struct Names {
    /// Of groups.
    pub groups: Vec<u32>,
    /// Of the rule of each term.
    pub terms: Vec<u32>,
}

const BEGINNING: u32 = 1;
const END: u32 = 2;

/// A hash of what a feature is.
fn key(kind: u32, parts: [u32; 3]) -> u32 {
    let mut hash = u64::from(kind).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for part in parts {
        hash = (hash.rotate_left(23) ^ u64::from(part)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    // 0 stands for an empty place in the dictionary.
    ((hash >> 32) as u32).max(1)
}

/// The hash of a name.
pub fn name(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// Lists the features of a text. `seen` is emptied first.
pub fn list(scan: &Scan, names: &Names, seen: &mut Vec<Feature>) {
    seen.clear();
    pieces(scan, seen);
    sounds(scan, seen);
    words(scan, names, seen);
    signs(scan, seen);
}

fn pieces(scan: &Scan, seen: &mut Vec<Feature>) {
    let mut add = |kind: u32, parts: [u32; 3], value: f32| {
        seen.push(Feature {
            key: key(kind, parts),
            block: Block::Pieces,
            value,
        });
    };
    let text = scan.folded.text();
    let (mut second, mut first) = (0, BEGINNING);
    for piece in &scan.pieces {
        let value = piece.value;
        add(1, [value, 0, 0], 1.0);
        add(2, [first, value, 0], 1.0);
        if second != 0 {
            add(3, [second, first, value], 0.7);
            // One piece left out: 可以退 and 可不可以退 meet.
            add(14, [second, value, 0], 0.7);
        }
        // The stem of a longer word: order, orders, ordered.
        if piece.is_word() && piece.end - piece.start > 4 {
            let stem = &text.as_bytes()[piece.start as usize..piece.start as usize + 4];
            let stem = [stem[0], stem[1], stem[2], stem[3]];
            add(4, [u32::from_le_bytes(stem), 0, 0], 1.0);
        }
        (second, first) = (first, value);
    }
    if first != BEGINNING {
        add(2, [first, END, 0], 1.0);
        add(3, [second, first, END], 0.7);
    }
}

fn sounds(scan: &Scan, seen: &mut Vec<Feature>) {
    let mut add = |kind: u32, parts: [u32; 3]| {
        seen.push(Feature {
            key: key(kind, parts),
            block: Block::Sounds,
            value: 1.0,
        });
    };
    let (mut second, mut first) = (0, 0);
    for piece in &scan.pieces {
        let syllable = u32::from(piece.syllable);
        if syllable != 0 && first != 0 {
            add(5, [first, syllable, 0]);
            if second != 0 {
                add(6, [second, first, syllable]);
            }
        }
        (second, first) = (first, syllable);
    }
}

fn words(scan: &Scan, names: &Names, seen: &mut Vec<Feature>) {
    let begin = seen.len();
    let mut add = |key: u32, value: f32| {
        let before = seen[begin..].iter_mut().find(|other| other.key == key);
        match before {
            Some(other) => other.value = other.value.max(value),
            None => seen.push(Feature {
                key,
                block: Block::Words,
                value,
            }),
        }
    };
    let mut before: Option<(usize, u32)> = None;
    for hit in &scan.hits {
        let value = match hit.how {
            How::Exact => 1.0,
            How::Sound => 0.7,
            How::Shape => 0.4,
        };
        let negated = u32::from(hit.negated);
        match hit.owner {
            Owner::Group(group) => {
                let name = names.groups[usize::from(group)];
                add(key(7, [name, negated, 0]), value);
                if hit.how == How::Exact {
                    if let Some((_, other)) = before.filter(|(first, _)| *first < hit.first)
                        && other != name
                    {
                        add(key(8, [other, name, negated]), 0.6);
                    }
                    before = Some((hit.first, name));
                }
            }
            Owner::Term(term) => {
                let name = names.terms[term as usize];
                add(key(9, [name, negated, 0]), value);
            }
        }
    }
}

fn signs(scan: &Scan, seen: &mut Vec<Feature>) {
    let mut add = |kind: u32, part: u32, value: f32| {
        seen.push(Feature {
            key: key(kind, [part, 0, 0]),
            block: Block::Signs,
            value,
        });
    };
    let length = match scan.pieces.len() {
        0 => 0,
        1 => 1,
        2 => 2,
        3 | 4 => 3,
        5..=8 => 4,
        9..=16 => 5,
        17..=32 => 6,
        _ => 7,
    };
    add(10, length, 0.5);
    let mut asked = false;
    let mut cried = 0;
    let all = scan.folded.signs();
    for (at, sign) in all.iter().enumerate() {
        match sign {
            '?' | '？' => asked = true,
            '!' | '！' => cried += 1,
            ',' | '，' | '。' | '.' | '、' | '~' | '～' | '…' | ':' | '：' => {}
            // Three of a kind say no more than one.
            other if all[..at].contains(other) => {}
            other => add(11, u32::from(*other), 0.7),
        }
    }
    if asked {
        add(12, 1, 0.5);
    }
    if cried > 0 {
        add(13, cried.min(2), 0.5);
    }
}
