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

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["listen", "workers", "body_cap"];
        assert_eq!(nearest("lisen", &known), Some("listen"));
        assert_eq!(nearest("wrokers", &known), Some("workers"));
        assert_eq!(nearest("bodycap", &known), Some("body_cap"));
        assert_eq!(nearest("nonsense", &known), None);
        assert_eq!(nearest("", &known), None);
    }
}
