//! Feed records of one batch: kept together, in the log as in the table, and read back one by one.

use super::codec::{Reader, put_bytes, put_key};
use crate::domain::ids::Fingerprint;
use crate::domain::time::Millis;
use crate::ports::store::{Cursor, EntityKey};
use std::collections::HashMap;

/// The feed records of one batch.
#[derive(Debug)]
pub struct FeedBatch {
    /// Number of the batch.
    pub number: u64,
    /// Store time of the batch.
    pub at: Millis,
    /// The records as the log has them.
    pub body: Box<[u8]>,
}

/// Erased messages: (entity number, message) and how far the erasure reaches.
pub type Erasures = HashMap<(i64, Fingerprint), Cursor>;

/// One record inside a body.
#[derive(Debug)]
pub struct RawRecord<'a> {
    /// Position in the batch, from 1.
    pub index: u32,
    /// Whose record.
    pub key: EntityKey,
    /// The message whose words it carries.
    pub erasable: Option<Fingerprint>,
    /// `None` when compaction has removed it.
    pub payload: Option<&'a [u8]>,
}

const ERASABLE: u8 = 1;
const ERASED: u8 = 2;

/// Reads the records of a body; `None` inside the iterator's end means the body does not add up.
pub fn records(body: &[u8]) -> Option<Vec<RawRecord<'_>>> {
    let mut reader = Reader(body);
    let mut found = Vec::new();
    while !reader.0.is_empty() {
        let key = reader.key()?;
        let flags = reader.u8()?;
        let erasable = match flags & ERASABLE {
            0 => None,
            _ => Some(Fingerprint(reader.u64()?)),
        };
        let payload = reader.bytes()?;
        found.push(RawRecord {
            index: found.len() as u32 + 1,
            key,
            erasable,
            payload: (flags & ERASED == 0).then_some(payload),
        });
    }
    Some(found)
}

/// Whether an erasure reaches a record.
pub fn is_erased(erasures: &Erasures, id: i64, message: Fingerprint, at: Cursor) -> bool {
    erasures
        .get(&(id, message))
        .is_some_and(|reach| *reach >= at)
}

/// The body without the words that `erased` names; `None` when nothing changes.
pub fn without(body: &[u8], mut erased: impl FnMut(&RawRecord<'_>) -> bool) -> Option<Vec<u8>> {
    let records = records(body)?;
    let gone: Vec<bool> = records
        .iter()
        .map(|record| record.payload.is_some() && erased(record))
        .collect();
    if !gone.contains(&true) {
        return None;
    }
    let mut out = Vec::with_capacity(body.len());
    for (record, gone) in records.iter().zip(gone) {
        let payload = if gone { None } else { record.payload };
        put_key(&mut out, &record.key);
        out.push(
            if record.erasable.is_some() {
                ERASABLE
            } else {
                0
            } | if payload.is_none() { ERASED } else { 0 },
        );
        if let Some(Fingerprint(message)) = record.erasable {
            out.extend_from_slice(&message.to_le_bytes());
        }
        put_bytes(&mut out, payload.unwrap_or_default());
    }
    Some(out)
}
