//! How a row and a feed record stand in a backup file: length, checksum, body.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the body, little-endian, at most 256 KiB |
//! | 4 | CRC-32 of the body |
//! | 1 | `E` row, `F` feed record, `T` trailer |
//! | … | fields, each of a length that stands before it (4 bytes; `FF FF FF FF`: absent) |

use crate::domain::time::Millis;
use crate::ports::store::{Cursor, EntityKey, EntityKind, FeedRecord, Revision, Row, Stored};

/// Greatest body.
pub const MOST: usize = 256 << 10;
const ABSENT: u32 = u32::MAX;

/// One frame, read.
#[derive(Debug, PartialEq)]
pub enum Frame {
    Row(Row),
    Record(FeedRecord),
    /// Rows and records before it, and the digest of the rows.
    Trailer {
        rows: u64,
        records: u64,
        digest: u64,
    },
}

impl Frame {
    /// The body's bytes.
    pub fn written(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(512);
        match self {
            Frame::Row(row) => {
                body.push(b'E');
                key(&mut body, &row.key);
                field(&mut body, Some(&row.stored.revision.0));
                field(&mut body, row.stored.value.as_deref());
                field(
                    &mut body,
                    row.due
                        .map(|at| at.0.to_le_bytes())
                        .as_ref()
                        .map(|at| &at[..]),
                );
                field(&mut body, row.desk.as_deref());
            }
            Frame::Record(record) => {
                body.push(b'F');
                key(&mut body, &record.key);
                field(&mut body, Some(&record.cursor.partition.to_le_bytes()));
                field(&mut body, Some(&record.cursor.batch.to_le_bytes()));
                field(&mut body, Some(&record.cursor.index.to_le_bytes()));
                field(&mut body, Some(&record.at.0.to_le_bytes()));
                field(&mut body, record.payload.as_deref());
            }
            Frame::Trailer {
                rows,
                records,
                digest,
            } => {
                body.push(b'T');
                for number in [rows, records, digest] {
                    field(&mut body, Some(&number.to_le_bytes()));
                }
            }
        }
        body
    }

    /// Reads a body; `None`: it is none of ours.
    pub fn read(body: &[u8]) -> Option<Frame> {
        let (kind, rest) = body.split_first()?;
        let mut fields = Fields(rest);
        let frame = match kind {
            b'E' => Frame::Row(Row {
                key: fields.key()?,
                stored: Stored {
                    revision: Revision(fields.some()?.try_into().ok()?),
                    value: fields.next()?.map(Into::into),
                },
                due: match fields.next()? {
                    Some(at) => Some(Millis(u64::from_le_bytes(at.try_into().ok()?))),
                    None => None,
                },
                desk: fields.next()?.map(Into::into),
            }),
            b'F' => Frame::Record(FeedRecord {
                key: fields.key()?,
                cursor: Cursor {
                    partition: u16::from_le_bytes(fields.some()?.try_into().ok()?),
                    batch: fields.number()?,
                    index: u32::from_le_bytes(fields.some()?.try_into().ok()?),
                },
                at: Millis(fields.number()?),
                payload: fields.next()?.map(Into::into),
            }),
            b'T' => Frame::Trailer {
                rows: fields.number()?,
                records: fields.number()?,
                digest: fields.number()?,
            },
            _ => return None,
        };
        fields.0.is_empty().then_some(frame)
    }
}

fn key(body: &mut Vec<u8>, key: &EntityKey) {
    field(body, Some(&[key.kind as u8]));
    field(body, Some(key.id.as_bytes()));
}

fn field(body: &mut Vec<u8>, bytes: Option<&[u8]>) {
    let length = bytes.map_or(ABSENT, |bytes| bytes.len() as u32);
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(bytes.unwrap_or_default());
}

/// What of a body has not been read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The next field; inside: `None` when it is absent.
    fn next(&mut self) -> Option<Option<&'a [u8]>> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length);
        if length == ABSENT {
            self.0 = rest;
            return Some(None);
        }
        let (bytes, rest) = rest.split_at_checked(length as usize)?;
        self.0 = rest;
        Some(Some(bytes))
    }

    fn some(&mut self) -> Option<&'a [u8]> {
        self.next()?
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.some()?.try_into().ok()?))
    }

    fn key(&mut self) -> Option<EntityKey> {
        let [kind] = self.some()? else { return None };
        let kind = EntityKind::of(*kind)?;
        let id = std::str::from_utf8(self.some()?).ok()?;
        Some(EntityKey::new(kind, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> [Frame; 4] {
        let key = EntityKey::new(EntityKind::Conversation, "main/U1");
        let row = Row {
            key: key.clone(),
            stored: Stored {
                revision: Revision([9; 16]),
                value: Some([1, 2, 3][..].into()),
            },
            due: Some(Millis(77)),
            desk: Some([][..].into()),
        };
        let gone = Row {
            stored: Stored {
                revision: Revision([8; 16]),
                value: None,
            },
            due: None,
            desk: None,
            ..row.clone()
        };
        let record = FeedRecord {
            cursor: Cursor {
                partition: 3,
                batch: 5,
                index: 1,
            },
            at: Millis(4),
            key,
            payload: None,
        };
        [
            Frame::Row(row),
            Frame::Row(gone),
            Frame::Record(record),
            Frame::Trailer {
                rows: 2,
                records: 1,
                digest: 6,
            },
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        for frame in frames() {
            assert_eq!(Frame::read(&frame.written()), Some(frame));
        }
    }

    #[test]
    fn a_body_that_is_cut_or_longer_is_none() {
        for frame in frames() {
            let body = frame.written();
            for cut in 0..body.len() {
                assert_eq!(Frame::read(&body[..cut]), None, "{cut}");
            }
            let longer = [&body[..], &[0]].concat();
            assert_eq!(Frame::read(&longer), None);
        }
    }
}
