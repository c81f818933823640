//! The table: SQLite in WAL mode, where entities rest between checkpoints.
//!
//! Only the keeper writes it. Readers borrow a read-only connection from a pool, so a load runs on
//! the calling thread. Every row carries a checksum over what it means; SQLite itself would serve a
//! flipped bit as if nothing were wrong.

use super::options::Tuning;
use super::ticket::lock;
use crate::domain::time::Millis;
use crate::ports::store::{EntityKey, EntityKind, Error, Revision, Stored};
use rusqlite::types::Type;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// File name of the table.
pub const FILE: &str = "table.db";

const SCHEMA: &str = "
CREATE TABLE meta(
  id INTEGER PRIMARY KEY CHECK (id = 1), level INTEGER NOT NULL, secret BLOB NOT NULL,
  checkpoint INTEGER NOT NULL, batch_id INTEGER NOT NULL, at INTEGER NOT NULL,
  generation INTEGER NOT NULL, trimmed INTEGER NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE entity(
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, revision BLOB NOT NULL,
  due INTEGER, gone INTEGER, crc INTEGER NOT NULL, value BLOB);
CREATE INDEX entity_due ON entity(due) WHERE due IS NOT NULL;
CREATE INDEX entity_gone ON entity(gone) WHERE gone IS NOT NULL;
CREATE TABLE desk(
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, crc INTEGER NOT NULL,
  body BLOB NOT NULL);
CREATE TABLE feed(
  batch INTEGER PRIMARY KEY, at INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE erasure(
  id INTEGER NOT NULL, message INTEGER NOT NULL, batch INTEGER NOT NULL,
  position INTEGER NOT NULL, PRIMARY KEY (id, message)) WITHOUT ROWID;
CREATE TABLE alias(
  kind INTEGER NOT NULL, name TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (kind, name))
  WITHOUT ROWID;
";

/// The one row that says what the table covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Format level.
    pub level: u32,
    /// Key of the entity hash.
    pub secret: [u8; 16],
    /// Last batch contained.
    pub checkpoint: u64,
    /// Its random id.
    pub batch_id: u64,
    /// Its store time.
    pub at: Millis,
    /// Desk generation.
    pub generation: u64,
    /// Feed batches forgotten.
    pub trimmed: u64,
}

impl Meta {
    fn crc(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.level.to_le_bytes());
        hasher.update(&self.secret);
        for word in [
            self.checkpoint,
            self.batch_id,
            self.at.0,
            self.generation,
            self.trimmed,
        ] {
            hasher.update(&word.to_le_bytes());
        }
        hasher.finalize()
    }

    /// Writes the row.
    pub fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.execute(
            "INSERT OR REPLACE INTO meta VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                self.level,
                self.secret,
                self.checkpoint as i64,
                self.batch_id as i64,
                self.at.0 as i64,
                self.generation as i64,
                self.trimmed as i64,
                self.crc(),
            ],
        )?;
        Ok(())
    }

    /// Reads the row; `Err` text when it is not what was written.
    pub fn read(connection: &Connection) -> Result<Meta, String> {
        let word = |row: &Row<'_>, column: usize| row.get::<_, i64>(column).map(|n| n as u64);
        let (meta, crc) = connection
            .query_row("SELECT * FROM meta WHERE id = 1", [], |row| {
                let meta = Meta {
                    level: row.get(1)?,
                    secret: row.get(2)?,
                    checkpoint: word(row, 3)?,
                    batch_id: word(row, 4)?,
                    at: Millis(word(row, 5)?),
                    generation: word(row, 6)?,
                    trimmed: word(row, 7)?,
                };
                Ok((meta, row.get::<_, u32>(8)?))
            })
            .map_err(|error| format!("{FILE}: {error}"))?;
        if meta.level <= super::codec::LEVEL && meta.crc() != crc {
            return Err(format!("{FILE}: checksum of the meta row differs"));
        }
        Ok(meta)
    }
}

/// Opens the connection of the keeper; creates the file and the schema when absent.
pub fn open_writer(folder: &Path, tuning: &Tuning) -> rusqlite::Result<Connection> {
    let path = folder.join(FILE);
    let connection = Connection::open_with_flags(
        &path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let fresh: i64 = connection.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
    if fresh == 0 {
        connection.pragma_update(None, "page_size", tuning.page_size)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    tune(&connection, tuning.keeper_cache_kib)?;
    if fresh == 0 {
        connection.execute_batch(&format!("BEGIN; {SCHEMA} COMMIT;"))?;
    }
    // Came after the first release: a table without it gets it here, and older programs keep it.
    connection
        .execute_batch("CREATE INDEX IF NOT EXISTS entity_other ON entity(kind) WHERE kind <> 1")?;
    Ok(connection)
}

fn tune(connection: &Connection, cache_kib: u32) -> rusqlite::Result<()> {
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Rows of a kind, damaged ones among them. Conversations have no index for this: they are never
/// all wanted.
pub fn of_kind(
    connection: &Connection,
    kind: EntityKind,
) -> rusqlite::Result<Vec<Result<EntityRow, Error>>> {
    // The second condition lets SQLite use the partial index.
    let mut statement = connection.prepare(
        "SELECT kind, name, revision, crc, value FROM entity WHERE kind = ? AND kind <> 1",
    )?;
    let mut rows = statement.query([kind as u8])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(entity_row(row).map_err(said).and_then(|row| row));
    }
    Ok(found)
}

/// Moves the write-ahead log into the database file and empties it.
pub fn settle(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0).map(|busy| busy == 0)
    })
}

