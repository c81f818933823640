//! Single messages: intent, wish for a person, canned answer. Scored as `tests/nlu/LABELS.md` says, the
//! intent strictly.

use super::floors::hold;
use super::{asked, sets};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn messages_are_understood_as_well_as_was_committed() {
    for set in sets("intent") {
        let guesses = asked(&["classify"], &set.rows);
        let pairs: Vec<(&Value, &Value)> = set.rows.iter().zip(&guesses).collect();
        let right = |(gold, guess): &(&Value, &Value)| gold["intent"] == guess["intent"];
        let tagged = |tag: &'static str| {
            pairs.iter().copied().filter(move |(gold, _)| {
                gold["tags"]
                    .as_array()
                    .is_some_and(|tags| tags.iter().any(|t| t == tag))
            })
        };
        let sure = |(_, guess): &&(&Value, &Value)| guess["confidence"].as_f64().unwrap() >= 0.6;
        let (human_precision, human_recall) = human(&pairs);
        let (faq_precision, faq_recall) = faq(&pairs);
        let certain = pairs.iter().filter(sure);
        if std::env::var_os("HOTLINE_NLU_MISSES").is_some() {
            for (gold, guess) in pairs.iter().filter(|pair| !right(pair)) {
                println!(
                    "  missed {} {}: {} for {}",
                    gold["id"], gold["text"], guess["intent"], gold["intent"]
                );
            }
        }
        hold(
            &set.name,
            &[
                ("intent accuracy", share(pairs.iter().map(right))),
                ("macro-F1", macro_f1(&pairs)),
                (
                    "accuracy on traps",
                    share(tagged("trap").map(|pair| right(&pair))),
                ),
                ("wants_human precision", human_precision),
                ("wants_human recall", human_recall),
                ("faq precision", faq_precision),
                ("faq recall", faq_recall),
                ("accuracy where sure", share(certain.map(right))),
                (
                    "share where sure",
                    share(pairs.iter().map(|pair| sure(&pair))),
                ),
            ],
        );
    }
}

fn share(right: impl Iterator<Item = bool>) -> f64 {
    let (mut all, mut good) = (0u32, 0u32);
    for is in right {
        all += 1;
        good += u32::from(is);
    }
    f64::from(good) / f64::from(all.max(1))
}

fn macro_f1(pairs: &[(&Value, &Value)]) -> f64 {
    let labels: BTreeSet<&str> = pairs
        .iter()
        .filter_map(|(gold, _)| gold["intent"].as_str())
        .collect();
    let f1 = |label: &&str| {
        let is = |value: &Value| value["intent"] == **label;
        let count = |wanted: (bool, bool)| {
            let found = pairs
                .iter()
                .filter(|(gold, guess)| (is(gold), is(guess)) == wanted);
            found.count() as f64
        };
        let (both, missed, wrong) = (
            count((true, true)),
            count((true, false)),
            count((false, true)),
        );
        2.0 * both / (2.0 * both + missed + wrong).max(1.0)
    };
    labels.iter().map(f1).sum::<f64>() / labels.len() as f64
}

fn human(pairs: &[(&Value, &Value)]) -> (f64, f64) {
    let counted = pairs.iter().filter(|(gold, _)| gold["human_any"] != true);
    let counted: Vec<(bool, bool)> = counted
        .map(|(gold, guess)| (gold["wants_human"] == true, guess["wants_human"] == true))
        .collect();
    let precise = counted
        .iter()
        .filter(|(_, guess)| *guess)
        .map(|(gold, _)| *gold);
    let recalled = counted
        .iter()
        .filter(|(gold, _)| *gold)
        .map(|(_, guess)| *guess);
    (share(precise), share(recalled))
}

fn faq(pairs: &[(&Value, &Value)]) -> (f64, f64) {
    let fits = |(gold, guess): &&(&Value, &Value)| {
        let other = gold["alt_faq"].as_array();
        gold["faq"] == guess["faq"] || other.is_some_and(|alt| alt.contains(&guess["faq"]))
    };
    let guessed = pairs.iter().filter(|(_, guess)| !guess["faq"].is_null());
    let wanted = pairs.iter().filter(|(gold, _)| !gold["faq"].is_null());
    (
        share(guessed.map(|pair| fits(&pair))),
        share(wanted.map(|pair| fits(&pair))),
    )
}
