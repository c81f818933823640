//! Claims of due work. Every partition has an index of its own: first all are asked what they would
//! give, then the freshest of all are moved, each only if it is still where it was seen. A part that
//! fails does not undo the others, and an item whose name cannot be read stops none: it is moved like
//! the others, so that it does not stand before them, and handed out to nobody.

use super::core::Core;
use super::reply::{DueItem, array, bytes, due, strange};
use super::scripts::{LATEST, Script};
use super::unread;
use crate::domain::time::Millis;
use crate::ports::store::{Claimed, Due, Error};
use futures_util::future::join_all;
use redis::cmd;
use std::cmp::Reverse;
use std::collections::HashSet;

/// Fewest and most items that one partition is asked for in a look.
const SHARE: usize = 16;
const MOST: usize = 10_000;

/// Something due, as its partition calls it.
struct Seen {
    partition: u16,
    item: DueItem,
}

/// Partitions asked in one go. Each go has its own answer or error.
const AT_ONCE: usize = 32;

/// Hands out at most `limit` items due at `upto`, most recent first; see the port. Partitions that do
/// not answer are left out: what the others gave is handed out, for nobody else sees it before `until`,
/// and is not complete.
///
/// # Errors
/// Something failed and nothing was moved.
pub async fn claim(
    core: &Core,
    upto: Millis,
    until: Millis,
    limit: usize,
) -> Result<Claimed, Error> {
    let mut claimed: Vec<Due> = Vec::new();
    let mut failed = None;
    // Others may claim between the look and the move: go on until there is enough or nothing. If
    // `until` is not later than `upto`, they are due again at once; a second look would find them.
    while claimed.len() < limit && failed.is_none() {
        let seen = look(core, upto, limit - claimed.len(), &mut failed).await;
        if seen.is_empty() {
            break;
        }
        claimed.extend(take(core, until, seen, &mut failed).await);
        if until <= upto {
            break;
        }
    }
    let complete = failed.is_none();
    match failed {
        Some(error) if claimed.is_empty() => return Err(error),
        Some(error) => tracing::warn!(%error, claimed = claimed.len(), "a claim ended early"),
        None => {}
    }
    claimed.sort_by_key(|item| Reverse(item.at));
    Ok(Claimed {
        items: claimed,
        complete,
    })
}

/// The freshest items of all partitions that answer, at most `limit`; none only if nothing is due
/// there.
///
/// Each partition is asked for a share: a backlog must not come over the wire once for each of them.
/// One that gave its whole share may have more, all older than the last it gave; so only what is as
/// fresh as that is known to be the freshest of all. What is older waits for the next look.
async fn look(core: &Core, upto: Millis, limit: usize, failed: &mut Option<Error>) -> Vec<Seen> {
    let partitions = core.keys.partitions();
    let share = (limit.saturating_mul(2) / usize::from(partitions)).clamp(SHARE, MOST);
    let goes = (0..partitions).step_by(AT_ONCE).map(async |first| {
        let some = first..partitions.min(first + AT_ONCE as u16);
        let calls = some.clone().map(|partition| {
            let mut range = cmd("ZREVRANGEBYSCORE");
            range.arg(core.keys.of(partition, "due"));
            // Behind the point a time says who claimed it.
            range.arg(format!("({}", upto.0.saturating_add(1).min(LATEST)));
            range.arg("-inf").arg("WITHSCORES");
            range.arg("LIMIT").arg(0).arg(share);
            (partition, range)
        });
        let answers = core.bulk(calls.collect()).await?;
        let items = answers.into_iter().map(due);
        let items = items.collect::<Result<Vec<_>, Error>>()?;
        Ok(some.zip(items).collect::<Vec<_>>())
    });
    let (mut seen, mut known_from) = (Vec::new(), Millis(0));
    for (partition, items) in told(join_all(goes).await, failed).flatten() {
        if items.len() == share {
            let last = items.last().map_or(Millis(0), |item| item.at);
            known_from = known_from.max(last);
        }
        seen.extend(items.into_iter().map(|item| Seen { partition, item }));
    }
    seen.retain(|seen| seen.item.at >= known_from);
    seen.sort_by_key(|seen| Reverse(seen.item.at));
    seen.truncate(limit);
    // By partition, so that each is called once.
    seen.sort_by_key(|seen| seen.partition);
    seen
}

/// Moves what was seen and is still there.
async fn take(core: &Core, until: Millis, seen: Vec<Seen>, failed: &mut Option<Error>) -> Vec<Due> {
    let some = seen.chunk_by(|one, two| one.partition == two.partition);
    let goes = some.map(async |seen| {
        let partition = seen[0].partition;
        let key = core.keys.of(partition, "due");
        let mut call = core.scripts.call(Script::Claim, &[key]);
        call.arg(signed(core, until));
        for Seen { item, .. } in seen {
            call.arg(&item.score).arg(&item.member);
        }
        let answer = core.ask_one(partition, call).await?;
        let moved = array(answer, "a claim")?.into_iter();
        let moved = moved.map(|member| bytes(member).ok_or_else(|| strange("a claim")));
        moved.collect::<Result<Vec<_>, Error>>()
    });
    let goes = join_all(goes).await;
    let moved: HashSet<_> = told(goes, failed).flatten().collect();
    let taken = seen.into_iter().filter(|s| moved.contains(&s.item.member));
    let due = taken.filter_map(|Seen { partition, item }| {
        if item.key.is_none() {
            unread::left_out(1, partition, "due");
        }
        let (key, at) = (item.key?, item.at);
        Some(Due { key, at })
    });
    due.collect()
}

/// A time with 9 bits of who this node is behind the point: a claim whose answer was lost knows its own
/// items by it. A score is a double, and tells as much apart until the year 2500.
fn signed(core: &Core, until: Millis) -> String {
    const BITS: u32 = 9;
    match until.0 >> (53 - BITS) {
        0 => {
            let who = core.incarnation.0 & ((1 << BITS) - 1);
            let fraction = who as f64 / f64::from(1 << BITS);
            format!("{}", until.0 as f64 + fraction)
        }
        _ => until.0.min(LATEST).to_string(),
    }
}

/// The answers; the last error is kept.
fn told<T>(answers: Vec<Result<T, Error>>, failed: &mut Option<Error>) -> impl Iterator<Item = T> {
    answers.into_iter().filter_map(|answer| match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            *failed = Some(error);
            None
        }
    })
}
