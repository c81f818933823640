//! Claims of due work. Every partition has an index of its own: first all are asked what they would
//! give, then the freshest of all are moved, each only if it is still where it was seen.

use super::core::Core;
use super::reply::{array, bytes, due, strange};
use super::scripts::{LATEST, Script};
use crate::domain::time::Millis;
use crate::ports::store::{Due, Error};
use redis::cmd;
use std::cmp::Reverse;
use std::collections::HashSet;

/// Fewest and most items that one partition is asked for in a look.
const SHARE: usize = 16;
const MOST: usize = 10_000;

/// Something due, as its partition calls it.
struct Seen {
    partition: u16,
    member: Vec<u8>,
    due: Due,
}

/// Hands out at most `limit` items due at `upto`, most recent first; see the port.
pub async fn claim(
    core: &Core,
    upto: Millis,
    until: Millis,
    limit: usize,
) -> Result<Vec<Due>, Error> {
    let mut claimed: Vec<Due> = Vec::new();
    // Others may claim between the look and the move: go on until there is enough or nothing.
    while claimed.len() < limit {
        let seen = look(core, upto, limit - claimed.len()).await?;
        if seen.is_empty() {
            break;
        }
        claimed.extend(take(core, until, seen).await?);
        if until <= upto {
            // They are due again at once; a second look would find them.
            break;
        }
    }
    claimed.sort_by_key(|item| Reverse(item.at));
    Ok(claimed)
}

/// The freshest items of all partitions, at most `limit`; none only if nothing is due.
///
/// Each partition is asked for a share: a backlog must not come over the wire once for each of them.
/// One that gave its whole share may have more, all older than the last it gave; so only what is as
/// fresh as that is known to be the freshest of all. What is older waits for the next look.
async fn look(core: &Core, upto: Millis, limit: usize) -> Result<Vec<Seen>, Error> {
    let partitions = core.keys.partitions();
    let share = (limit.saturating_mul(2) / usize::from(partitions)).clamp(SHARE, MOST);
    let answers = core.ask_all(|partition| {
        let mut range = cmd("ZREVRANGEBYSCORE");
        range.arg(core.keys.of(partition, "due"));
        range.arg(upto.0.min(LATEST)).arg("-inf").arg("WITHSCORES");
        range.arg("LIMIT").arg(0).arg(share);
        range
    });
    let mut seen = Vec::new();
    let mut known_from = Millis(0);
    for (partition, answer) in (0..partitions).zip(answers.await?) {
        let items = due(answer)?;
        if items.len() == share {
            let last = items.last().map_or(Millis(0), |(_, due)| due.at);
            known_from = known_from.max(last);
        }
        for (member, due) in items {
            seen.push(Seen {
                partition,
                member,
                due,
            });
        }
    }
    seen.retain(|seen| seen.due.at >= known_from);
    seen.sort_by_key(|seen| Reverse(seen.due.at));
    seen.truncate(limit);
    // By partition, so that each is called once.
    seen.sort_by_key(|seen| seen.partition);
    Ok(seen)
}

async fn take(core: &Core, until: Millis, seen: Vec<Seen>) -> Result<Vec<Due>, Error> {
    let mut calls = Vec::new();
    for some in seen.chunk_by(|one, two| one.partition == two.partition) {
        let partition = some[0].partition;
        let key = core.keys.of(partition, "due");
        let mut call = core.scripts.call(Script::Claim, &[key]);
        call.arg(until.0.min(LATEST));
        for seen in some {
            call.arg(seen.due.at.0).arg(&seen.member);
        }
        calls.push((partition, call));
    }
    let mut moved = HashSet::new();
    for answer in core.ask(calls).await? {
        for member in array(answer, "a claim")? {
            moved.insert(bytes(member).ok_or_else(|| strange("a claim"))?);
        }
    }
    let taken = seen.into_iter().filter(|s| moved.contains(&s.member));
    Ok(taken.map(|seen| seen.due).collect())
}
