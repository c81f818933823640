//! Counters that several nodes raise, each operation once: over any store's loads and commits.
//!
//! A counter is an entity like any other, so it is copied, backed up and listed with them. Its value
//! holds the count and the operations of the last ten minutes with what each of them was answered. The
//! id of the operation is also the revision of its commit.

use super::{Commit, EntityKey, EntityKind, Error, Outcome, Revision, Store};
use crate::domain::time::{Millis, Span};

/// An operation that is sent again within this time is not counted again.
pub const OPERATIONS_KEPT: Span = Span::mins(10);
/// Operations a counter remembers. With more in ten minutes it says `Busy`: forgetting one early
/// could count it twice.
pub const OPERATIONS_MAX: usize = 1_900;

/// Form of the value: this byte, the count, then operations, the oldest first; numbers are little-endian.
const VERSION: u8 = 1;
/// Operation 16, count after it 8, when 8.
const RECORD: usize = 32;

/// The entity of a counter.
pub fn counter_key(counter: &str) -> EntityKey {
    EntityKey::new(EntityKind::Counter, &format!("count/{counter}"))
}

struct Operation {
    id: [u8; 16],
    count: u64,
    at: Millis,
}

#[derive(Default)]
struct Counter {
    count: u64,
    operations: Vec<Operation>,
}

/// See [`Store::count`].
pub(super) async fn count<S: Store + ?Sized>(
    store: &S,
    key: EntityKey,
    by: u64,
    operation: Revision,
) -> Result<u64, Error> {
    let mut stored = store.load(&key).await?;
    loop {
        let value = stored.as_ref().and_then(|stored| stored.value.as_deref());
        let mut counter = match value {
            Some(value) => decode(value).ok_or_else(|| {
                Error::Damaged(format!("{key:?} holds no count that can be read"))
            })?,
            None => Counter::default(),
        };
        let done = |known: &&Operation| known.id == operation.0;
        if let Some(known) = counter.operations.iter().find(done) {
            return Ok(known.count);
        }
        let now = store.now();
        counter
            .operations
            .retain(|known| now.since(known.at) < OPERATIONS_KEPT);
        if counter.operations.len() >= OPERATIONS_MAX {
            return Err(Error::Busy {
                waiting: counter.operations.len(),
            });
        }
        counter.count = counter.count.saturating_add(by);
        counter.operations.push(Operation {
            id: operation.0,
            count: counter.count,
            at: now,
        });
        let commit = Commit::settling(
            key.clone(),
            stored.as_ref().map(|stored| stored.revision),
            operation,
            encode(&counter).into(),
        );
        match store.commit(commit).await? {
            Outcome::Committed(_) => return Ok(counter.count),
            Outcome::Conflict(found) => stored = found,
        }
    }
}

fn encode(counter: &Counter) -> Vec<u8> {
    let mut form = Vec::with_capacity(9 + counter.operations.len() * RECORD);
    form.push(VERSION);
    form.extend_from_slice(&counter.count.to_le_bytes());
    for operation in &counter.operations {
        form.extend_from_slice(&operation.id);
        form.extend_from_slice(&operation.count.to_le_bytes());
        form.extend_from_slice(&operation.at.0.to_le_bytes());
    }
    form
}

fn decode(form: &[u8]) -> Option<Counter> {
    let (&VERSION, rest) = form.split_first()? else {
        return None;
    };
    let (count, rest) = rest.split_first_chunk()?;
    let records = rest.chunks_exact(RECORD);
    if !records.remainder().is_empty() {
        return None;
    }
    let operations = records.map(|record| {
        let (id, rest) = record.split_first_chunk()?;
        let (count, at) = rest.split_first_chunk()?;
        Some(Operation {
            id: *id,
            count: u64::from_le_bytes(*count),
            at: Millis(u64::from_le_bytes(at.try_into().ok()?)),
        })
    });
    Some(Counter {
        count: u64::from_le_bytes(*count),
        operations: operations.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_comes_back_as_written_and_fits_an_entity() {
        let operations = (0..OPERATIONS_MAX).map(|n| Operation {
            id: [n as u8; 16],
            count: n as u64,
            at: Millis(7 + n as u64),
        });
        let full = Counter {
            count: 1 << 40,
            operations: operations.collect(),
        };
        let form = encode(&full);
        assert!(form.len() <= super::super::MAX_VALUE_BYTES);
        let read = decode(&form).unwrap();
        assert_eq!(
            (read.count, read.operations.len()),
            (1 << 40, OPERATIONS_MAX)
        );
        assert_eq!(
            (read.operations[9].count, read.operations[9].at),
            (9, Millis(16))
        );
        for cut in [0, 1, 8, 10, form.len() - 1] {
            assert!(decode(&form[..cut]).is_none(), "{cut}");
        }
    }
}
