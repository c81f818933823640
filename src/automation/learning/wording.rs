//! Words that stand where a known one would: candidates for synonyms.
//!
//! The sign is a frame: the text is a known way to ask but for one stretch, where that way has a known
//! word. Slips of the thumb need no synonym: they are understood as they are.

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

/// The word that stands in the frame of a known way to ask, when that way has a known word there.
pub fn framed(folded: &str, way: &str, is_known: impl Fn(&str) -> bool) -> Option<InPlaceOf> {
    let (text, way): (Vec<char>, Vec<char>) = (folded.chars().collect(), way.chars().collect());
    let same = |(a, b): &(&char, &char)| a == b;
    let head = text.iter().zip(&way).take_while(same).count();
    let most = text.len().min(way.len()) - head;
    let tail = text
        .iter()
        .rev()
        .zip(way.iter().rev())
        .take(most)
        .take_while(same)
        .count();
    let frame = head + tail;
    let new = &text[head..text.len() - tail];
    let old = &way[head..way.len() - tail];
    let fits = |word: &[char]| {
        (2..=MAX_WORD).contains(&word.len()) && word.iter().all(|c| is_ideograph(*c))
    };
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

    #[test]
    fn a_frame_needs_a_known_word_in_its_place() {
        let is_known = |word: &str| word == "运费";
        let found = framed("宅配金要多少", "运费要多少", is_known).unwrap();
        assert_eq!((&*found.known, &*found.new), ("运费", "宅配金"));
        assert_eq!(framed("宅配金要多少", "定金要多少", is_known), None);
        assert_eq!(framed("宅配金", "运费", is_known), None);
    }
}
