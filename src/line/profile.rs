//! A small memory of profiles, so that LINE is not asked twice a day for the same customer.
//!
//! Two generations: what is asked for moves to the young one; when that is half of the bound, the
//! old one is forgotten. Bounded without a list of ages.

use crate::domain::ids::ConversationKey;
use crate::domain::time::{Millis, Span};
use crate::ports::messenger::Profile;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How long a profile is good.
pub const LIFE: Span = Span::hours(24);
/// How long *LINE does not tell* is good: the customer may add the account any moment.
pub const LIFE_OF_NONE: Span = Span::hours(1);

type Known = (Millis, Option<Profile>);

/// The memory.
pub struct Profiles {
    half: usize,
    generations: Mutex<(
        HashMap<ConversationKey, Known>,
        HashMap<ConversationKey, Known>,
    )>,
}

impl Profiles {
    /// A memory of at most `bound` profiles; at least two.
    pub fn new(bound: usize) -> Profiles {
        Profiles {
            half: (bound / 2).max(1),
            generations: Mutex::default(),
        }
    }

    /// What is known and still good.
    pub fn get(&self, key: &ConversationKey, now: Millis) -> Option<Option<Profile>> {
        let mut lock = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (young, old) = &mut *lock;
        if let Some((at, profile)) = old.remove(key) {
            Self::insert(young, old, self.half, key.clone(), (at, profile));
        }
        let (at, profile) = young.get(key)?;
        let life = if profile.is_some() {
            LIFE
        } else {
            LIFE_OF_NONE
        };
        (now.since(*at) < life).then(|| profile.clone())
    }

    /// Remembers what LINE said.
    pub fn put(&self, key: ConversationKey, now: Millis, profile: Option<Profile>) {
        let mut lock = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (young, old) = &mut *lock;
        old.remove(&key);
        Self::insert(young, old, self.half, key, (now, profile));
    }

    fn insert(
        young: &mut HashMap<ConversationKey, Known>,
        old: &mut HashMap<ConversationKey, Known>,
        half: usize,
        key: ConversationKey,
        known: Known,
    ) {
        if young.len() >= half && !young.contains_key(&key) {
            *old = std::mem::take(young);
        }
        young.insert(key, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ChannelId, ChatId};

    fn key(n: usize) -> ConversationKey {
        ConversationKey::new(ChannelId::new("shop"), ChatId::new(&format!("U{n}")))
    }

    fn named(name: &str) -> Option<Profile> {
        Some(Profile {
            display_name: name.to_owned(),
            language: None,
        })
    }

    #[test]
    fn a_profile_is_good_for_a_day_and_none_for_an_hour() {
        let profiles = Profiles::new(10);
        profiles.put(key(1), Millis(0), named("a"));
        profiles.put(key(2), Millis(0), None);
        assert_eq!(profiles.get(&key(1), Millis(LIFE.0 - 1)), Some(named("a")));
        assert_eq!(profiles.get(&key(1), Millis(LIFE.0)), None);
        assert_eq!(
            profiles.get(&key(2), Millis(LIFE_OF_NONE.0 - 1)),
            Some(None)
        );
        assert_eq!(profiles.get(&key(2), Millis(LIFE_OF_NONE.0)), None);
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_used() {
        let profiles = Profiles::new(10);
        for n in 0..1_000 {
            profiles.put(key(n), Millis(1), named("x"));
            profiles.get(&key(0), Millis(1));
        }
        let lock = profiles.generations.lock().unwrap();
        assert!(lock.0.len() + lock.1.len() <= 10);
        drop(lock);
        assert!(profiles.get(&key(0), Millis(1)).is_some());
    }
}
