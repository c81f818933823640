//! "Did you mean": the known word nearest to a mistyped one.

/// The known word nearest to a mistyped one: at most a third of its letters differ.
pub fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// What may stand there: the nearest word when one is near, else all of them.
pub fn allowed_words(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("\"{near}\" (did you mean that?)"),
        None => {
            let words: Vec<String> = known.iter().map(|word| format!("\"{word}\"")).collect();
            words.join(" | ")
        }
    }
}

/// Slips between two words, in characters: left out, too many, another, two swapped.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let changed = last[j] + usize::from(a[i] != b[j]);
            let mut least = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["listen", "workers", "body_cap"];
        assert_eq!(nearest("lisen", &known), Some("listen"));
        assert_eq!(nearest("wrokers", &known), Some("workers"));
        assert_eq!(nearest("txet", &["text", "type"]), Some("text"));
        assert_eq!(nearest("bodycap", &known), Some("body_cap"));
        assert_eq!(nearest("nonsense", &known), None);
        assert_eq!(nearest("", &known), None);
    }
}
