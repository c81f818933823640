//! What a set must reach: the figures committed for it, else the goals.

use serde_json::Value;

/// The goals on messages, queries and dialogues that nobody tuned on.
const GOALS: [(&str, f64); 13] = [
    ("intent accuracy", 0.87),
    ("macro-F1", 0.87),
    ("accuracy on traps", 0.85),
    ("wants_human precision", 0.92),
    ("wants_human recall", 0.90),
    ("faq precision", 0.90),
    ("faq recall", 0.88),
    ("accuracy where sure", 0.93),
    ("share where sure", 0.78),
    ("recall@1", 0.70),
    ("recall@3", 0.85),
    ("turns handled right", 1.0),
    ("milliseconds to start", f64::INFINITY),
];

/// Shows the figures of a set beside what they must reach, and fails when one is below.
pub fn hold(set: &str, figures: &[(&str, f64)]) {
    let committed: Value = serde_json::from_str(include_str!("../nlu/floors.json")).unwrap();
    let own = committed.get(set);
    let mut table = format!("\n{set}\n");
    let mut below = Vec::new();
    for (name, figure) in figures {
        let goal = GOALS.iter().find(|(known, _)| known == name);
        let goal = goal.unwrap_or_else(|| panic!("{name} has no goal")).1;
        let floor = own.and_then(|own| own.get(name)).and_then(Value::as_f64);
        let least = floor.unwrap_or(goal);
        let of = if floor.is_some() { "committed" } else { "goal" };
        table += &format!("  {name:<24} {figure:>6.3}   {of} {least:.3}\n");
        // A committed figure is written with three digits.
        if *figure + 0.0005 < least {
            below.push(format!("{name} is {figure:.3}, below {least:.3}"));
        }
    }
    println!("{table}");
    assert!(below.is_empty(), "{set}: {}", below.join("; "));
}
