//! Reading the log after the last checkpoint: the chain of batches, its torn end, its gaps.
//!
//! Refuses a chain with a hole, a stranger in it, or an end before what the witness knows.

use super::codec::{Batch, Flaw, LEVEL, MAGIC};
use super::guard::io;
use super::log;
use super::options::OpenError;
use super::table::Meta;
use super::witness::Sighting;
use std::fs::{self, OpenOptions};
use std::path::Path;

/// What to do with a torn end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Cut it off: the log goes on.
    Cut,
    /// Leave it: only looking.
    Leave,
}

/// Reads the log after a checkpoint and keeps account of its chain.
pub struct Replay<'a> {
    folder: &'a Path,
    /// The last whole batch.
    pub last: Sighting,
    /// Bytes of the segments read.
    pub bytes: u64,
    /// Numbers and ids of the batches found, and of the checkpoint.
    pub ids: Vec<(u64, u64)>,
    /// What was seen where the log breaks off.
    pub torn: Option<String>,
}

impl<'a> Replay<'a> {
    /// From what the table covers.
    pub fn new(folder: &'a Path, meta: &Meta) -> Replay<'a> {
        Replay {
            folder,
            last: Sighting {
                number: meta.checkpoint,
                id: meta.batch_id,
                at: meta.at,
            },
            bytes: 0,
            ids: vec![(meta.checkpoint, meta.batch_id)],
            torn: None,
        }
    }

    /// Hands every batch after the checkpoint to `show`, in order; treats a torn end as told.
    pub fn run(
        &mut self,
        end: End,
        show: &mut dyn FnMut(&Batch<'_>) -> Result<(), String>,
    ) -> Result<(), OpenError> {
        let failed = |folder: &Path, error: std::io::Error| io(folder, "log", &error);
        let segments = log::segments(self.folder).map_err(|e| failed(self.folder, e))?;
        for segment in &segments {
            let bytes = fs::read(&segment.path).map_err(|e| failed(self.folder, e))?;
            if self.torn.is_some() {
                // An empty file is what a crash right after a rotation leaves.
                if later_batch(&bytes, self.last.number) {
                    return Err(self.broken());
                }
                continue;
            }
            self.bytes += bytes.len() as u64;
            let whole = self.segment(&bytes, segment.first, show)?;
            if whole < bytes.len() {
                if later_batch(&bytes[whole..], self.last.number) {
                    return Err(self.broken());
                }
                if end == End::Cut {
                    cut(&segment.path, whole as u64).map_err(|e| failed(self.folder, e))?;
                }
            }
            if end == End::Cut {
                // A process that died may have left whole batches in the page cache alone. What new
                // batches will name as their predecessor must be on the disk before them.
                sync(&segment.path).map_err(|e| failed(self.folder, e))?;
            }
        }
        Ok(())
    }

    /// Returns where the whole batches of a segment end.
    fn segment(
        &mut self,
        bytes: &[u8],
        first: u64,
        show: &mut dyn FnMut(&Batch<'_>) -> Result<(), String>,
    ) -> Result<usize, OpenError> {
        let name = log::name(first);
        let mut offset = 0;
        while offset < bytes.len() {
            let batch = match Batch::read(&bytes[offset..]) {
                Ok(batch) => batch,
                Err(Flaw::Newer(found)) => {
                    return Err(OpenError::Newer {
                        folder: self.folder.to_path_buf(),
                        found,
                        readable: LEVEL,
                    });
                }
                Err(Flaw::Torn(why)) => {
                    self.torn = Some(format!("{name} at byte {offset}: {why}"));
                    return Ok(offset);
                }
            };
            offset += batch.length;
            let head = batch.head;
            if head.number < self.last.number {
                continue;
            }
            if head.number == self.last.number {
                if head.id != self.last.id {
                    return Err(self.strange(head.number, "is not the one the table was built on"));
                }
                continue;
            }
            if head.number > self.last.number + 1 {
                return Err(missing(
                    self.folder,
                    self.last.number + 1,
                    head.number - 1,
                    &format!("{name} goes on with batch {}", head.number),
                ));
            }
            if head.previous != self.last.id {
                return Err(self.strange(head.number, "does not continue the one before it"));
            }
            show(&batch).map_err(|why| self.strange(head.number, &why))?;
            self.last = Sighting {
                number: head.number,
                id: head.id,
                at: head.at,
            };
            self.ids.push((head.number, head.id));
        }
        Ok(offset)
    }

    fn strange(&self, batch: u64, why: &str) -> OpenError {
        damaged(self.folder, format!("log batch {batch} {why}"))
    }

    fn broken(&self) -> OpenError {
        let seen = self.torn.as_deref().unwrap_or_default();
        damaged(
            self.folder,
            format!("log is broken in the middle: {seen}, later batches follow"),
        )
    }
}

/// Whether a whole batch later than `number` lies somewhere in the bytes: then what comes before it
/// is damage, not a torn tail, because a batch is written only after the one before is durable.
fn later_batch(bytes: &[u8], number: u64) -> bool {
    let magic = MAGIC.to_le_bytes();
    (0..bytes.len().saturating_sub(magic.len())).any(|at| {
        bytes[at..].starts_with(&magic)
            && Batch::read(&bytes[at..]).is_ok_and(|batch| batch.head.number > number)
    })
}

fn sync(path: &Path) -> std::io::Result<()> {
    fs::File::open(path)?.sync_all()
}

fn cut(path: &Path, length: u64) -> std::io::Result<()> {
    tracing::info!(
        length,
        "dropping the torn end of the log, nobody was promised it"
    );
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(length)?;
    file.sync_all()
}

/// The witness must not know a batch that is not there, nor know it otherwise.
pub fn check_witness(
    folder: &Path,
    seen: Option<Sighting>,
    replay: &Replay<'_>,
) -> Result<(), OpenError> {
    let Some(seen) = seen else {
        if replay.last.number > 0 {
            tracing::warn!("store witness is missing: a cut log could not be noticed this time");
        }
        return Ok(());
    };
    if seen.number > replay.last.number {
        let detail = replay.torn.as_deref().unwrap_or("the log ends before them");
        return Err(missing(folder, replay.last.number + 1, seen.number, detail));
    }
    let other = replay
        .ids
        .iter()
        .any(|(batch, id)| *batch == seen.number && *id != seen.id);
    if other {
        return Err(damaged(
            folder,
            format!(
                "batch {} is not the one that was acknowledged: files of different copies are mixed",
                seen.number
            ),
        ));
    }
    Ok(())
}

/// A refusal for damage.
pub fn damaged(folder: &Path, detail: String) -> OpenError {
    OpenError::Damaged {
        folder: folder.to_path_buf(),
        detail,
    }
}

/// A refusal for batches that are not there.
pub fn missing(folder: &Path, first: u64, last: u64, detail: &str) -> OpenError {
    OpenError::Missing {
        folder: folder.to_path_buf(),
        first,
        last,
        detail: detail.to_owned(),
        detail_file: log::name(first),
    }
}
