//! Opening: lock, table, log, witness; then the threads.
//!
//! What may be wrong, and what follows: a torn last batch that nobody was told about is dropped; a
//! batch the witness knows or another batch builds on must be there, else opening is refused.

use super::clock::StoreClock;
use super::codec::{Batch, LEVEL};
use super::core::Core;
use super::feed::FeedBatch;
use super::guard::{FolderLock, io, unusable};
use super::identity::{Identity, Mark, number};
use super::keeper::{Keeper, Task};
use super::known::Known;
use super::log::{self, Log};
use super::options::{OpenError, Options};
use super::overlay::{Entry, Overlay, Step};
use super::queue::Queue;
use super::replay::{End, Replay, check_witness, damaged, missing};
use super::table::{self, Meta, Readers, body_crc};
use super::witness::{Sighting, Witness};
use super::writer::Writer;
use crate::domain::ids::{Fingerprint, Incarnation};
use crate::domain::time::Millis;
use crate::ports::store::{Cursor, EntityKey, EntityKind, Error};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;

type Opened = (Arc<Core>, Sender<Task>, Vec<JoinHandle<()>>);

/// Opens the folder and starts the writer and the keeper.
pub fn open(options: Options) -> Result<Opened, OpenError> {
    let folder = options.folder.clone();
    make(&folder).map_err(|error| unusable(&folder, &error))?;
    let guard = FolderLock::take(&folder)?;
    let (witness, seen) = Witness::open(&folder).map_err(|error| io(&folder, "witness", &error))?;
    let sqlite = |error: rusqlite::Error| match table::said(error) {
        Error::Damaged(detail) => OpenError::Damaged {
            folder: folder.clone(),
            detail,
        },
        other => io(&folder, "table", &other),
    };
    let connection = table::open_writer(&folder, &options.tuning).map_err(sqlite)?;
    let meta = first_meta(&connection, &folder, seen)?;
    let identity = Identity::new(&meta.secret, options.tuning.hash_bits);
    let readers = Readers::new(&folder, &options.tuning);
    let mut overlay = resting(&connection, &meta).map_err(sqlite)?;
    let mut replay = Replay::new(&folder, &meta);
    replay.run(End::Cut, &mut |batch| {
        show(&mut overlay, &identity, &readers, batch)
    })?;
    let last = replay.last;
    check_witness(&folder, seen, &replay)?;
    let incarnation = random(&folder)?;
    let high_water = seen.map_or(Millis(0), |s| s.at).max(last.at).max(meta.at);
    let log = Log::start(&folder, last.number + 1, replay.bytes)
        .map_err(|error| io(&folder, "new log segment", &error))?;
    let clock = StoreClock::start((options.wall)(), high_water);
    let core = Arc::new(Core {
        overlay: RwLock::new(overlay),
        queue: Queue::new(options.queue_limit),
        readers,
        known: Known::default(),
        identity,
        clock,
        incarnation: Incarnation(incarnation),
        batch: AtomicU64::new(last.number),
        free: AtomicU64::new(u64::MAX),
        _lock: guard,
        options,
    });
    core.sample_space();
    let witness = Arc::new(witness);
    let (sender, tasks) = channel();
    let checkpointed = meta.checkpoint;
    let keeper = Keeper {
        core: Arc::clone(&core),
        connection,
        witness: Arc::clone(&witness),
        meta,
    };
    let writer = Writer::new(
        Arc::clone(&core),
        log,
        witness,
        sender.clone(),
        last,
        checkpointed,
        random(&folder)?,
    );
    let threads = vec![
        spawn(&core, "store-writer", move || writer.run())?,
        spawn(&core, "store-keeper", move || keeper.run(tasks))?,
    ];
    Ok((core, sender, threads))
}

/// Makes the folder where there is none, and its name durable before anything is kept in it: a synced
/// file is lost with the name of a folder above it.
fn make(folder: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    if folder.join(table::FILE).exists() {
        return Ok(());
    }
    for above in folder.canonicalize()?.ancestors().skip(1) {
        use std::io::ErrorKind::{InvalidInput, PermissionDenied, ReadOnlyFilesystem};
        match log::sync_folder(above) {
            // Not ours to change, so not made here.
            Err(error)
                if matches!(
                    error.kind(),
                    PermissionDenied | ReadOnlyFilesystem | InvalidInput
                ) =>
            {
                break;
            }
            done => done?,
        }
    }
    Ok(())
}

/// A thread whose panic counts as a failure of the disk: the outcome of what it held is unknown.
fn spawn(
    core: &Arc<Core>,
    name: &'static str,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, OpenError> {
    let watched = Arc::clone(core);
    let run = move || {
        if catch_unwind(AssertUnwindSafe(body)).is_err() {
            let reason = format!("{name} panicked");
            for job in watched.queue.close(&reason).0 {
                job.ticket.answer_now(Err(Error::Closed(reason.clone())));
            }
            (watched.options.on_fatal)(&reason);
        }
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|error| io(&core.options.folder, name, &error))
}

fn random(folder: &Path) -> Result<u64, OpenError> {
    getrandom::u64().map_err(|error| io(folder, "random numbers", &error))
}

