//! How a batch of commits looks in the log.
//!
//! `magic u32 · length u32 · crc32 u32 · body`, little endian. The body opens with the header
//! (level, number, random id, id of the batch before, store time, desk generation, counts), then the
//! operations, then the feed records in exactly the form in which the table keeps them.
//! Reading refuses whatever does not add up; it never panics.

use crate::domain::ids::Fingerprint;
use crate::domain::time::Millis;
use crate::ports::store::{Commit, EntityKey, EntityKind, Revision, Write};
use std::sync::Arc;

/// Format level written by this program, and the greatest it reads.
pub const LEVEL: u32 = 1;

/// First bytes of every batch.
pub const MAGIC: u32 = 0x3142_4c48;

/// Bytes before the body.
pub const FRAME: usize = 12;

const HEAD: usize = 4 + 8 * 5 + 4 * 3;

/// Greatest body taken for real; a longer one is a damaged length.
const MAX_BODY: usize = 1 << 30;

/// What a batch says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Consecutive number, from 1.
    pub number: u64,
    /// Random id.
    pub id: u64,
    /// Random id of the batch before.
    pub previous: u64,
    /// Store time of writing.
    pub at: Millis,
    /// Token of the last commit that changed a desk row, after this batch.
    pub generation: u64,
    /// Operations.
    pub ops: u32,
    /// Feed records.
    pub records: u32,
}

/// One applied commit, as replayed.
#[derive(Debug, PartialEq, Eq)]
pub struct Op {
    /// Which entity.
    pub key: EntityKey,
    /// Its revision now.
    pub revision: Revision,
    /// Its value; `None`: tombstone.
    pub value: Option<Arc<[u8]>>,
    /// When it owes something.
    pub due: Option<Millis>,
    /// Its desk row.
    pub desk: Option<Box<[u8]>>,
    /// Messages erased from its feed records, up to this index of this batch.
    pub erase: Vec<Fingerprint>,
    /// Feed records of the batch up to and including this commit's.
    pub upto: u32,
}

/// Why bytes are not a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Written by a newer program.
    Newer(u32),
    /// Not whole, or not what was written.
    Torn(&'static str),
}

/// Builds batches in reused buffers.
#[derive(Default)]
pub struct Builder {
    buffer: Vec<u8>,
    feed: Vec<u8>,
    ops: u32,
    records: u32,
}

impl Builder {
    /// Starts a batch.
    pub fn begin(&mut self) {
        self.buffer.clear();
        self.buffer.resize(FRAME + HEAD, 0);
        self.feed.clear();
        self.ops = 0;
        self.records = 0;
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.ops == 0
    }

    /// Bytes so far.
    pub fn bytes(&self) -> usize {
        self.buffer.len() + self.feed.len()
    }

    /// Adds a commit that applies; returns the number of feed records so far.
    pub fn add(&mut self, commit: &Commit) -> u32 {
        for entry in &commit.feed {
            self.records += 1;
            put_key(&mut self.feed, &commit.key);
            self.feed.push(u8::from(entry.erasable.is_some()));
            if let Some(Fingerprint(mark)) = entry.erasable {
                self.feed.extend_from_slice(&mark.to_le_bytes());
            }
            put_bytes(&mut self.feed, &entry.payload);
        }
        let buffer = &mut self.buffer;
        self.ops += 1;
        put_key(buffer, &commit.key);
        let value = match &commit.write {
            Write::Put(value) => Some(value),
            Write::Delete => None,
        };
        let flags = u8::from(value.is_some())
            | u8::from(commit.due.is_some()) << 1
            | u8::from(commit.desk.is_some()) << 2;
        buffer.push(flags);
        buffer.extend_from_slice(&commit.proposed.0);
        if let Some(value) = value {
            put_bytes(buffer, value);
        }
        if let Some(Millis(due)) = commit.due {
            buffer.extend_from_slice(&due.to_le_bytes());
        }
        if let Some(desk) = &commit.desk {
            put_bytes(buffer, desk);
        }
        buffer.extend_from_slice(&self.records.to_le_bytes());
        buffer.extend_from_slice(&(commit.erase.len() as u32).to_le_bytes());
        for Fingerprint(mark) in &commit.erase {
            buffer.extend_from_slice(&mark.to_le_bytes());
        }
        self.records
    }

