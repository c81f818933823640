//! What was counted of a store: how many of what, and a digest of every row, whatever their order.

use crate::ports::store::{EntityKind, Row};
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher;

/// Counts and digest of rows. Two stores that hold the same have the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entities that have a value, by kind.
    pub entities: BTreeMap<EntityKind, u64>,
    /// Entities that were deleted a short while ago.
    pub tombstones: u64,
    /// Rows for the agents' lists.
    pub desk: u64,
    /// The sum of the hashes of keys, revisions, values and desk rows. Not of due times: a claim moves
    /// them without a commit.
    pub digest: u64,
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, row: &Row) {
        match row.stored.value {
            Some(_) => *self.entities.entry(row.key.kind).or_default() += 1,
            None => self.tombstones += 1,
        }
        self.desk += u64::from(row.desk.is_some());
        self.digest = self.digest.wrapping_add(hash(row));
    }

    /// Entities that have a value, of all kinds.
    pub fn total(&self) -> u64 {
        self.entities.values().sum()
    }
}

fn hash(row: &Row) -> u64 {
    let mut hasher = SipHasher13::new();
    let mut part = |bytes: Option<&[u8]>| {
        hasher.write_u64(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64));
        hasher.write(bytes.unwrap_or_default());
    };
    part(Some(&[row.key.kind as u8]));
    part(Some(row.key.id.as_bytes()));
    part(Some(&row.stored.revision.0));
    part(row.stored.value.as_deref());
    part(row.desk.as_deref());
    hasher.finish()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in &self.entities {
            write!(f, "{count} {} · ", kind.plural())?;
        }
        write!(
            f,
            "{} tombstones · {} desk rows · digest {:016x}",
            self.tombstones, self.desk, self.digest
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::store::{EntityKey, Revision, Stored};

    fn row(id: &str, value: Option<&[u8]>, desk: Option<&[u8]>) -> Row {
        Row {
            key: EntityKey::new(EntityKind::Agent, id),
            stored: Stored {
                revision: Revision([7; 16]),
                value: value.map(Into::into),
            },
            due: None,
            desk: desk.map(Into::into),
        }
    }

    fn tally(rows: &[Row]) -> Tally {
        let mut tally = Tally::default();
        rows.iter().for_each(|row| tally.count(row));
        tally
    }

    #[test]
    fn order_is_nothing_and_content_is_everything() {
        let (a, b) = (row("a", Some(b"1"), None), row("b", None, Some(b"d")));
        assert_eq!(
            tally(&[a.clone(), b.clone()]),
            tally(&[b.clone(), a.clone()])
        );
        let others = [
            row("a", Some(b"2"), None),
            row("a", Some(b""), None),
            row("a", None, None),
            row("a", Some(b"1"), Some(b"")),
            row("c", Some(b"1"), None),
        ];
        for other in others {
            assert_ne!(tally(&[a.clone(), b.clone()]), tally(&[other, b.clone()]));
        }
    }
}
