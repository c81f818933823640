//! Goes through what lies in every partition, in pages: of some partitions at once, of some items
//! each, so that an answer is bounded however much there is.

use super::core::Core;
use super::reply::{array, bytes, strange};
use super::scripts::Script;
use crate::ports::store::{EntityKey, Error};
use redis::{Value, cmd};
use std::collections::VecDeque;

/// Partitions asked at once, and items asked of each.
const SCAN: (usize, usize) = (32, 64);
/// Partitions whose values are asked for at once, values of each, and bytes after which each has
/// given enough; the value that reaches them is the last, of at most 64 KiB.
const VALUES: (usize, usize, usize) = (16, 64, 32 * 1024);

/// Goes through a set (`SSCAN`) or a hash (`HSCAN`) of every partition and hands out its items page by
/// page. What is there from the beginning to the end is seen, once or more; what comes or goes
/// meanwhile may be.
pub async fn members(
    core: &Core,
    command: &str,
    key: impl Fn(u16) -> String,
    mut each: impl FnMut(u16, Vec<Vec<u8>>) -> Result<(), Error>,
) -> Result<(), Error> {
    let partitions = 0..core.keys.partitions();
    let mut left: VecDeque<(u16, Vec<u8>)> = partitions.map(|p| (p, b"0".to_vec())).collect();
    while !left.is_empty() {
        let now: Vec<_> = left.drain(..SCAN.0.min(left.len())).collect();
        let calls = now.iter().map(|(partition, cursor)| {
            let mut call = cmd(command);
            call.arg(key(*partition)).arg(cursor);
            call.arg("COUNT").arg(SCAN.1);
            (*partition, call)
        });
        let answers = core.bulk(calls.collect()).await?;
        for ((partition, _), answer) in now.into_iter().zip(answers) {
            let mut parts = array(answer, "a page")?.into_iter();
            let cursor = parts.next().and_then(bytes);
            let cursor = cursor.ok_or_else(|| strange("the place in a page"))?;
            let items = array(parts.next().unwrap_or_default(), "a page")?;
            let items = items
                .into_iter()
                .map(|item| bytes(item).ok_or_else(|| strange("an item")));
            each(partition, items.collect::<Result<_, _>>()?)?;
            if cursor != b"0" {
                left.push_back((partition, cursor));
            }
        }
    }
    Ok(())
}

/// Reads the values of entities, each given with its partition, all of a partition together. `each` is
/// handed every one with what its key holds.
pub async fn values(
    core: &Core,
    keys: Vec<(u16, EntityKey)>,
    mut each: impl FnMut(EntityKey, Value),
) -> Result<(), Error> {
    let by_partition = keys.chunk_by(|one, two| one.0 == two.0);
    let mut left: VecDeque<&[(u16, EntityKey)]> = by_partition.collect();
    while !left.is_empty() {
        let now: Vec<_> = left.drain(..VALUES.0.min(left.len())).collect();
        let calls = now.iter().map(|keys| {
            let partition = keys[0].0;
            let some = keys.iter().take(VALUES.1);
            let some: Vec<_> = some
                .map(|(_, key)| core.keys.entity(partition, key))
                .collect();
            let mut call = core.scripts.call(Script::Values, &some);
            call.arg(VALUES.2);
            (partition, call)
        });
        let answers = core.bulk(calls.collect()).await?;
        for (keys, answer) in now.into_iter().zip(answers) {
            let values = array(answer, "some values")?;
            if values.is_empty() || values.len() > keys.len() {
                return Err(strange("some values"));
            }
            let (read, rest) = keys.split_at(values.len());
            for ((_, key), value) in read.iter().zip(values) {
                each(key.clone(), value);
            }
            if !rest.is_empty() {
                left.push_back(rest);
            }
        }
    }
    Ok(())
}
