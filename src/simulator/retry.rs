//! Retry keys: a key is accepted once in 24 hours.
//!
//! Source: LINE docs, "Retry failed API requests". The key alone decides: the same key with another
//! body is answered 409 too, which is a mistake of the caller and is noted as a violation.

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// How long LINE remembers a key.
pub const KEY_LIFE_MS: u64 = 24 * 3_600_000;

/// What was answered when the key was accepted.
#[derive(Clone, Debug)]
pub struct First {
    /// Request id of the accepted call.
    pub request_id: Arc<str>,
    /// Its answer: `sentMessages` JSON of a push, `None` otherwise.
    pub sent: Option<Arc<str>>,
    digest: u64,
    at: u64,
}

/// Verdict about a key.
#[derive(Debug)]
pub enum Claim {
    /// Not seen in the last 24 hours; now reserved for this call.
    Fresh,
    /// Accepted before.
    Before {
        /// The first call.
        first: First,
        /// Whether its body was this body.
        same_body: bool,
    },
}

/// The keys of one channel.
#[derive(Debug, Default)]
pub struct RetryKeys {
    keys: DashMap<Box<str>, First>,
    order: Mutex<VecDeque<(u64, Box<str>)>>,
}

impl RetryKeys {
    /// Claims a key for a call that is about to be accepted. A caller that then refuses the call
    /// gives the key back with [`RetryKeys::release`].
    /// `sent` is the answer that later 409s repeat.
    pub fn claim(
        &self,
        key: &str,
        endpoint: &str,
        body: &[u8],
        request_id: &str,
        sent: Option<Arc<str>>,
        now: u64,
    ) -> Claim {
        let digest = digest(endpoint, body);
        let first = First {
            request_id: Arc::from(request_id),
            sent,
            digest,
            at: now,
        };
        match self.keys.entry(key.to_ascii_lowercase().into()) {
            Entry::Occupied(mut held) => {
                if now.saturating_sub(held.get().at) <= KEY_LIFE_MS {
                    return Claim::Before {
                        first: held.get().clone(),
                        same_body: held.get().digest == digest,
                    };
                }
                held.insert(first);
            }
            Entry::Vacant(free) => {
                free.insert(first);
            }
        }
        self.remember(key, now);
        Claim::Fresh
    }

    /// The call with this key was refused after all.
    pub fn release(&self, key: &str) {
        self.keys.remove(key.to_ascii_lowercase().as_str());
    }

    fn remember(&self, key: &str, now: u64) {
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        order.push_back((now, key.to_ascii_lowercase().into()));
        let mut gone = Vec::new();
        while order
            .front()
            .is_some_and(|(at, _)| now.saturating_sub(*at) > KEY_LIFE_MS)
        {
            gone.extend(order.pop_front());
        }
        drop(order);
        for (at, key) in gone {
            self.keys.remove_if(&key, |_, held| held.at == at);
        }
    }
}

fn digest(endpoint: &str, body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    endpoint.hash(&mut hasher);
    body.hash(&mut hasher);
    hasher.finish()
}

/// Whether a header value is a UUID in hex, as LINE demands of a retry key.
pub fn well_formed(key: &str) -> bool {
    key.len() == 36
        && key.bytes().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
