//! Everything in the store, a page at a time, in the order of the table.
//!
//! A scan begins with a checkpoint, so that whatever there was before is in the table; what changed
//! since stands in memory and hides the table's row.

use super::core::Core;
use super::overlay::Overlay;
use super::table::{entity_row, said};
use crate::domain::time::Millis;
use crate::ports::store::{Error, Page, Place, Row};

impl Core {
    /// The page after an entity number.
    pub(super) fn page(&self, after: i64, limit: usize) -> Result<Page, Error> {
        self.alive()?;
        let mut page = Page::default();
        let mut last = None;
        let mut found: Vec<(i64, Option<Row>)> = Vec::new();
        self.readers.with(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT kind, name, revision, crc, value, id, due FROM entity WHERE id > ? \
                     ORDER BY id LIMIT ?",
                )
                .map_err(said)?;
            let asked = [after, limit.max(1) as i64];
            let mut rows = statement.query(asked).map_err(said)?;
            while let Some(row) = rows.next().map_err(said)? {
                let id = row.get(5).map_err(said)?;
                last = Some(id);
                let due: Option<i64> = row.get(6).map_err(said)?;
                let read = entity_row(row).map_err(said).and_then(|row| row);
                found.push(match read {
                    Ok(row) => {
                        let due = due.map(|at| Millis(at as u64));
                        (
                            id,
                            Some(Row {
                                key: row.key,
                                stored: row.stored,
                                due,
                                desk: None,
                            }),
                        )
                    }
                    Err(error) => {
                        tracing::error!(%error, "a row cannot be read and is left out");
                        (id, None)
                    }
                });
            }
            Ok(())
        })?;
        let overlay = self.read();
        for (id, row) in found {
            match newest(&overlay, id, row) {
                Some(row) => page.rows.push(row),
                None => page.damaged += 1,
            }
        }
        page.next = last.map(|id: i64| Place(id.to_le_bytes().into()));
        Ok(page)
    }
}

fn newest(overlay: &Overlay, id: i64, row: Option<Row>) -> Option<Row> {
    let desk = overlay.desk.get(&id).map(|(_, body)| body.clone());
    let changed = overlay.get(id).map(|entry| Row {
        key: entry.key.clone(),
        stored: entry.stored(),
        due: entry.due,
        desk: None,
    });
    changed.or(row).map(|row| Row { desk, ..row })
}

/// The entity number a place names; `None`: it is no place of this store.
pub(super) fn number_of(place: &Place) -> Option<i64> {
    Some(i64::from_le_bytes((*place.0).try_into().ok()?))
}
