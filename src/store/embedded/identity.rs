//! From an entity key to the 64-bit number it has in this folder.
//!
//! The number is a keyed hash, so that the table is one B-tree of integers. Two keys that meet on a
//! number (about 3·10⁻⁸ for a million entities) are still kept apart: whoever comes second gets the
//! next free number, remembered as an *alias* for good. The second hash tells keys apart in caches
//! that do not hold the key.

use crate::ports::store::EntityKey;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::collections::HashMap;
use std::hash::Hasher;

/// The hash of a key: where it belongs, and a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Number in the table, unless an alias says otherwise.
    pub id: i64,
    /// Independent second hash.
    pub check: u64,
}

/// The folder's secret hash.
#[derive(Clone)]
pub struct Identity {
    hasher: SipHasher13,
    mask: u64,
}

impl Identity {
    /// With the folder's secret and the number of bits used.
    pub fn new(secret: &[u8; 16], bits: u32) -> Identity {
        Identity {
            hasher: SipHasher13::new_with_key(secret),
            mask: u64::MAX >> (64 - bits.clamp(1, 64)),
        }
    }

    /// Marks a key.
    pub fn mark(&self, key: &EntityKey) -> Mark {
        let mut hasher = self.hasher;
        hasher.write_u8(key.kind as u8);
        hasher.write(key.id.as_bytes());
        let hash = hasher.finish128();
        Mark {
            id: (hash.h1 & self.mask) as i64,
            check: hash.h2,
        }
    }
}

/// Keys that live elsewhere than their hash says.
pub type Aliases = HashMap<EntityKey, i64>;

/// The number of a key, given the aliases.
pub fn number(aliases: &Aliases, key: &EntityKey, mark: Mark) -> i64 {
    if aliases.is_empty() {
        return mark.id;
    }
    aliases.get(key).copied().unwrap_or(mark.id)
}
