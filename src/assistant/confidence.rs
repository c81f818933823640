//! How sure an answer of a model is: what it says of itself, what its sources say, how likely its words were.
//!
//! Law: a hard gate makes it 0 whatever else speaks for it. Otherwise the mean of the parts that are there,
//! by [`WEIGHTS`]; two caps. The parts are logged and counted, so that the weights can be refitted.

use super::courtesy::is_courtesy;
use super::facts::{Invented, invented};
use super::grounding::grounding;
use super::reading::{Answerable, Reply};
use crate::domain::mask::has_placeholder;

/// Weights of self-report, grounding and token probability.
pub const WEIGHTS: [f64; 3] = [0.5, 0.3, 0.2];
/// An answer to a part of the question is at most this sure.
pub const PARTLY: f64 = 0.65;
/// An answer that rests on no source is at most this sure, unless it is courtesy only.
pub const UNSOURCED: f64 = 0.55;

/// What the answer may rest on.
pub struct Grounds<'a> {
    /// Titles and bodies of all articles that were given, by id.
    pub given: &'a [(&'a str, String)],
    /// What the customer asked, as typed.
    pub question: &'a str,
    /// What was said before, as typed.
    pub history: &'a [&'a str],
}

/// Why an answer counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The model was cut short or refused.
    Unfinished,
    /// It says that the sources do not answer.
    Unanswerable,
    /// It says that a person should answer.
    NeedsHuman,
    /// It cites an article it was not given.
    UnknownSource,
    /// It states a number that stands nowhere.
    InventedNumber,
    /// It gives a link that stands nowhere.
    InventedLink,
    /// It uses a placeholder for personal data that was never given.
    UnknownPlaceholder,
    /// Nothing speaks for it.
    NoEvidence,
}

impl Gate {
    /// The label.
    pub fn name(self) -> &'static str {
        match self {
            Gate::Unfinished => "unfinished",
            Gate::Unanswerable => "unanswerable",
            Gate::NeedsHuman => "needs_human",
            Gate::UnknownSource => "unknown_source",
            Gate::InventedNumber => "invented_number",
            Gate::InventedLink => "invented_link",
            Gate::UnknownPlaceholder => "unknown_placeholder",
            Gate::NoEvidence => "no_evidence",
        }
    }
}

/// The parts, each 0 to 1; what could not be had is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// What the model says.
    pub self_report: Option<f64>,
    /// How much of the answer the cited sources say.
    pub grounding: Option<f64>,
    /// Geometric mean of its tokens' probabilities.
    pub logprob: Option<f64>,
}

impl Parts {
    /// The weighted mean of what is there.
    pub fn mean(self) -> Option<f64> {
        let parts = [self.self_report, self.grounding, self.logprob];
        let there = parts.into_iter().zip(WEIGHTS);
        let there = there.filter_map(|(part, weight)| Some((part?.clamp(0.0, 1.0), weight)));
        let (sum, weights) = there.fold((0.0, 0.0), |(sum, weights), (part, weight)| {
            (sum + part * weight, weights + weight)
        });
        (weights > 0.0).then(|| sum / weights)
    }
}

/// The judgement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// 0 to 100.
    pub percent: u8,
    /// What it was made of.
    pub parts: Parts,
    /// Why it is 0.
    pub gate: Option<Gate>,
}

/// Judges a reply. `finished`: the model ended by itself; `logprob`: as in [`Parts`].
pub fn judge(reply: &Reply, grounds: &Grounds<'_>, finished: bool, logprob: Option<f64>) -> Judged {
    let cited: Vec<&str> = grounds
        .given
        .iter()
        .filter(|(id, _)| reply.sources.iter().any(|source| source == id))
        .map(|(_, text)| text.as_str())
        .collect();
    let mut said = vec![grounds.question];
    said.extend(grounds.history);
    let parts = Parts {
        self_report: reply.confidence,
        grounding: grounding(&reply.answer, &cited, &said),
        logprob,
    };
    let mean = parts.mean();
    let gate = gate(reply, grounds, finished).or(mean.is_none().then_some(Gate::NoEvidence));
    let mut value = match gate {
        Some(_) => 0.0,
        None => mean.unwrap_or(0.0),
    };
    if reply.answerable == Answerable::Partly {
        value = value.min(PARTLY);
    }
    if cited.is_empty() && !is_courtesy(&reply.answer) {
        value = value.min(UNSOURCED);
    }
    Judged {
        percent: (value * 100.0).round() as u8,
        parts,
        gate,
    }
}

