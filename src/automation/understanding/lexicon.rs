//! Words that mean something here, found as written, as they sound, or with one wrong character.
//!
//! Words belong to groups (lexicon groups, the strong signs for a person) or are terms of keyword
//! rules. Of the groups the longest word wins at each place; terms of rules are found by the matcher
//! and only their misspellings here. A misspelling counts only where nothing is spelt rightly: not
//! inside another word, and not when the text has the same group as written.

use crate::automation::fold::Folded;
use crate::automation::understanding::shape::Shapes;
use crate::automation::understanding::sound;
use crate::automation::understanding::tokens::{self, Token};
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::{HashMap, HashSet};

/// Whose word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A group, by its number.
    Group(u16),
    /// A term of the matcher, by its number.
    Term(u32),
}

/// A word to look for.
#[derive(Clone, Debug)]
pub struct Word {
    /// The word, folded, never empty.
    pub folded: String,
    /// Whose it is.
    pub owner: Owner,
    /// Whether misspellings of it count.
    pub misspelt: bool,
}

/// How a word was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// As it is written.
    Exact,
    /// By its sound.
    Sound,
    /// With one wrong character.
    Shape,
}

/// A word found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Number of the word.
    pub word: u32,
    /// Whose it is.
    pub owner: Owner,
    /// How it was found.
    pub how: How,
    /// Its first piece.
    pub first: usize,
    /// The piece after its last.
    pub end: usize,
    /// It was taken back; told by the guards later.
    pub negated: bool,
}

/// All words.
#[derive(Debug, Default)]
pub struct Lexicon {
    words: Vec<Word>,
    exact: Option<AhoCorasick>,
    /// Words of each pattern of `exact`.
    spelt: Vec<Vec<u32>>,
    sounds: Option<AhoCorasick>,
    /// Words of each pattern of `sounds`.
    sounding: Vec<Vec<u32>>,
    shapes: Shapes,
    /// Texts that sound like a word of a group and are none.
    not_sound: HashSet<String>,
}

/// Room for the keys of one text.
#[derive(Debug, Default)]
pub struct Keys {
    sound: Vec<u8>,
    letters: Vec<u32>,
    sums: Vec<u32>,
}

impl Lexicon {
    /// Builds the lexicon. `not_sound`: folded texts that are never a misspelling.
    ///
    /// # Errors
    /// The automaton's own bound on its size, in words.
    pub fn build(words: Vec<Word>, not_sound: HashSet<String>) -> Result<Lexicon, String> {
        let grouped = |word: &Word| matches!(word.owner, Owner::Group(_));
        let (exact, spelt) = automaton(&words, MatchKind::LeftmostLongest, |word| {
            grouped(word).then(|| word.folded.clone().into_bytes())
        })?;
        let (sounds, sounding) = automaton(&words, MatchKind::Standard, |word| {
            word.misspelt.then(|| sound_key(&word.folded)).flatten()
        })?;
        // A word that takes no misspellings keeps its number and can never be met.
        let shapes = words
            .iter()
            .map(|word| if word.misspelt { &*word.folded } else { "" });
        Ok(Lexicon {
            shapes: Shapes::build(shapes),
            words,
            exact,
            spelt,
            sounds,
            sounding,
            not_sound,
        })
    }

    /// The words, by number.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// Words of groups as they are written.
    pub fn exact(&self, folded: &Folded, pieces: &[Token], hits: &mut Vec<Hit>) {
        let Some(exact) = &self.exact else { return };
        for found in exact.find_iter(folded.text()) {
            if !folded.is_boundary(found.start()) || !folded.is_boundary(found.end()) {
                continue;
            }
            let first = tokens::at(pieces, found.start());
            let end = tokens::at(pieces, found.end() - 1) + 1;
            for word in &self.spelt[found.pattern().as_usize()] {
                hits.push(self.hit(*word, How::Exact, first, end));
            }
        }
    }

