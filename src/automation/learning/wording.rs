//! Words that stand where a known one would: candidates for synonyms.
//!
//! Two signs. A *slip*: a stretch as long as a known word of three or more characters, one of them
//! another. A *frame*: the text is a known way to ask but for one stretch, where that way has a known word.

/// Longest word that is proposed, in characters.
const MAX_WORD: usize = 6;
/// Least frame, in characters.
const MIN_FRAME: usize = 2;

/// A word and the known word in whose place it stands, both folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InPlaceOf {
    /// The known word.
    pub known: String,
    /// The new one.
    pub new: String,
}

/// Slips for any of the known words.
pub fn slips(folded: &str, known: &[Vec<char>]) -> Vec<InPlaceOf> {
    let text: Vec<char> = folded.chars().collect();
    let mut found = Vec::new();
    for word in known.iter().filter(|word| (3..=MAX_WORD).contains(&word.len())) {
        // A text that holds the word itself did not fail by a slip in it.
        if text.windows(word.len()).any(|part| part == &word[..]) {
            continue;
        }
        for part in text.windows(word.len()) {
            let others = part.iter().zip(word).filter(|(a, b)| a != b).count();
            if others == 1 && part.iter().all(|c| is_ideograph(*c)) {
                found.push(InPlaceOf {
                    known: word.iter().collect(),
                    new: part.iter().collect(),
                });
            }
        }
    }
    found
}

/// The word that stands in the frame of a known way to ask, when that way has a known word there.
pub fn framed(folded: &str, way: &str, is_known: impl Fn(&str) -> bool) -> Option<InPlaceOf> {
    let (text, way): (Vec<char>, Vec<char>) = (folded.chars().collect(), way.chars().collect());
    let same = |(a, b): &(&char, &char)| a == b;
    let head = text.iter().zip(&way).take_while(same).count();
    let most = text.len().min(way.len()) - head;
    let tail = text.iter().rev().zip(way.iter().rev()).take(most).take_while(same).count();
    let frame = head + tail;
    let new = &text[head..text.len() - tail];
    let old = &way[head..way.len() - tail];
    let fits = |word: &[char]| (2..=MAX_WORD).contains(&word.len()) && word.iter().all(|c| is_ideograph(*c));
    if frame < MIN_FRAME || frame < new.len() || !fits(new) || !fits(old) {
        return None;
    }
    let (known, new): (String, String) = (old.iter().collect(), new.iter().collect());
    (is_known(&known) && !is_known(&new)).then_some(InPlaceOf { known, new })
}

fn is_ideograph(letter: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(known: &[&str]) -> Vec<Vec<char>> {
        known.iter().map(|word| word.chars().collect()).collect()
    }

    #[test]
    fn one_other_character_is_a_slip_two_are_none() {
        let known = words(&["优惠券", "运费"]);
        let found = slips("有没有优会券", &known);
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].known, &*found[0].new), ("优惠券", "优会券"));
        assert!(slips("有没有有会券", &known).is_empty());
        assert!(slips("优惠券和优会券", &known).is_empty());
        // Two characters are too few to tell a slip from another word.
        assert!(slips("运肥", &known).is_empty());
    }

    #[test]
    fn a_frame_needs_a_known_word_in_its_place() {
        let is_known = |word: &str| word == "运费";
        let found = framed("宅配金要多少", "运费要多少", is_known).unwrap();
        assert_eq!((&*found.known, &*found.new), ("运费", "宅配金"));
        assert_eq!(framed("宅配金要多少", "定金要多少", is_known), None);
        assert_eq!(framed("宅配金", "运费", is_known), None);
    }
}