    /// Closes the batch: the whole frame, and the feed part alone.
    pub fn finish(&mut self, head: Head) -> (&[u8], &[u8]) {
        let buffer = &mut self.buffer;
        buffer.extend_from_slice(&self.feed);
        let body = &mut buffer[FRAME..];
        body[0..4].copy_from_slice(&LEVEL.to_le_bytes());
        for (i, word) in [
            head.number,
            head.id,
            head.previous,
            head.at.0,
            head.generation,
        ]
        .iter()
        .enumerate()
        {
            body[4 + 8 * i..12 + 8 * i].copy_from_slice(&word.to_le_bytes());
        }
        body[44..48].copy_from_slice(&self.ops.to_le_bytes());
        body[48..52].copy_from_slice(&self.records.to_le_bytes());
        body[52..56].copy_from_slice(&(self.feed.len() as u32).to_le_bytes());
        let (length, crc) = (body.len() as u32, crc32fast::hash(body));
        buffer[0..4].copy_from_slice(&MAGIC.to_le_bytes());
        buffer[4..8].copy_from_slice(&length.to_le_bytes());
        buffer[8..12].copy_from_slice(&crc.to_le_bytes());
        (&self.buffer, &self.feed)
    }
}

/// A batch found in the log, checksum verified.
pub struct Batch<'a> {
    /// What it says about itself.
    pub head: Head,
    /// Bytes of the whole frame.
    pub length: usize,
    ops: &'a [u8],
    /// The feed records.
    pub feed: &'a [u8],
}

impl<'a> Batch<'a> {
    /// Reads the batch at the start of `bytes`.
    pub fn read(bytes: &'a [u8]) -> Result<Batch<'a>, Flaw> {
        let mut frame = Reader(bytes);
        if frame.u32().ok_or(Flaw::Torn("short frame"))? != MAGIC {
            return Err(Flaw::Torn("no batch mark"));
        }
        let length = frame.u32().ok_or(Flaw::Torn("short frame"))? as usize;
        let crc = frame.u32().ok_or(Flaw::Torn("short frame"))?;
        if !(HEAD..=MAX_BODY).contains(&length) || length > frame.0.len() {
            return Err(Flaw::Torn("batch is cut"));
        }
        let body = &frame.0[..length];
        if crc32fast::hash(body) != crc {
            return Err(Flaw::Torn("checksum differs"));
        }
        let mut reader = Reader(body);
        let level = reader.u32().ok_or(Flaw::Torn("short header"))?;
        if level > LEVEL {
            return Err(Flaw::Newer(level));
        }
        let mut word = || reader.u64().ok_or(Flaw::Torn("short header"));
        let (number, id, previous, at, generation) = (word()?, word()?, word()?, word()?, word()?);
        let mut half = || reader.u32().ok_or(Flaw::Torn("short header"));
        let (ops, records, feed_length) = (half()?, half()?, half()? as usize);
        let rest = reader.0;
        if feed_length > rest.len() {
            return Err(Flaw::Torn("feed is cut"));
        }
        let (ops_bytes, feed) = rest.split_at(rest.len() - feed_length);
        Ok(Batch {
            head: Head {
                number,
                id,
                previous,
                at: Millis(at),
                generation,
                ops,
                records,
            },
            length: FRAME + length,
            ops: ops_bytes,
            feed,
        })
    }

    /// Its operations, in order; `None` when they do not add up.
    pub fn ops(&self) -> Option<Vec<Op>> {
        let mut reader = Reader(self.ops);
        let mut ops = Vec::with_capacity(self.head.ops as usize);
        for _ in 0..self.head.ops {
            ops.push(read_op(&mut reader)?);
        }
        reader.0.is_empty().then_some(ops)
    }
}

fn read_op(reader: &mut Reader<'_>) -> Option<Op> {
    let key = reader.key()?;
    let flags = reader.u8()?;
    let revision = Revision(reader.take(16)?.try_into().ok()?);
    let value = match flags & 1 {
        0 => None,
        _ => Some(reader.bytes()?.into()),
    };
    let due = match flags & 2 {
        0 => None,
        _ => Some(Millis(reader.u64()?)),
    };
    let desk = match flags & 4 {
        0 => None,
        _ => Some(reader.bytes()?.into()),
    };
    let upto = reader.u32()?;
    let count = reader.u32()?;
    let erase = (0..count)
        .map(|_| reader.u64().map(Fingerprint))
        .collect::<Option<Vec<_>>>()?;
    Some(Op {
        key,
        revision,
        value,
        due,
        desk,
        erase,
        upto,
    })
}

/// Writes a key: kind, length, bytes.
pub fn put_key(buffer: &mut Vec<u8>, key: &EntityKey) {
    buffer.push(key.kind as u8);
    buffer.push(key.id.len() as u8);
    buffer.extend_from_slice(key.id.as_bytes());
}

/// Writes a length and bytes.
pub fn put_bytes(buffer: &mut Vec<u8>, bytes: &[u8]) {
    buffer.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    buffer.extend_from_slice(bytes);
}

/// Reads forward through bytes; every step may say that they do not suffice.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    /// A length and bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    /// A key.
    pub fn key(&mut self) -> Option<EntityKey> {
        let kind = EntityKind::of(self.u8()?)?;
        let length = usize::from(self.u8()?);
        let id = std::str::from_utf8(self.take(length)?).ok()?;
        Some(EntityKey::new(kind, id))
    }
}
