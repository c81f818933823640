//! How much of an answer its sources say, measured by pairs of letters.

use std::collections::HashSet;

/// With so many of its pairs in the grounds an answer counts as said by them: the rest is courtesy and grammar.
const FULL: f64 = 0.6;
/// Below this share of Chinese letters a text is in another language than the articles.
const SAME_LANGUAGE: f64 = 0.3;

/// The share of the answer that the sources (or the customer) say, 0 to 1. `None` when it cannot be measured:
/// no sources, or they are in another language.
pub fn grounding(answer: &str, sources: &[&str], said: &[&str]) -> Option<f64> {
    if sources.is_empty() {
        return None;
    }
    let is_chinese = |text: &str| han_share(text) >= SAME_LANGUAGE;
    let sources_are_chinese = sources.iter().any(|source| is_chinese(source));
    if sources_are_chinese != is_chinese(answer) {
        return None;
    }
    let known: HashSet<[char; 2]> = sources
        .iter()
        .chain(said)
        .flat_map(|text| pairs(text))
        .collect();
    let pairs: HashSet<[char; 2]> = pairs(answer).into_iter().collect();
    if pairs.is_empty() {
        return None;
    }
    let found = pairs.iter().filter(|pair| known.contains(*pair)).count();
    Some((found as f64 / pairs.len() as f64 / FULL).min(1.0))
}

fn han_share(text: &str) -> f64 {
    let letters = text.chars().filter(|letter| letter.is_alphabetic());
    let (mut all, mut han) = (0, 0);
    for letter in letters {
        all += 1;
        han += u32::from(matches!(letter, '\u{3400}'..='\u{9fff}'));
    }
    f64::from(han) / f64::from(all.max(1))
}

fn pairs(text: &str) -> Vec<[char; 2]> {
    let letters: Vec<char> = text
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    letters.windows(2).map(|pair| [pair[0], pair[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "本島宅配運費 100 元，超商取貨 60 元。單筆消費滿 1,000 元本島免收運費。";

    #[test]
    fn a_quotation_is_grounded_and_an_invention_is_not() {
        let quoted = grounding(
            "您好！本島宅配運費 100 元，超商取貨 60 元。",
            &[SOURCE],
            &[],
        );
        assert_eq!(quoted, Some(1.0));
        let invented = grounding("我們所有門市都提供貓咪咖啡與溫泉", &[SOURCE], &[]).unwrap();
        assert!(invented < 0.2, "{invented}");
    }

    #[test]
    fn it_is_not_measured_without_sources_or_across_languages() {
        assert_eq!(grounding("運費 100 元", &[], &[]), None);
        assert_eq!(grounding("Shipping is 100 dollars.", &[SOURCE], &[]), None);
        assert_eq!(grounding("！！", &[SOURCE], &[]), None);
    }
}
