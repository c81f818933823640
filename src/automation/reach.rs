//! Rules nobody can reach: wherever one of their terms stands, a rule of higher priority wins.

use crate::automation::fold::Folded;
use crate::automation::matcher::Matcher;
use crate::automation::rules::Rule;
use crate::automation::schedule::Schedule;
use crate::config::fault::Findings;

/// Warns of every rule whose terms all hold a term of a rule with higher priority.
pub fn unreachable(rules: &[Rule], matcher: &Matcher, findings: &Findings) {
    let mut state: Vec<Option<u32>> = vec![None; rules.len()];
    // Examples are another way to be found.
    let mut open: Vec<bool> = rules
        .iter()
        .map(|rule| rule.terms.is_empty() || rule.has_examples)
        .collect();
    let mut folded = Folded::default();
    for term in matcher.terms() {
        let own = term.rule as usize;
        if open[own] {
            continue;
        }
        folded.fill(&term.folded);
        match matcher.winner(&folded).map(|hit| hit.rule) {
            // A rule with hours leaves room for others at other times.
            Some(rule)
                if rules[rule as usize].priority > term.priority
                    && rules[rule as usize].schedule == Schedule::default()
                    && (!rules[rule as usize].whole || rules[own].whole) =>
            {
                state[own] = Some(rule);
            }
            _ => open[own] = true,
        }
    }
    for ((rule, winner), open) in rules.iter().zip(state).zip(open) {
        let (false, Some(winner)) = (open, winner) else {
            continue;
        };
        let found = format!(
            "terms that \"{}\" (priority {}) answers first",
            rules[winner as usize].id, rules[winner as usize].priority
        );
        let key = format!("keyword \"{}\"", rule.id);
        let allowed = "a term of its own, or a higher priority";
        findings.warn(&rule.file, rule.at, &key, &found, allowed);
    }
}
