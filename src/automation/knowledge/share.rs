//! From scores to chances: how likely each article is the right one.
//!
//! Each article weighs `e^(STEEP · score / scale) - 1`, and the chance that no article answers weighs
//! `NONE`. Both numbers were fitted by least log loss over questions with and without an answer
//! (`docs/adr/021-knowledge-search.md` says on which, and how well it holds).

use std::cmp::Ordering;

/// How much more a higher score is believed.
const STEEP: f32 = 2.1;
/// The weight of "no article answers".
const NONE: f32 = 110.0;
/// The best a match of words can be believed: about so often the clearest one is right.
const SUREST: f32 = 0.97;
/// Beyond this exponent nothing is told apart any more.
const MOST: f32 = 60.0;

/// The best articles as (place, score, share), best first; ties by place. Only those with a score.
pub fn best(scores: &[f32], scale: f32, top: usize) -> Vec<(usize, f32, f32)> {
    let mut found: Vec<(usize, f32, f32)> = Vec::new();
    let mut all = NONE;
    for (at, score) in scores.iter().enumerate().filter(|(_, score)| **score > 0.0) {
        let weight = (STEEP * score / scale).min(MOST).exp() - 1.0;
        all += weight;
        found.push((at, *score, weight));
    }
    let order = |a: &(usize, f32, f32), b: &(usize, f32, f32)| -> Ordering {
        b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
    };
    if top < found.len() && top > 0 {
        found.select_nth_unstable_by(top - 1, order);
    }
    found.truncate(top);
    found.sort_unstable_by(order);
    for (_, _, weight) in &mut found {
        *weight *= SUREST / all;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_scores_and_leave_room_for_none() {
        let found = best(&[0.0, 3.0, 9.0, 3.0], 3.0, 10);
        let places: Vec<usize> = found.iter().map(|(at, ..)| *at).collect();
        assert_eq!(places, [2, 1, 3]);
        let sum: f32 = found.iter().map(|(_, _, share)| share).sum();
        assert!(sum < 1.0 && found[0].2 > 0.7, "{found:?}");
        assert!(best(&[0.1], 3.0, 1)[0].2 < 0.01);
        assert!(
            best(&[1e30, 1e30], 1.0, 2)
                .iter()
                .all(|found| found.2.is_finite())
        );
        assert!(best(&[1.0], 1.0, 0).is_empty());
    }
}
