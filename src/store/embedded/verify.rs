//! Reads everything and says what is not as it was written, for `hotline doctor --deep`.

use super::feed::records;
use super::guard::{FolderLock, io};
use super::options::{OpenError, Options};
use super::replay::{End, Replay, check_witness};
use super::table::{self, Meta, body_crc, entity_row, said};
use super::witness::Witness;
use rusqlite::Connection;
use std::path::Path;

/// What a deep look found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Entities at rest, tombstones included.
    pub entities: u64,
    /// Feed batches at rest.
    pub feed_batches: u64,
    /// Batches in the log that no checkpoint covers yet.
    pub log_batches: u64,
    /// Last durable batch.
    pub last_batch: u64,
    /// What is damaged, one line each; empty: all is well.
    pub damage: Vec<String>,
}

impl Report {
    /// Whether everything is as it was written.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty()
    }
}

/// Verifies every row, every feed batch, the log's chain and SQLite's own structure. Takes the
/// folder's lock: the server must not run.
///
/// # Errors
/// Only when the folder cannot be looked at; damage is in the report.
pub fn deep_verify(folder: &Path) -> Result<Report, OpenError> {
    if !folder.join(table::FILE).is_file() {
        return Err(io(folder, table::FILE, &"there is no store in this folder"));
    }
    let _guard = FolderLock::take(folder)?;
    let mut report = Report::default();
    let options = Options::new(folder);
    let connection = match table::open_writer(folder, &options.tuning) {
        Ok(connection) => connection,
        Err(error) => {
            report.damage.push(format!("{}: {error}", table::FILE));
            return Ok(report);
        }
    };
    if let Err(error) = rows(&connection, &mut report) {
        report.damage.push(format!("{}: {error}", table::FILE));
    }
    match Meta::read(&connection) {
        Ok(meta) => {
            let mut replay = Replay::new(folder, &meta);
            let walked = replay.run(End::Leave, &mut |batch| {
                batch
                    .ops()
                    .map(drop)
                    .ok_or("operations do not add up".into())
            });
            report.log_batches = replay.ids.len() as u64 - 1;
            report.last_batch = replay.last.number;
            let seen = Witness::open(folder).ok().and_then(|(_, seen)| seen);
            if let Err(error) = walked.and_then(|()| check_witness(folder, seen, &replay)) {
                report.damage.push(error.to_string());
            }
        }
        Err(detail) => report.damage.push(detail),
    }
    Ok(report)
}

fn rows(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut check = connection.prepare("PRAGMA integrity_check(20)")?;
    let mut lines = check.query([])?;
    while let Some(line) = lines.next()? {
        let line: String = line.get(0)?;
        if line != "ok" {
            report.damage.push(format!("{}: {line}", table::FILE));
        }
    }
    let mut all = connection.prepare("SELECT kind, name, revision, crc, value FROM entity")?;
    let mut entities = all.query([])?;
    while let Some(row) = entities.next()? {
        report.entities += 1;
        let read = entity_row(row).map_err(said);
        if let Err(error) = read.and_then(|row| row) {
            report.damage.push(error.to_string());
        }
    }
    let mut all = connection.prepare("SELECT batch, crc, body FROM feed")?;
    let mut feed = all.query([])?;
    while let Some(row) = feed.next()? {
        report.feed_batches += 1;
        let batch: i64 = row.get(0)?;
        let body = row.get_ref(2)?.as_blob().unwrap_or_default();
        if row.get::<_, i64>(1)? as u32 != body_crc(batch, body) || records(body).is_none() {
            report
                .damage
                .push(format!("feed batch {batch}: checksum differs"));
        }
    }
    Ok(())
}