fn gate(reply: &Reply, grounds: &Grounds<'_>, finished: bool) -> Option<Gate> {
    if !finished {
        return Some(Gate::Unfinished);
    }
    if reply.needs_human {
        return Some(Gate::NeedsHuman);
    }
    if reply.answerable == Answerable::No {
        return Some(Gate::Unanswerable);
    }
    let is_given = |source: &String| grounds.given.iter().any(|(id, _)| source == id);
    if !reply.sources.iter().all(is_given) {
        return Some(Gate::UnknownSource);
    }
    if has_placeholder(&reply.answer) {
        return Some(Gate::UnknownPlaceholder);
    }
    let mut all: Vec<&str> = grounds
        .given
        .iter()
        .map(|(_, text)| text.as_str())
        .collect();
    all.push(grounds.question);
    all.extend(grounds.history);
    invented(&reply.answer, &all).map(|invented| match invented {
        Invented::Number => Gate::InventedNumber,
        Invented::Link => Gate::InventedLink,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(answer: &str, sources: &[&str], confidence: Option<f64>) -> Reply {
        Reply {
            answer: answer.to_owned(),
            answerable: Answerable::Yes,
            sources: sources.iter().map(|id| (*id).to_owned()).collect(),
            needs_human: false,
            confidence,
        }
    }

    fn judged(reply: &Reply, finished: bool, logprob: Option<f64>) -> Judged {
        let given = [(
            "fee",
            "運費計算 本島宅配運費 100 元，超商取貨 60 元。".to_owned(),
        )];
        let grounds = Grounds {
            given: &given,
            question: "運費多少",
            history: &["我買了 3 盒"],
        };
        judge(reply, &grounds, finished, logprob)
    }

    #[test]
    fn the_weights_are_shared_among_the_parts_that_are_there() {
        let parts = |self_report, grounding, logprob| {
            let parts = Parts {
                self_report,
                grounding,
                logprob,
            };
            parts.mean().map(|mean| (mean * 1_000.0).round() / 1_000.0)
        };
        for (given, expected) in [
            ((Some(0.8), Some(0.6), Some(0.4)), Some(0.66)),
            ((Some(0.8), Some(0.6), None), Some(0.725)),
            ((Some(0.8), None, Some(0.4)), Some(0.686)),
            ((None, Some(0.6), Some(0.4)), Some(0.52)),
            ((Some(0.8), None, None), Some(0.8)),
            ((None, None, None), None),
        ] {
            assert_eq!(parts(given.0, given.1, given.2), expected);
        }
    }

    #[test]
    fn a_sourced_answer_has_all_three_parts() {
        let reply = reply("本島宅配運費 100 元，超商取貨 60 元。", &["fee"], Some(0.8));
        let judged = judged(&reply, true, Some(0.9));
        assert_eq!(judged.gate, None);
        assert_eq!(judged.parts.grounding, Some(1.0));
        assert_eq!(judged.percent, 88); // 0.5·0.8 + 0.3·1 + 0.2·0.9
    }

    #[test]
    fn each_gate_makes_it_nothing() {
        let good = reply("本島宅配運費 100 元。", &["fee"], Some(0.95));
        let with = |change: &dyn Fn(&mut Reply)| {
            let mut changed = good.clone();
            change(&mut changed);
            changed
        };
        for (reply, finished, gate) in [
            (with(&|_| {}), false, Gate::Unfinished),
            (
                with(&|r| r.answerable = Answerable::No),
                true,
                Gate::Unanswerable,
            ),
            (with(&|r| r.needs_human = true), true, Gate::NeedsHuman),
            (
                with(&|r| r.sources.push("kb99".into())),
                true,
                Gate::UnknownSource,
            ),
            (
                with(&|r| r.answer.push_str("離島 250 元")),
                true,
                Gate::InventedNumber,
            ),
            (
                with(&|r| r.answer.push_str("見 http://x.tw")),
                true,
                Gate::InventedLink,
            ),
            (
                with(&|r| r.answer.push_str("會打[電話1]")),
                true,
                Gate::UnknownPlaceholder,
            ),
        ] {
            let judged = judged(&reply, finished, Some(1.0));
            assert_eq!((judged.percent, judged.gate), (0, Some(gate)));
        }
        let silent = reply("好的", &[], None);
        assert_eq!(judged(&silent, true, None).gate, Some(Gate::NoEvidence));
    }

    #[test]
    fn a_partial_answer_and_one_without_source_are_capped() {
        let mut partly = reply("本島宅配運費 100 元。", &["fee"], Some(0.95));
        partly.answerable = Answerable::Partly;
        assert_eq!(judged(&partly, true, None).percent, 65);
        let unsourced = reply("我們有提供退貨服務", &[], Some(0.95));
        assert_eq!(judged(&unsourced, true, None).percent, 55);
        let yes = reply("可以的，沒問題！", &[], Some(0.95));
        assert_eq!(judged(&yes, true, Some(0.99)).percent, 55);
        let courtesy = reply("不客氣，祝您愉快！", &[], Some(0.95));
        assert_eq!(judged(&courtesy, true, None).percent, 95);
    }

    #[test]
    fn numbers_of_the_history_may_be_repeated() {
        let reply = reply("您買了 3 盒，本島宅配運費 100 元。", &["fee"], Some(0.8));
        assert_eq!(judged(&reply, true, None).gate, None);
    }
}
