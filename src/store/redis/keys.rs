//! Where an entity belongs and what its keys are called.
//!
//! | key | holds |
//! |---|---|
//! | `P{tag}store` | in partition 0: name card of the store: format, partitions, secret |
//! | `P{tag}N` | an entity called N (`names`): revision, or revision and value |
//! | `P{tag}due` | sorted set: entity → when it owes something |
//! | `P{tag}desk` | hash: entity → row for the agents' lists |
//! | `P{tag}feed` | stream `batch-index`: the change feed |
//! | `P{tag}words` | hash: entity and message → payloads that an unsend erases |
//! | `P{tag}meta` | hash: `store` mark, `desk` token of the last change of the desk, `batch` last batch of the feed, `archived` up to which it is forgotten |
//! | `P{tag}lease:N` | who holds the lease N, for as long as he does |
//! | `P{tag}budget:N` | hash: the bucket of the budget N |
//! | `P{tag}nodes` | of the first partition; sorted set: incarnation and level → end of its presence |
//! | `P{tag}level` | of the first partition: the format level in force |
//! | `P{tag}hints` | of the first partition: no key, the channel of hints |
//! | `P{tag}list:K` | set: ids of a listed kind that have a value |
//!
//! `P` is the prefix; it has no braces, so the tag is what a cluster hashes whatever an id contains.
//! What is no entity begins with a lower-case letter; no entity's name does, as long as there are fewer
//! than 33 kinds.

use super::names::{entity_of, member};
use super::tags::{slot, tags};
use crate::ports::store::{EntityKey, EntityKind};
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// Names of all keys of one store.
pub struct Keys {
    prefix: String,
    tags: Vec<String>,
    hasher: SipHasher13,
    mark: [u8; 8],
}

impl Keys {
    /// With the store's secret, by which entities are spread.
    pub fn new(prefix: &str, partitions: u16, secret: &[u8; 16]) -> Keys {
        Keys {
            prefix: prefix.to_owned(),
            tags: tags(partitions),
            hasher: SipHasher13::new_with_key(secret),
            mark: *secret.first_chunk().expect("16 bytes begin with 8"),
        }
    }

    /// The name card's key, known before the card is: partition 0 has the same tag in every store.
    pub fn card(prefix: &str) -> String {
        let tag = tags(1).pop().unwrap_or_default();
        format!("{prefix}{{{tag}}}store")
    }

    /// The slots of the partitions of a store.
    pub fn slots(partitions: u16) -> Vec<u16> {
        let tags = tags(partitions);
        tags.iter().map(|tag| slot(tag.as_bytes())).collect()
    }

    /// What every partition of this store bears.
    pub fn mark(&self) -> &[u8; 8] {
        &self.mark
    }

    /// How many partitions there are.
    pub fn partitions(&self) -> u16 {
        self.tags.len() as u16
    }

    /// The partition an entity belongs to.
    pub fn partition(&self, key: &EntityKey) -> u16 {
        let mut hasher = self.hasher;
        hasher.write_u8(key.kind as u8);
        hasher.write(key.id.as_bytes());
        // A power of two.
        (hasher.finish() & (self.tags.len() as u64 - 1)) as u16
    }

    /// A key of a partition.
    pub fn of(&self, partition: u16, name: &str) -> String {
        let tag = &self.tags[usize::from(partition)];
        format!("{}{{{tag}}}{name}", self.prefix)
    }

    /// The key of an entity.
    pub fn entity(&self, partition: u16, key: &EntityKey) -> Vec<u8> {
        let mut name = self.of(partition, "").into_bytes();
        name.extend_from_slice(&member(key));
        name
    }

    /// What all keys of partitions look like, as `SCAN MATCH` wants it.
    pub fn all(&self) -> String {
        format!("{}{{*}}*", self.prefix)
    }

    /// Partition and entity that a key names; `None`: it is no entity's.
    pub fn read(&self, name: &[u8]) -> Option<(u16, EntityKey)> {
        let rest = name
            .strip_prefix(self.prefix.as_bytes())?
            .strip_prefix(b"{")?;
        let end = rest.iter().position(|byte| *byte == b'}')?;
        let tag = std::str::from_utf8(&rest[..end]).ok()?;
        let partition = self.tags.iter().position(|known| known == tag)?;
        Some((partition as u16, entity_of(&rest[end + 1..])?))
    }

    /// The set of a listed kind.
    pub fn list(&self, partition: u16, kind: EntityKind) -> String {
        self.of(partition, &format!("list:{}", kind as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_lies_in_partition_0_whatever_their_number() {
        for partitions in [1, 16, 256, 4_096] {
            let keys = Keys::new("t", partitions, &[7; 16]);
            assert_eq!(keys.of(0, "store"), Keys::card("t"));
        }
    }

    #[test]
    fn entities_fill_all_partitions() {
        let keys = Keys::new("t", 16, &[7; 16]);
        let mut counts = [0u32; 16];
        for n in 0..16_000 {
            let key = EntityKey::new(EntityKind::Conversation, &n.to_string());
            counts[usize::from(keys.partition(&key))] += 1;
        }
        assert!(
            counts.iter().all(|n| (800..1_200).contains(n)),
            "{counts:?}"
        );
    }
}