/// Checksum of an entity row.
pub fn entity_crc(key: &EntityKey, revision: Revision, value: Option<&[u8]>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[key.kind as u8, u8::from(value.is_some())]);
    hasher.update(key.id.as_bytes());
    hasher.update(&revision.0);
    hasher.update(value.unwrap_or_default());
    hasher.finalize()
}

/// Checksum of a body that belongs to a number.
pub fn body_crc(number: i64, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

/// An entity row as read.
pub struct EntityRow {
    /// Its key.
    pub key: EntityKey,
    /// What it holds.
    pub stored: Stored,
}

/// Reads columns `kind, name, revision, crc, value` and verifies them.
pub fn entity_row(row: &Row<'_>) -> rusqlite::Result<Result<EntityRow, Error>> {
    let (kind, name): (u8, String) = (row.get(0)?, row.get(1)?);
    let damaged = |what: &str| Error::Damaged(format!("entity {kind}:{name}: {what}"));
    let Some(known) = EntityKind::of(kind) else {
        return Ok(Err(damaged("unknown kind")));
    };
    let revision = match row.get::<_, [u8; 16]>(2) {
        Ok(bytes) => Revision(bytes),
        Err(_) => return Ok(Err(damaged("revision is not 16 bytes"))),
    };
    let value: Option<Arc<[u8]>> = row
        .get_ref(4)?
        .as_blob_or_null()
        .map_err(|_| rusqlite::Error::InvalidColumnType(4, "value".into(), Type::Blob))?
        .map(Arc::from);
    let key = EntityKey {
        kind: known,
        id: name.into(),
    };
    if entity_crc(&key, revision, value.as_deref()) != row.get::<_, i64>(3)? as u32 {
        return Ok(Err(Error::Damaged(format!(
            "entity {key:?}: checksum differs"
        ))));
    }
    Ok(Ok(EntityRow {
        key,
        stored: Stored { revision, value },
    }))
}

/// An SQLite error as the port says it. A column that is not what was written is damage of one row,
/// which its neighbours survive; whatever else fails is the disk's or SQLite's and ends the process.
pub fn said(error: rusqlite::Error) -> Error {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
    };
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    if matches!(
        error,
        FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..)
    ) {
        return Error::Damaged(format!("{FILE}: {error}"));
    }
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => Error::Damaged(format!("{FILE}: {error}")),
        _ => Error::Io(format!("{FILE}: {error}")),
    }
}

/// Names the row of a damage whose columns do not even give a name.
fn at_row(id: i64, error: Error) -> Error {
    match error {
        Error::Damaged(what) => Error::Damaged(format!("entity row {id}: {what}")),
        other => other,
    }
}

/// Read-only connections, borrowed by whoever loads.
pub struct Readers {
    folder: PathBuf,
    tuning: Tuning,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// A pool on a folder whose table exists.
    pub fn new(folder: &Path, tuning: &Tuning) -> Readers {
        Readers {
            folder: folder.to_path_buf(),
            tuning: tuning.clone(),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Runs a read on a borrowed connection.
    pub fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open().map_err(said)?,
        };
        let answer = read(&connection);
        lock(&self.idle).push(connection);
        answer
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(
            self.folder.join(FILE),
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        tune(&connection, self.tuning.cache_kib)?;
        Ok(connection)
    }

    /// Closes the idle connections.
    pub fn clear(&self) {
        lock(&self.idle).clear();
    }

    /// The entity with this number.
    pub fn entity(&self, id: i64) -> Result<Option<EntityRow>, Error> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT kind, name, revision, crc, value FROM entity WHERE id = ?")
                .and_then(|mut statement| statement.query_row([id], entity_row).optional())
                .map_err(|error| at_row(id, said(error)))?
                .transpose()
        })
    }

    /// Key and revision of the entity with this number; the value is not looked at.
    pub fn revision(&self, id: i64) -> Result<Option<(EntityKey, Revision)>, Error> {
        let read = |row: &Row<'_>| {
            let kind: u8 = row.get(0)?;
            Ok((kind, row.get::<_, String>(1)?, row.get::<_, [u8; 16]>(2)?))
        };
        let found = self.with(|connection| {
            connection
                .prepare_cached("SELECT kind, name, revision FROM entity WHERE id = ?")
                .and_then(|mut statement| statement.query_row([id], read).optional())
                .map_err(|error| at_row(id, said(error)))
        })?;
        let Some((kind, name, revision)) = found else {
            return Ok(None);
        };
        let kind = EntityKind::of(kind)
            .ok_or_else(|| Error::Damaged(format!("entity {kind}:{name}: unknown kind")))?;
        Ok(Some((EntityKey::new(kind, &name), Revision(revision))))
    }
}
