//! Order: which answers must come before which, and whether they do.
//!
//! The promise is *order of acceptance*. A question comes before another of the same customer when
//! it was settled before the other was first sent, or stood before it in every request that carried
//! them. Questions that crossed on the wire (one was redelivered beside the other) have no order.

use super::Asked;
use std::collections::HashMap;

/// One answered question.
pub(super) struct Answered<'a> {
    pub(super) index: usize,
    pub(super) asked: &'a Asked,
}

/// The questions whose answers came too late: some later question had been answered before.
/// `answered` is in the order in which LINE accepted the answers.
pub(super) fn too_late(answered: &[Answered<'_>]) -> Vec<usize> {
    let mut late = Vec::new();
    // The latest first sending among the questions answered so far.
    let mut sent = 0;
    let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
    for Answered { index, asked } in answered {
        let requests: Vec<u64> = asked.attempts.iter().map(|attempt| attempt.seq).collect();
        let place = asked.attempts.first().map_or(0, |attempt| attempt.place);
        let behind = places.get(&requests).is_some_and(|passed| *passed > place);
        // Milliseconds are coarse: what happened in the same one has no order.
        if behind || settled(asked).is_some_and(|at| at < sent) {
            late.push(*index);
        }
        let furthest = places.entry(requests).or_insert(place);
        *furthest = place.max(*furthest);
        let first = asked.attempts.iter().map(|attempt| attempt.sent_at).min();
        sent = sent.max(first.unwrap_or(0));
    }
    late
}

/// From when on a question can only be before what is sent later; `None`: never for certain.
fn settled(asked: &Asked) -> Option<u64> {
    if asked.acknowledged.is_some() {
        return asked.acknowledged;
    }
    let all = asked.attempts.iter().all(|attempt| attempt.settled);
    let last = asked.attempts.iter().map(|attempt| attempt.over_at).max();
    last.filter(|_| all)
}