/// The meta row, written now when the folder is new.
fn first_meta(
    connection: &Connection,
    folder: &Path,
    seen: Option<Sighting>,
) -> Result<Meta, OpenError> {
    let rows: i64 = connection
        .query_row("SELECT count(*) FROM meta", [], |row| row.get(0))
        .map_err(|error| damaged(folder, format!("{}: {error}", table::FILE)))?;
    if rows == 0 {
        let segments = log::segments(folder).map_err(|error| io(folder, "log", &error))?;
        if let Some(seen) = seen {
            return Err(missing(folder, 1, seen.number, "the table is empty"));
        }
        if segments.len() > 1 {
            return Err(damaged(
                folder,
                "the table is empty, the log is not".to_owned(),
            ));
        }
        let mut secret = [0u8; 16];
        getrandom::fill(&mut secret).map_err(|error| io(folder, "random numbers", &error))?;
        let meta = Meta {
            level: LEVEL,
            secret,
            checkpoint: 0,
            batch_id: 0,
            at: Millis(0),
            generation: 0,
            trimmed: 0,
        };
        meta.write(connection)
            .map_err(|error| io(folder, table::FILE, &error))?;
        log::sync_folder(folder).map_err(|error| io(folder, "folder", &error))?;
    }
    let meta = Meta::read(connection).map_err(|detail| damaged(folder, detail))?;
    if meta.level > LEVEL {
        return Err(OpenError::Newer {
            folder: folder.to_path_buf(),
            found: meta.level,
            readable: LEVEL,
        });
    }
    Ok(meta)
}

/// Dues, desk rows, erasures and aliases at rest.
fn resting(connection: &Connection, meta: &Meta) -> rusqlite::Result<Overlay> {
    let mut overlay = Overlay {
        generation: meta.generation,
        trimmed: meta.trimmed,
        ..Overlay::default()
    };
    let mut query = connection.prepare("SELECT id, due FROM entity WHERE due IS NOT NULL")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let at: i64 = row.get(1)?;
        overlay.due.set(row.get(0)?, Some(Millis(at as u64)));
    }
    let corrupt = || rusqlite::Error::InvalidQuery;
    let mut query = connection.prepare("SELECT id, kind, name, crc, body FROM desk")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, name): (i64, String) = (row.get(0)?, row.get(2)?);
        let kind = EntityKind::of(row.get(1)?).ok_or_else(corrupt)?;
        let body: Vec<u8> = row.get(4)?;
        if row.get::<_, i64>(3)? as u32 != body_crc(id, &body) {
            return Err(corrupt());
        }
        let key = EntityKey::new(kind, &name);
        overlay.desk.insert(id, (key, body.into_boxed_slice()));
    }
    let mut query = connection.prepare("SELECT id, message, batch, position FROM erasure")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let message = Fingerprint(row.get::<_, i64>(1)? as u64);
        let reach = Cursor {
            partition: 0,
            batch: row.get::<_, i64>(2)? as u64,
            index: row.get(3)?,
        };
        overlay.erasures.insert((row.get(0)?, message), reach);
    }
    let mut query = connection.prepare("SELECT kind, name, id FROM alias")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let kind = EntityKind::of(row.get(0)?).ok_or_else(corrupt)?;
        let key = EntityKey::new(kind, &row.get::<_, String>(1)?);
        overlay.aliases.insert(key, row.get(2)?);
    }
    Ok(overlay)
}

/// Replays one batch into the overlay.
fn show(
    overlay: &mut Overlay,
    identity: &Identity,
    readers: &Readers,
    batch: &Batch<'_>,
) -> Result<(), String> {
    let ops = batch.ops().ok_or("operations do not add up")?;
    for op in ops {
        let id = seat(overlay, readers, &op.key, identity.mark(&op.key))?;
        let step = Step {
            id,
            entry: Entry {
                key: op.key,
                revision: op.revision,
                value: op.value,
                due: op.due,
                at: batch.head.at,
            },
            desk: op.desk,
            erase: op.erase,
            upto: op.upto,
        };
        overlay.show(batch.head.number, step);
    }
    overlay.generation = batch.head.generation;
    if !batch.feed.is_empty() && batch.head.number > overlay.trimmed {
        overlay.tail.push_back(Arc::new(FeedBatch {
            number: batch.head.number,
            at: batch.head.at,
            body: batch.feed.into(),
        }));
    }
    Ok(())
}

/// The number of a replayed key; gives an alias when another key sits there.
fn seat(
    overlay: &mut Overlay,
    readers: &Readers,
    key: &EntityKey,
    mark: Mark,
) -> Result<i64, String> {
    if let Some(id) = overlay.aliases.get(key) {
        return Ok(*id);
    }
    let mut id = number(&overlay.aliases, key, mark);
    let resident = |overlay: &Overlay, id: i64| match overlay.get(id) {
        Some(entry) => Ok(Some(entry.key.clone())),
        None => readers
            .revision(id)
            .map(|found| found.map(|(key, _)| key))
            .map_err(|error| error.to_string()),
    };
    match resident(overlay, id)? {
        Some(other) if other != *key => {}
        _ => return Ok(id),
    }
    loop {
        id = id.wrapping_add(1);
        if !overlay.aliases.values().any(|used| *used == id) && resident(overlay, id)?.is_none() {
            overlay.aliases.insert(key.clone(), id);
            return Ok(id);
        }
    }
}
