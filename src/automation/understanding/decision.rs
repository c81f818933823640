//! The decision: from words found and shares to one intent, one rule, one small talk.
//!
//! A term that is there and not negated answers unless the classifier is sure that it does not help, or
//! that another rule does; without a term, the classifier must be sure that the rule helps. A rule that no
//! example speaks for is answered by its terms alone.

use crate::automation::matcher::Matcher;
use crate::automation::understanding::lexicon::{How, Owner};
use crate::automation::understanding::particles;
use crate::automation::understanding::reader::{FAQ, HUMAN, Reader, Room};
use crate::automation::understanding::tokens;
use std::cmp::Reverse;

/// A term answers unless its rule is less likely than this.
const VETO: f32 = 0.2;

impl Reader {
    pub(super) fn intent(&self, answers: &[f32]) -> (Option<u16>, f32) {
        let Some(unknown) = answers.last().copied() else {
            return (None, 0.0);
        };
        let (mut best, mut second) = ((self.intents, f32::MIN), f32::MIN);
        for (at, share) in answers.iter().copied().enumerate() {
            if share > best.1 {
                second = best.1;
                best = (at, share);
            } else if share > second {
                second = share;
            }
        }
        let known = best.0 < self.intents
            && best.1 >= self.thresholds.intent
            && best.1 - second >= self.thresholds.margin;
        match u16::try_from(best.0) {
            Ok(intent) if known => (Some(intent), best.1),
            _ => (None, unknown),
        }
    }

    pub(super) fn wants_human(&self, room: &Room) -> bool {
        let said = room.scan.hits.iter().any(|hit| {
            hit.owner == Owner::Group(self.human_group) && !hit.negated && hit.how == How::Exact
        });
        match self.answers(HUMAN, room) {
            [_, wanted] if said => *wanted >= self.thresholds.human * 0.7,
            [_, wanted] => *wanted >= self.thresholds.human,
            _ => said,
        }
    }

    /// The keyword rule that answers, and the hit of its term.
    pub(super) fn rule(
        &self,
        matcher: &Matcher,
        room: &Room,
        applies: impl Fn(u32) -> bool,
    ) -> (Option<u32>, Option<usize>) {
        let helps = self.answers(FAQ, room);
        let favourite = self.by_example(helps, &applies);
        let mut best = None;
        for (at, hit) in room.scan.hits.iter().enumerate() {
            let Owner::Term(number) = hit.owner else {
                continue;
            };
            let term = &matcher.terms()[number as usize];
            if hit.negated || !applies(term.rule) {
                continue;
            }
            if self.whole[term.rule as usize] && !particles::is_all(&room.scan, hit.first, hit.end)
            {
                continue;
            }
            let class = usize::from(self.class_of_rule[term.rule as usize]);
            let alone = hit.end - hit.first == room.scan.pieces.len();
            // 送到澎湖要多少錢 holds a term of the price and asks for the shipping fee.
            let outdone = favourite.is_some_and(|other| {
                other != term.rule && self.priorities[other as usize] >= term.priority
            });
            if class != 0 && outdone && !alone {
                continue;
            }
            let share = helps.get(class).copied().filter(|_| class != 0);
            let believed = match (hit.how, share) {
                (How::Exact, None) => true,
                // Without examples nobody can say whether another word was meant.
                (How::Sound, None) => hit.end - hit.first >= 3,
                (How::Shape, None) => false,
                // A term and nothing else is what the operator wrote it for.
                (How::Exact, Some(share)) => share >= VETO || alone,
                (How::Sound, Some(share)) => share >= self.thresholds.faq * 0.5,
                (How::Shape, Some(share)) => share >= self.thresholds.faq * 0.8,
            };
            if !believed {
                continue;
            }
            let rank = (
                term.priority,
                hit.how == How::Exact,
                hit.end - hit.first,
                Reverse(hit.first),
                Reverse((term.rule, number)),
            );
            if best.as_ref().is_none_or(|(other, _, _)| *other < rank) {
                best = Some((rank, term.rule, at));
            }
        }
        match best {
            Some((_, rule, at)) => (Some(rule), Some(at)),
            None => (favourite, None),
        }
    }

    /// The rule that examples alone speak for.
    fn by_example(&self, helps: &[f32], applies: &impl Fn(u32) -> bool) -> Option<u32> {
        let (class, share) = most(helps)?;
        let rule = *self.rule_of_class.get(class)?;
        (class != 0 && share >= self.thresholds.faq && applies(rule)).then_some(rule)
    }

    /// The small talk whose phrase is (nearly) all that is said; the longest phrase wins.
    pub(super) fn talk(&self, room: &Room) -> Option<u16> {
        let scan = &room.scan;
        let hits = self.talks.hits(&scan.folded).filter(|hit| {
            let first = tokens::at(&scan.pieces, hit.span.start);
            let last = tokens::at(&scan.pieces, hit.span.end - 1);
            particles::is_all(scan, first, last + 1)
        });
        let longest = hits.max_by_key(|hit| (hit.span.len(), Reverse(hit.term)))?;
        u16::try_from(longest.rule).ok()
    }
}

fn most(answers: &[f32]) -> Option<(usize, f32)> {
    let answers = answers.iter().copied().enumerate();
    answers.max_by(|a, b| a.1.total_cmp(&b.1))
}
