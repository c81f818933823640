//! Rows the keeper writes: statements only, inside a transaction that is the keeper's.

use super::overlay::Frozen;
use super::table::{body_crc, entity_crc};
use rusqlite::{Connection, params};

/// Rewrites the feed batches that `clean` changes.
pub(super) fn rewrite_feed(
    connection: &Connection,
    clean: impl Fn(u64, &[u8]) -> Option<Vec<u8>>,
) -> rusqlite::Result<()> {
    let mut changed = Vec::new();
    let mut all = connection.prepare("SELECT batch, body FROM feed")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let batch: i64 = row.get(0)?;
        let body = row.get_ref(1)?.as_blob().unwrap_or_default();
        if let Some(body) = clean(batch as u64, body) {
            changed.push((batch, body));
        }
    }
    let mut put = connection.prepare("UPDATE feed SET crc = ?, body = ? WHERE batch = ?")?;
    for (batch, body) in changed {
        put.execute(params![body_crc(batch, &body), body, batch])?;
    }
    Ok(())
}

/// Writes the changed entities, in the order of the table.
pub(super) fn put_entities(connection: &Connection, frozen: &Frozen) -> rusqlite::Result<()> {
    let mut sorted: Vec<_> = frozen.entries.iter().collect();
    sorted.sort_unstable_by_key(|(id, _)| **id);
    let mut put = connection
        .prepare_cached("INSERT OR REPLACE INTO entity VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    for (id, entry) in sorted {
        let value = entry.value.as_deref();
        put.execute(params![
            id,
            entry.key.kind as u8,
            &*entry.key.id,
            &entry.revision.0[..],
            entry.due.map(|at| at.0 as i64),
            value.is_none().then_some(entry.at.0 as i64),
            entity_crc(&entry.key, entry.revision, value),
            value,
        ])?;
    }
    Ok(())
}

/// Writes the changed desk rows.
pub(super) fn put_desk(connection: &Connection, frozen: &Frozen) -> rusqlite::Result<()> {
    let mut put =
        connection.prepare_cached("INSERT OR REPLACE INTO desk VALUES (?, ?, ?, ?, ?)")?;
    let mut remove = connection.prepare_cached("DELETE FROM desk WHERE id = ?")?;
    for (id, row) in &frozen.desk {
        match row {
            Some((key, body)) => put.execute(params![
                id,
                key.kind as u8,
                &*key.id,
                body_crc(*id, body),
                &**body
            ])?,
            None => remove.execute([id])?,
        };
    }
    Ok(())
}
