//! Runs of letters and digits in a text, and how they hang together.
//!
//! People break numbers with blanks and signs: `TW-2026 0101 005`. Neighbouring runs form a chain when
//! only a few such signs stand between them. What belongs to a mail or web address is no run.

/// A run of ASCII letters and digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Where it begins, in characters.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// The run, as typed.
    pub(super) text: String,
    /// What stands between it and the run before it in the chain; empty for the first.
    pub(super) gap: String,
}

impl Token {
    /// Whether it is digits only.
    pub(super) fn is_digits(&self) -> bool {
        self.text.bytes().all(|b| b.is_ascii_digit())
    }
}

/// Signs that stand inside a number.
fn is_joint(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '_' | '.' | '/' | '#' | '(' | ')' | '–' | '—' | '・' | '·'
        )
}

/// Most signs between two runs of a chain.
const MAX_GAP: usize = 3;

/// The chains of a text that went through NFKC.
pub(super) fn chains(letters: &[char]) -> Vec<Vec<Token>> {
    let hidden = addresses(letters);
    let is_run = |at: usize| letters[at].is_ascii_alphanumeric() && !hidden[at];
    let mut chains: Vec<Vec<Token>> = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        if !is_run(at) {
            at += 1;
            continue;
        }
        let start = at;
        while at < letters.len() && is_run(at) {
            at += 1;
        }
        let mut token = Token {
            start,
            end: at,
            text: letters[start..at].iter().collect(),
            gap: String::new(),
        };
        let before = chains.last().and_then(|chain| chain.last());
        let gap = before.map(|before| &letters[before.end..start]);
        match gap.filter(|gap| gap.len() <= MAX_GAP && gap.iter().all(|c| is_joint(*c))) {
            Some(gap) => {
                token.gap = gap.iter().collect();
                chains
                    .last_mut()
                    .expect("a gap has a chain before it")
                    .push(token);
            }
            None => chains.push(vec![token]),
        }
    }
    chains
}

/// Which characters belong to mail or web addresses.
fn addresses(letters: &[char]) -> Vec<bool> {
    let mut hidden = vec![false; letters.len()];
    let mut start = 0;
    let is_part = |c: char| c.is_ascii_graphic();
    while start < letters.len() {
        if !is_part(letters[start]) {
            start += 1;
            continue;
        }
        let mut end = start;
        while end < letters.len() && is_part(letters[end]) {
            end += 1;
        }
        let word: String = letters[start..end].iter().collect();
        if word.contains("://") || word.starts_with("www.") || word.contains('@') {
            hidden[start..end].fill(true);
        }
        start = end;
    }
    hidden
}
