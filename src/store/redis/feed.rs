//! The change feed of one partition: read in pages, trimmed in portions, so that no call holds the
//! server up for long.

use super::core::Core;
use super::reply::{number, records, strange};
use super::scripts::Script;
use crate::ports::store::{Cursor, Error, FeedRecord};

/// Records in one answer, entries in one trim. A payload is at most 64 KiB and usually below one.
const AT_ONCE: usize = 500;

/// Reads after a cursor.
pub async fn read(core: &Core, after: Cursor, limit: usize) -> Result<Vec<FeedRecord>, Error> {
    let mut found: Vec<FeedRecord> = Vec::new();
    let mut after = after;
    if after.partition >= core.keys.partitions() {
        return Ok(found);
    }
    while found.len() < limit {
        let asked = AT_ONCE.min(limit - found.len());
        let keys = ["feed", "words"].map(|name| core.keys.of(after.partition, name));
        let mut call = core.scripts.call(Script::Feed, &keys);
        call.arg(format!("{}-{}", after.batch, after.index))
            .arg(asked);
        let page = records(core.bulk_one(after.partition, call).await?, after.partition)?;
        let short = page.len() < asked;
        if let Some(last) = page.last() {
            after = last.cursor;
        }
        found.extend(page);
        if short {
            break;
        }
    }
    Ok(found)
}

/// Forgets batches up to and including the cursor's.
pub async fn trim(core: &Core, upto: Cursor) -> Result<(), Error> {
    if upto.partition >= core.keys.partitions() {
        return Ok(());
    }
    let keys = ["feed", "words"].map(|name| core.keys.of(upto.partition, name));
    loop {
        let mut call = core.scripts.call(Script::Trim, &keys);
        call.arg(upto.batch).arg(AT_ONCE);
        match number(core.bulk_one(upto.partition, call).await?) {
            Some(0) => return Ok(()),
            Some(_) => {}
            None => return Err(strange("a trim's answer")),
        }
    }
}
