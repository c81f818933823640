//! The witness: a small file that names the last acknowledged batch.
//!
//! It is written after a batch is durable and synced only at checkpoints, so it may lag behind the
//! log, never lead it. A log that ends before the witness was cut or replaced. Two slots are used
//! in turn, each within one sector: a torn write leaves the other.

use crate::domain::time::Millis;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const SLOT: u64 = 512;
const BYTES: usize = 28;

/// What the witness saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Number of an acknowledged batch.
    pub number: u64,
    /// Its random id.
    pub id: u64,
    /// Store time then.
    pub at: Millis,
}

/// The open witness file.
pub struct Witness {
    file: File,
}

impl Witness {
    /// Opens or creates the file; tells the latest sighting it holds, if any is readable.
    pub fn open(folder: &Path) -> io::Result<(Witness, Option<Sighting>)> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("witness"))?;
        let latest = (0..2)
            .filter_map(|slot| {
                let mut bytes = [0u8; BYTES];
                file.read_exact_at(&mut bytes, slot * SLOT).ok()?;
                decode(&bytes)
            })
            .max_by_key(|seen| (seen.number, seen.at));
        Ok((Witness { file }, latest))
    }

    /// Notes an acknowledged batch; not synced.
    pub fn note(&self, seen: Sighting) -> io::Result<()> {
        self.file
            .write_all_at(&encode(seen), (seen.number % 2) * SLOT)
    }

    /// Makes the latest note durable.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn encode(seen: Sighting) -> [u8; BYTES] {
    let mut bytes = [0u8; BYTES];
    bytes[0..8].copy_from_slice(&seen.number.to_le_bytes());
    bytes[8..16].copy_from_slice(&seen.id.to_le_bytes());
    bytes[16..24].copy_from_slice(&seen.at.0.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..24]);
    bytes[24..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8; BYTES]) -> Option<Sighting> {
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let crc = u32::from_le_bytes(bytes[24..].try_into().expect("four bytes"));
    (crc == crc32fast::hash(&bytes[..24]) && word(0) > 0).then(|| Sighting {
        number: word(0),
        id: word(8),
        at: Millis(word(16)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_note_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let (witness, none) = Witness::open(folder.path()).unwrap();
        assert_eq!(none, None);
        let seen = |number| Sighting {
            number,
            id: number * 7,
            at: Millis(number),
        };
        witness.note(seen(4)).unwrap();
        witness.note(seen(5)).unwrap();
        assert_eq!(Witness::open(folder.path()).unwrap().1, Some(seen(5)));
        witness.file.write_all_at(&[9; 3], SLOT + 3).unwrap();
        assert_eq!(Witness::open(folder.path()).unwrap().1, Some(seen(4)));
    }
}
