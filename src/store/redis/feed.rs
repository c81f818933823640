//! The change feed of one partition: read and trimmed in portions that are bounded in bytes, so that
//! no call holds the server up for long, no answer outlasts its time-out, and none fills the memory.

use super::core::Core;
use super::reply::{Portion, array, number, portion, strange};
use super::scripts::Script;
use super::unread;
use crate::ports::store::{Cursor, Error, FeedRecord};

/// Payload in one answer, in bytes: the record that reaches it is the last. A payload is at most
/// 64 KiB.
const PORTION: usize = 512 * 1024;
/// Payload in one page of the port, in bytes.
const PAGE: usize = 4 * 1024 * 1024;
/// Records in one answer, and entries forgotten by one call. Half of it in words of 64 KiB holds the
/// server up for about 10 ms.
const AT_ONCE: [usize; 2] = [500, 128];

/// Reads after a cursor, at most `limit` records and about [`PAGE`] bytes. Only an empty page is the
/// end.
pub async fn read(core: &Core, after: Cursor, limit: usize) -> Result<Vec<FeedRecord>, Error> {
    let mut found: Vec<FeedRecord> = Vec::new();
    let (mut after, mut bytes) = (after, 0);
    if after.partition >= core.keys.partitions() {
        return Ok(found);
    }
    while found.len() < limit && bytes < PAGE {
        let asked = AT_ONCE[0].min(limit - found.len());
        let Portion {
            records,
            last,
            left_out,
            more,
            lost,
        } = ask(core, after, asked).await?;
        if lost {
            tracing::warn!(
                partition = after.partition,
                batch = after.batch,
                "the feed has lost what was read last: it is read again from what is archived"
            );
            // What this call read before it is read again with the rest.
            found.clear();
            bytes = 0;
        }
        let sizes = records.iter().filter_map(|r| r.payload.as_ref());
        bytes += sizes.map(|payload| payload.len()).sum::<usize>();
        unread::left_out(left_out, after.partition, "feed");
        // Behind what was left out, too: one record must not keep all others from the archive.
        after = last.unwrap_or(after);
        found.extend(records);
        if !more {
            break;
        }
    }
    Ok(found)
}

async fn ask(core: &Core, after: Cursor, asked: usize) -> Result<Portion, Error> {
    let keys = ["feed", "words", "meta"].map(|name| core.keys.of(after.partition, name));
    let mut call = core.scripts.call(Script::Feed, &keys);
    call.arg(after.batch).arg(after.index);
    call.arg(asked).arg(PORTION);
    portion(core.bulk_one(after.partition, call).await?, after.partition)
}

/// Forgets batches up to and including the cursor's, and what an earlier trim that died left over.
pub async fn trim(core: &Core, upto: Cursor) -> Result<(), Error> {
    if upto.partition >= core.keys.partitions() {
        return Ok(());
    }
    let keys = ["feed", "words", "meta"].map(|name| core.keys.of(upto.partition, name));
    loop {
        let mut call = core.scripts.call(Script::Trim, &keys);
        call.arg(upto.batch).arg(AT_ONCE[1]);
        let answer = array(core.bulk_one(upto.partition, call).await?, "a trim")?;
        let mut said = answer.into_iter().map(number);
        match (said.next().flatten(), said.next().flatten()) {
            (Some(0), Some(_)) => {}
            (Some(_), Some(1)) => return Ok(()),
            (Some(_), Some(0)) => {
                tracing::warn!(
                    partition = upto.partition,
                    batch = upto.batch,
                    "the feed has lost what was archived last: it is not trimmed there"
                );
                return Ok(());
            }
            _ => return Err(strange("a trim's answer")),
        }
    }
}
