//! All rows out of a store, and rows into one.

use super::tally::Tally;
use crate::ports::store::{
    Class, Commit, Cursor, EntityKey, EntityKind, FEED_READERS, FeedRecord, Outcome, Place, Row,
    Store, Urgency, Write,
};
use futures_util::StreamExt as _;
use futures_util::stream;
use std::collections::HashSet;

/// Rows in a page.
const PAGE: usize = 1_000;
/// Commits under way at once.
const AT_ONCE: usize = 256;
/// Feed records read at once.
const RECORDS: usize = 2_000;

/// Whether a store holds no entity at all.
///
/// # Errors
/// A sentence.
pub async fn is_empty(store: &dyn Store) -> Result<bool, String> {
    let mut place = None;
    loop {
        let page = store
            .scan(place, PAGE)
            .await
            .map_err(|error| error.to_string())?;
        if !page.rows.is_empty() || page.damaged > 0 {
            return Ok(false);
        }
        place = page.next;
        if place.is_none() {
            return Ok(true);
        }
    }
}

/// Reads all rows, each entity once, a page at a time, and hands every page to `take`. Returns what was read and how
/// many rows could not be.
///
/// # Errors
/// The store's, or what `take` says, in a sentence.
pub async fn read_all(
    store: &dyn Store,
    mut take: impl AsyncFnMut(Vec<Row>) -> Result<(), String>,
) -> Result<(Tally, usize), String> {
    let mut tally = Tally::default();
    let mut damaged = 0;
    // The scan of a shared store may meet an entity twice. A million names are about 80 MB: in the
    // process of a command, never in a server's.
    let may_repeat = store.is_shared();
    let mut met: HashSet<EntityKey> = HashSet::new();
    let mut place: Option<Place> = None;
    loop {
        let page = store.scan(place, PAGE).await;
        let page = page.map_err(|error| error.to_string())?;
        damaged += page.damaged;
        let mut rows = page.rows;
        rows.retain(|row| {
            !reads_the_feed(&row.key) && (!may_repeat || met.insert(row.key.clone()))
        });
        rows.iter().for_each(|row| tally.count(row));
        take(rows).await?;
        place = page.next;
        if place.is_none() {
            return Ok((tally, damaged));
        }
    }
}

/// The feed does not move with the rows: whoever would go on in the next one where he was in this
/// would miss its records.
fn reads_the_feed(key: &EntityKey) -> bool {
    key.kind == EntityKind::Counter && key.id.starts_with(FEED_READERS)
}

/// Puts rows into a store, many at once. A row that is there already, with the same revision, stays.
///
/// # Errors
/// When another row is there, or the store fails. Rows before may have been put.
pub async fn put_all(store: &dyn Store, rows: Vec<Row>) -> Result<(), String> {
    let puts = rows.into_iter().map(|row| put(store, row));
    let mut ends = stream::iter(puts).buffer_unordered(AT_ONCE);
    while let Some(end) = ends.next().await {
        end?;
    }
    Ok(())
}

async fn put(store: &dyn Store, row: Row) -> Result<(), String> {
    let key = row.key.clone();
    let commit = Commit {
        key: row.key,
        expected: None,
        proposed: row.stored.revision,
        write: row.stored.value.map_or(Write::Delete, Write::Put),
        due: row.due,
        desk: row.desk,
        feed: Vec::new(),
        erase: Vec::new(),
        class: Class::Accepting,
        urgency: Urgency::Now,
    };
    match store.commit(commit).await {
        Ok(Outcome::Committed(_)) => Ok(()),
        Ok(Outcome::Conflict(_)) => Err(format!(
            "{key:?} is in the target already with another content, allowed: an empty target, or one \
             into which this very move was begun"
        )),
        Err(error) => Err(format!("{key:?}: {error}")),
    }
}

/// Reads the whole change feed, partition by partition, and hands it on in pages of whole batches.
/// Returns the number of records.
///
/// # Errors
/// The store's, or what `take` says, in a sentence.
pub async fn records(
    store: &dyn Store,
    mut take: impl AsyncFnMut(Vec<FeedRecord>) -> Result<(), String>,
) -> Result<u64, String> {
    let mut count = 0;
    for partition in 0..store.feeds() {
        let mut after = Cursor::before(partition);
        let mut gathered: Vec<FeedRecord> = Vec::new();
        loop {
            let page = store.feed(after, RECORDS).await;
            let page = page.map_err(|error| error.to_string())?;
            let Some(last) = page.last() else { break };
            after = last.cursor;
            gathered.extend(page);
            // The last batch may go on in the next page.
            let begun = gathered.partition_point(|record| record.cursor.batch < after.batch);
            let rest = gathered.split_off(begun);
            count += gathered.len() as u64;
            if !gathered.is_empty() {
                take(std::mem::take(&mut gathered)).await?;
            }
            gathered = rest;
        }
        count += gathered.len() as u64;
        if !gathered.is_empty() {
            take(gathered).await?;
        }
    }
    Ok(count)
}
