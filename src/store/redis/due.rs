//! Claims of due work. Every partition has an index of its own: first all are asked what they would
//! give, then the freshest of all are moved, each only if it is still where it was seen.

use super::core::Core;
use super::reply::{array, bytes, due, strange};
use super::scripts::{LATEST, Script};
use crate::domain::time::Millis;
use crate::ports::store::{Due, Error};
use redis::{Pipeline, cmd};
use std::cmp::Reverse;
use std::collections::HashSet;

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

async fn look(core: &Core, upto: Millis, limit: usize) -> Result<Vec<Seen>, Error> {
    let answers = core.ask_all(|partition| {
        let mut range = cmd("ZREVRANGEBYSCORE");
        range.arg(core.keys.of(partition, "due"));
        range.arg(upto.0.min(LATEST)).arg("-inf").arg("WITHSCORES");
        range.arg("LIMIT").arg(0).arg(limit);
        range
    });
    let mut seen = Vec::new();
    for (partition, answer) in (0..core.keys.partitions()).zip(answers.await?) {
        for (member, due) in due(answer)? {
            seen.push(Seen {
                partition,
                member,
                due,
            });
        }
    }
    seen.sort_by_key(|seen| Reverse(seen.due.at));
    seen.truncate(limit);
    // By partition, so that each is called once.
    seen.sort_by_key(|seen| seen.partition);
    Ok(seen)
}

async fn take(core: &Core, until: Millis, seen: Vec<Seen>) -> Result<Vec<Due>, Error> {
    let mut pipe = Pipeline::new();
    for some in seen.chunk_by(|one, two| one.partition == two.partition) {
        let key = core.keys.of(some[0].partition, "due");
        let mut call = core.scripts.call(Script::Claim, &[key]);
        call.arg(until.0.min(LATEST));
        for seen in some {
            call.arg(seen.due.at.0).arg(&seen.member);
        }
        pipe.add_command(call);
    }
    let mut moved = HashSet::new();
    for answer in core.ask(&pipe).await? {
        for member in array(answer, "a claim")? {
            moved.insert(bytes(member).ok_or_else(|| strange("a claim"))?);
        }
    }
    let taken = seen.into_iter().filter(|s| moved.contains(&s.member));
    Ok(taken.map(|seen| seen.due).collect())
}
