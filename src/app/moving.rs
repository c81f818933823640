//! Copies, backups, restores: what of a store goes where, and proof that it has arrived.
//!
//! Rows go with their revisions. The change feed goes where old feed goes, into the archive of the
//! target: a store gives its records times and places of its own.

use crate::actors;
use crate::ports::archive::Archive;
use crate::ports::store::{FeedRecord, Row, Store};
use crate::store::transfer::{self, Kept, Reader, Saved, Tally, Writer};
use std::fmt;
use std::path::Path;

/// Rows handed to a store, and records handed to an archive, at once.
const AT_ONCE: usize = 2_000;

/// What was moved.
#[derive(Debug, Default)]
pub struct Moved {
    /// What was read, and has arrived.
    pub saved: Saved,
    /// Rows that could not be read, and were left out; each is in the log.
    pub damaged: usize,
}

/// Where a deployment is moved to.
pub struct Target<'a> {
    /// Entities.
    pub store: &'a dyn Store,
    /// The change feed.
    pub archive: &'a dyn Archive,
    /// Goes on with a move that was begun before: the target need not be empty.
    pub resume: bool,
}

/// Writes all that a store holds into a new file. The store may be at work meanwhile: every entity is
/// saved as some commit left it. Blocks the thread it is polled on.
///
/// # Errors
/// A sentence; no file lies at the place then.
pub async fn back_up(store: &dyn Store, place: &Path) -> Result<Moved, String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut writer = Writer::create(place).map_err(failed)?;
    let (_, damaged) = transfer::read_all(store, async |rows| {
        let mut ends = rows.into_iter().map(|row| writer.row(row));
        ends.try_for_each(|end| end.map_err(failed))
    })
    .await?;
    transfer::records(store, async |records| {
        let mut ends = records.into_iter().map(|record| writer.record(record));
        ends.try_for_each(|end| end.map_err(failed))
    })
    .await?;
    let saved = writer.finish().map_err(failed)?;
    Ok(Moved { saved, damaged })
}

/// Brings a backup back. The file is read to its end before anything is written.
///
/// # Errors
/// A sentence; what has been put stays.
pub async fn restore(place: &Path, target: &Target<'_>) -> Result<Moved, String> {
    let failed = |error: std::io::Error| error.to_string();
    let saved = Reader::verify(place).map_err(failed)?;
    target.ready().await?;
    let mut reader = Reader::open(place).map_err(failed)?;
    let (mut rows, mut records) = (Vec::new(), Vec::new());
    loop {
        let kept = reader.next().map_err(failed)?;
        let is_last = kept.is_none();
        match kept {
            Some(Kept::Row(row)) => rows.push(row),
            Some(Kept::Record(record)) => records.push(record),
            None => {}
        }
        if rows.len() >= AT_ONCE || is_last {
            target.put(std::mem::take(&mut rows)).await?;
        }
        if records.len() >= AT_ONCE || is_last {
            target.keep(std::mem::take(&mut records)).await?;
        }
        if is_last {
            break;
        }
    }
    target.holds(&saved.rows).await?;
    Ok(Moved { saved, damaged: 0 })
}

/// Copies everything from one store into another. Nobody may be at work with either.
///
/// # Errors
/// A sentence; what has been put stays.
pub async fn copy(from: &dyn Store, target: &Target<'_>) -> Result<Moved, String> {
    target.ready().await?;
    let (rows, damaged) = transfer::read_all(from, async |rows| target.put(rows).await).await?;
    let records = transfer::records(from, async |records| target.keep(records).await).await?;
    target.holds(&rows).await?;
    let saved = Saved { rows, records };
    Ok(Moved { saved, damaged })
}

impl Target<'_> {
    async fn ready(&self) -> Result<(), String> {
        if self.resume || transfer::is_empty(self.store).await? {
            return Ok(());
        }
        Err(
            "the target holds something already, allowed: an empty one, or --resume to go on with \
             this very move"
                .into(),
        )
    }

    async fn put(&self, rows: Vec<Row>) -> Result<(), String> {
        transfer::put_all(self.store, rows).await
    }

    /// Records of one partition after the other, each in order.
    async fn keep(&self, records: Vec<FeedRecord>) -> Result<(), String> {
        for some in records.chunk_by(|a, b| a.cursor.partition == b.cursor.partition) {
            let kept = actors::archive_moved(self.archive, some).await;
            kept.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Reads everything again and compares.
    async fn holds(&self, sent: &Tally) -> Result<(), String> {
        let (arrived, damaged) = transfer::read_all(self.store, async |_| Ok(())).await?;
        if arrived == *sent && damaged == 0 {
            return Ok(());
        }
        Err(format!(
            "the target does not hold what was sent; sent: {sent}; found: {arrived}, {damaged} damaged"
        ))
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Saved { rows, records } = &self.saved;
        write!(f, "{rows} · {records} feed records")?;
        match self.damaged {
            0 => Ok(()),
            damaged => write!(f, " · {damaged} damaged rows left out, each is in the log"),
        }
    }
}
