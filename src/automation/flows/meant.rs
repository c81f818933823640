//! Which flow words name: 我要改地址 is about an order, and it is not tracking.
//!
//! An intent begins one flow; flows with `terms` stand beside it for what customers name themselves. A
//! negated term names nothing, nor does one in a question; a term that is itself a question does.

use crate::automation::fold::{Folded, fold};
use crate::config::section::Section;
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::HashMap;

/// Most terms of one flow.
const MAX_TERMS: usize = 100;

/// Words right before a term that turn it round, folded.
const NOT: [&str; 12] = [
    "不要",
    "不想",
    "不用",
    "不需要",
    "没有要",
    "没要",
    "不是要",
    "不是",
    "别",
    "先不",
    "don't",
    "not",
];

/// Words that ask about a thing instead of wanting it, folded.
const ASKING: [&str; 16] = [
    "吗",
    "怎么",
    "如何",
    "多久",
    "多少",
    "几天",
    "什么时候",
    "可以改几次",
    "规定",
    "政策",
    "要钱",
    "费用",
    "howdo",
    "howlong",
    "howmuch",
    "whatis",
];

/// The terms of all flows.
#[derive(Debug, Default)]
pub(super) struct Meant {
    automaton: Option<AhoCorasick>,
    /// Term and flow, in the order of the automaton.
    terms: Vec<(String, u16)>,
}

/// Collects terms while flows are read.
#[derive(Debug, Default)]
pub(super) struct Collector {
    terms: Vec<(String, u16)>,
    owners: HashMap<String, u16>,
}

impl Collector {
    /// Reads the `terms` of a flow.
    pub(super) fn read(&mut self, section: &Section<'_>, flow: u16) {
        let written = section.texts("terms", 1..=MAX_TERMS, 1..=40);
        for (i, (term, at)) in written.into_iter().enumerate() {
            let folded = fold(term);
            let note = |found: String, allowed: &str| {
                let key = section.path(&format!("terms[{i}]"));
                let findings = section.findings();
                findings.fault(section.file(), at, &key, &found, allowed);
            };
            if folded.is_empty() {
                note(format!("{term:?}"), "a word with letters or digits");
                continue;
            }
            match self.owners.get(&folded) {
                Some(owner) if *owner == flow => {}
                Some(_) => note(
                    format!("{term:?}, a term of another flow"),
                    "one flow a term",
                ),
                None => {
                    self.owners.insert(folded.clone(), flow);
                    self.terms.push((folded, flow));
                }
            }
        }
    }

    pub(super) fn build(self) -> Meant {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(self.terms.iter().map(|(term, _)| term));
        Meant {
            // Too big an automaton is impossible: 64 flows of 100 terms.
            automaton: automaton.ok().filter(|_| !self.terms.is_empty()),
            terms: self.terms,
        }
    }
}

impl Meant {
    /// The terms and their flows.
    pub(super) fn terms(&self) -> &[(String, u16)] {
        &self.terms
    }

    /// The flows a text names, in the order of their places.
    pub(super) fn flows(&self, text: &str) -> Vec<u16> {
        let Some(automaton) = &self.automaton else {
            return Vec::new();
        };
        let mut folded = Folded::default();
        folded.fill(text);
        let words = folded.text();
        let mut flows = Vec::new();
        for hit in automaton.find_iter(words) {
            if !folded.is_boundary(hit.start()) || !folded.is_boundary(hit.end()) {
                continue;
            }
            let (before, after) = (&words[..hit.start()], &words[hit.end()..]);
            let is_not = NOT.iter().any(|word| before.ends_with(word));
            let asks = ASKING
                .iter()
                .any(|word| before.contains(word) || after.contains(word));
            if !is_not && !asks {
                flows.push(self.terms[hit.pattern().as_usize()].1);
            }
        }
        flows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant() -> Meant {
        let mut collector = Collector::default();
        for (flow, terms) in [
            (1, vec!["改地址", "地址寫錯"]),
            (2, vec!["取消訂單"]),
            (3, vec!["可以修嗎"]),
        ] {
            for term in terms {
                collector.terms.push((fold(term), flow));
            }
        }
        collector.build()
    }

    #[test]
    fn words_name_a_flow_unless_they_deny_it_or_ask() {
        let meant = meant();
        for (text, flows) in [
            ("我想改地址", vec![1]),
            ("取消订单 TW123456", vec![2]),
            ("茶壺壞了可以修嗎", vec![3]),
            ("不想取消訂單，要改地址", vec![1]),
            ("取消訂單要錢嗎", vec![]),
            ("怎麼取消訂單", vec![]),
            ("不用改地址了", vec![]),
            ("我的訂單到哪了", vec![]),
        ] {
            assert_eq!(meant.flows(text), flows, "{text}");
        }
    }
}
