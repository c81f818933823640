//! A backup file: a first line that says what it is, frames, a trailer that says that it is whole.
//!
//! Written beside its place and moved there when it is synced, so that a file of that name is a whole
//! backup or an older one. Mode 0600: it holds what customers said.

use super::frame::{Frame, MOST};
use super::tally::Tally;
use crate::ports::store::{FeedRecord, Row};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The first line; another number is another form.
const HEAD: &[u8] = b"hotline backup 1\n";

/// What is in a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// The rows.
    pub rows: Tally,
    /// Records of the change feed.
    pub records: u64,
}

/// A backup being written.
pub struct Writer {
    out: BufWriter<File>,
    place: PathBuf,
    beside: PathBuf,
    saved: Saved,
}

impl Writer {
    /// Begins a backup that shall lie at `place`.
    ///
    /// # Errors
    /// When the file cannot be made, or one lies there already.
    pub fn create(place: &Path) -> io::Result<Writer> {
        if place.exists() {
            return Err(taken(place));
        }
        // A name of its own, and new: never somebody else's file, whatever leads there.
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(format!(
            ".{:016x}.part",
            getrandom::u64().map_err(io::Error::other)?
        ));
        let beside = place.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut out = BufWriter::new(options.open(&beside)?);
        out.write_all(HEAD)?;
        Ok(Writer {
            out,
            place: place.to_owned(),
            beside,
            saved: Saved::default(),
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The disk's.
    pub fn row(&mut self, row: Row) -> io::Result<()> {
        self.saved.rows.count(&row);
        self.frame(&Frame::Row(row))
    }

    /// Adds a record of the change feed.
    ///
    /// # Errors
    /// The disk's.
    pub fn record(&mut self, record: FeedRecord) -> io::Result<()> {
        self.saved.records += 1;
        self.frame(&Frame::Record(record))
    }

    fn frame(&mut self, frame: &Frame) -> io::Result<()> {
        let body = frame.written();
        if body.len() > MOST {
            let said = format!("a row of {} bytes, allowed are {MOST}", body.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, said));
        }
        self.out.write_all(&(body.len() as u32).to_le_bytes())?;
        self.out.write_all(&crc32fast::hash(&body).to_le_bytes())?;
        self.out.write_all(&body)
    }

    /// Ends the file, syncs it and moves it to its place.
    ///
    /// # Errors
    /// The disk's; nothing lies at the place then.
    pub fn finish(mut self) -> io::Result<Saved> {
        let saved = self.saved.clone();
        self.frame(&Frame::Trailer {
            rows: saved.rows.total() + saved.rows.tombstones,
            records: saved.records,
            digest: saved.rows.digest,
        })?;
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        let moved = renameat_with(CWD, &self.beside, CWD, &self.place, RenameFlags::NOREPLACE);
        moved.map_err(|error| match error {
            Errno::EXIST => taken(&self.place),
            other => other.into(),
        })?;
        let folder = self.place.parent().filter(|it| !it.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(saved)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // After `finish` there is none.
        let _ = fs::remove_file(&self.beside);
    }
}

/// A backup being read.
pub struct Reader {
    from: BufReader<File>,
    path: PathBuf,
    saved: Saved,
    frames: u64,
}

impl Reader {
    /// Opens a backup.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub fn open(path: &Path) -> io::Result<Reader> {
        let mut from = BufReader::new(File::open(path)?);
        let mut head = vec![0; HEAD.len()];
        let read = from.read_exact(&mut head);
        if read.is_err() || head != HEAD {
            return Err(damaged(
                path,
                "it does not begin like a backup of this version",
            ));
        }
        Ok(Reader {
            from,
            path: path.to_owned(),
            saved: Saved::default(),
            frames: 0,
        })
    }

    /// Reads a whole backup without using it.
    ///
    /// # Errors
    /// When it is not whole.
    pub fn verify(path: &Path) -> io::Result<Saved> {
        let mut reader = Reader::open(path)?;
        while reader.next()?.is_some() {}
        Ok(reader.saved)
    }

    /// The next row or record; `None` after the last, when the trailer agrees with what was read.
    ///
    /// # Errors
    /// When it cannot be read, or ends early.
    #[expect(clippy::should_implement_trait, reason = "it may fail")]
    pub fn next(&mut self) -> io::Result<Option<Kept>> {
        self.frames += 1;
        match self.frame()? {
            Frame::Row(row) => {
                self.saved.rows.count(&row);
                Ok(Some(Kept::Row(row)))
            }
            Frame::Record(record) => {
                self.saved.records += 1;
                Ok(Some(Kept::Record(record)))
            }
            Frame::Trailer {
                rows,
                records,
                digest,
            } => {
                let read = &self.saved;
                let same = rows == read.rows.total() + read.rows.tombstones
                    && records == read.records
                    && digest == read.rows.digest;
                if !same {
                    return Err(damaged(&self.path, "its trailer counts otherwise"));
                }
                Ok(None)
            }
        }
    }

    fn frame(&mut self) -> io::Result<Frame> {
        let cut = |_| damaged(&self.path, "it ends before its trailer");
        let mut head = [0; 8];
        self.from.read_exact(&mut head).map_err(cut)?;
        let (length, crc) = head.split_at(4);
        let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        let length = number(length) as usize;
        let said = format!("frame {} cannot be read", self.frames);
        if length > MOST {
            return Err(damaged(&self.path, &said));
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).map_err(cut)?;
        let sound = crc32fast::hash(&body) == number(crc);
        let frame = Frame::read(&body).filter(|_| sound);
        frame.ok_or_else(|| damaged(&self.path, &said))
    }
}

/// What a backup holds.
#[derive(Debug)]
pub enum Kept {
    /// An entity.
    Row(Row),
    /// A record of the change feed.
    Record(FeedRecord),
}

fn taken(place: &Path) -> io::Error {
    let said = format!("{} is there already, allowed: a new file", place.display());
    io::Error::new(io::ErrorKind::AlreadyExists, said)
}

fn damaged(path: &Path, what: &str) -> io::Error {
    let said = format!("{}: {what}", path.display());
    io::Error::new(io::ErrorKind::InvalidData, said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Millis;
    use crate::ports::store::{Cursor, EntityKey, EntityKind, Revision, Stored};

    fn write(place: &Path) -> Saved {
        let mut writer = Writer::create(place).unwrap();
        let key = EntityKey::new(EntityKind::Ticket, "T1");
        let stored = Stored {
            revision: Revision([1; 16]),
            value: Some([5; 40][..].into()),
        };
        let row = Row {
            key: key.clone(),
            stored,
            due: None,
            desk: None,
        };
        writer.row(row).unwrap();
        let (cursor, at) = (Cursor::default(), Millis(1));
        let payload = Some(b"{}"[..].into());
        writer
            .record(FeedRecord {
                cursor,
                at,
                key,
                payload,
            })
            .unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn a_whole_backup_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("b");
        let saved = write(&place);
        assert_eq!((saved.rows.total(), saved.records), (1, 1));
        assert_eq!(Reader::verify(&place).unwrap(), saved);
        assert!(Writer::create(&place).is_err(), "it would be overwritten");
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "something lies beside it");
    }

    #[test]
    fn a_backup_that_is_cut_or_touched_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("b");
        write(&place);
        let whole = fs::read(&place).unwrap();
        for cut in 0..whole.len() {
            fs::write(&place, &whole[..cut]).unwrap();
            assert!(Reader::verify(&place).is_err(), "cut at {cut}");
        }
        for n in 0..whole.len() {
            let mut touched = whole.clone();
            touched[n] ^= 0x20;
            fs::write(&place, &touched).unwrap();
            assert!(Reader::verify(&place).is_err(), "byte {n} touched");
        }
    }

    #[test]
    fn of_two_backups_into_one_file_one_is_whole_and_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("b");
        let other = Writer::create(&place).unwrap();
        let saved = write(&place);
        assert_eq!(
            other.finish().unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(Reader::verify(&place).unwrap(), saved);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_backup_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(Writer::create(&folder.path().join("b")).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