    /// Misspelt words; `hits` holds what is spelt rightly, terms of rules among it.
    pub fn misspelt(
        &self,
        folded: &Folded,
        pieces: &[Token],
        keys: &mut Keys,
        hits: &mut Vec<Hit>,
    ) {
        let right = hits.len();
        keys.sound.clear();
        keys.letters.clear();
        for piece in pieces {
            sound::push_key(&mut keys.sound, piece.syllable);
            keys.letters.push(piece.value);
        }
        if let Some(sounds) = &self.sounds {
            for found in sounds.find_overlapping_iter(&keys.sound) {
                let (first, end) = (found.start() / 2, found.end() / 2);
                for word in &self.sounding[found.pattern().as_usize()] {
                    let hit = self.hit(*word, How::Sound, first, end);
                    if self.is_slip(&hit, right, folded, pieces, hits) {
                        hits.push(hit);
                    }
                }
            }
        }
        self.shapes
            .find(&keys.letters, &mut keys.sums, |word, first, end| {
                let word = u32::try_from(word).unwrap_or(u32::MAX);
                let hit = self.hit(word, How::Shape, first, end);
                if self.is_slip(&hit, right, folded, pieces, hits) {
                    hits.push(hit);
                }
            });
    }

    fn hit(&self, word: u32, how: How, first: usize, end: usize) -> Hit {
        Hit {
            word,
            owner: self.words[word as usize].owner,
            how,
            first,
            end,
            negated: false,
        }
    }

    /// Whether this is a slip of the pen, and not another word that is meant.
    fn is_slip(
        &self,
        hit: &Hit,
        right: usize,
        folded: &Folded,
        pieces: &[Token],
        hits: &[Hit],
    ) -> bool {
        let rightly = &hits[..right];
        let inside = |other: &Hit| other.first <= hit.first && hit.end <= other.end;
        if rightly
            .iter()
            .any(|other| other.owner == hit.owner || inside(other))
            || hits[right..]
                .iter()
                .any(|other| other.owner == hit.owner && inside(other))
        {
            return false;
        }
        let (Some(head), Some(tail)) = (pieces.get(hit.first), pieces.get(hit.end - 1)) else {
            return false;
        };
        // A word is not torn apart by a gap.
        if head.clause != tail.clause {
            return false;
        }
        let typed = &folded.text()[head.start as usize..tail.end as usize];
        let meant = &*self.words[hit.word as usize].folded;
        // Of two characters one must be right: 又會 is no 優惠.
        let kept = typed
            .chars()
            .zip(meant.chars())
            .filter(|(typed, meant)| typed == meant)
            .count();
        let length = hit.end - hit.first;
        kept < length && (length > 2 || kept == 1) && !self.not_sound.contains(typed)
    }
}

fn sound_key(folded: &str) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    for letter in folded.chars() {
        match sound::syllable(letter) {
            0 => return None,
            syllable => sound::push_key(&mut key, syllable),
        }
    }
    (key.len() >= 4).then_some(key)
}

/// An automaton over the keys of words, and the words of each of its patterns.
fn automaton(
    words: &[Word],
    kind: MatchKind,
    key: impl Fn(&Word) -> Option<Vec<u8>>,
) -> Result<(Option<AhoCorasick>, Vec<Vec<u32>>), String> {
    let mut numbers: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut patterns: Vec<Vec<u8>> = Vec::new();
    let mut owners: Vec<Vec<u32>> = Vec::new();
    for (index, word) in (0..).zip(words) {
        let Some(key) = key(word) else { continue };
        let number = *numbers.entry(key).or_insert_with_key(|key| {
            patterns.push(key.clone());
            owners.push(Vec::new());
            patterns.len() - 1
        });
        owners[number].push(index);
    }
    if patterns.is_empty() {
        return Ok((None, owners));
    }
    let built = AhoCorasick::builder().match_kind(kind).build(&patterns);
    Ok((Some(built.map_err(|error| error.to_string())?), owners))
}
