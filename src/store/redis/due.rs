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

/// Partitions whose items are moved in one go.
const AT_ONCE: usize = 32;

/// Hands out at most `limit` items due at `upto`, most recent first; see the port. What was moved before
/// the server failed is handed out: nobody else sees it before `until`.
pub async fn claim(
    core: &Core,
    upto: Millis,
    until: Millis,
    limit: usize,
) -> Result<Vec<Due>, Error> {
    let mut claimed: Vec<Due> = Vec::new();
    // Others may claim between the look and the move: go on until there is enough or nothing.
    while claimed.len() < limit {
        let seen = match look(core, upto, limit - claimed.len()).await {
            Ok(seen) => seen,
            Err(error) => return part(claimed, error),
        };
        if seen.is_empty() {
            break;
        }
        if let Err(error) = take(core, until, seen, &mut claimed).await {
            return part(claimed, error);
        }
        if until <= upto {
            // They are due again at once; a second look would find them.
            break;
        }
    }
    claimed.sort_by_key(|item| Reverse(item.at));
    Ok(claimed)
}

fn part(mut claimed: Vec<Due>, error: Error) -> Result<Vec<Due>, Error> {
    if claimed.is_empty() {
        return Err(error);
    }
    tracing::warn!(%error, claimed = claimed.len(), "a claim ended early");
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
    let answers = core.bulk_all(|partition| {
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

/// Moves what was seen and is still there, some partitions at a time.
async fn take(
    core: &Core,
    until: Millis,
    seen: Vec<Seen>,
    claimed: &mut Vec<Due>,
) -> Result<(), Error> {
    let by_partition: Vec<&[Seen]> = seen.chunk_by(|a, b| a.partition == b.partition).collect();
    for some in by_partition.chunks(AT_ONCE) {
        let calls = some.iter().map(|seen| {
            let partition = seen[0].partition;
            let key = core.keys.of(partition, "due");
            let mut call = core.scripts.call(Script::Claim, &[key]);
            call.arg(until.0.min(LATEST));
            for seen in *seen {
                call.arg(seen.due.at.0).arg(&seen.member);
            }
            (partition, call)
        });
        let mut moved = HashSet::new();
        for answer in core.ask(calls.collect()).await? {
            for member in array(answer, "a claim")? {
                moved.insert(bytes(member).ok_or_else(|| strange("a claim"))?);
            }
        }
        let taken = some.iter().copied().flatten();
        let taken = taken.filter(|seen| moved.contains(&seen.member));
        claimed.extend(taken.map(|seen| seen.due.clone()));
    }
    Ok(())
}
