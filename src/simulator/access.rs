//! Channel access tokens: long-lived, short-lived, stateless.
//!
//! Source: LINE docs, "Channel access token". Stateless tokens live 15 minutes and cannot be
//! revoked; at most 30 short-lived ones live at a time and the 31st revokes the oldest.

use super::ids::Ids;
use dashmap::DashMap;
use std::sync::{Mutex, PoisonError};

/// Life of a stateless token, milliseconds.
pub const STATELESS_LIFE_MS: u64 = 900_000;

/// Life of a short-lived token, milliseconds.
pub const SHORT_LIFE_MS: u64 = 30 * 86_400_000;

/// Short-lived tokens that may be alive at a time.
const SHORT_LIVED_MAX: usize = 30;

/// Kind of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From the console, no end.
    Long,
    /// Thirty days, revocable.
    Short,
    /// Fifteen minutes, not revocable.
    Stateless,
}

#[derive(Clone, Copy, Debug)]
struct Grant {
    channel: usize,
    until: u64,
    kind: Kind,
}

/// All access tokens of the platform.
#[derive(Debug, Default)]
pub struct AccessTokens {
    grants: DashMap<String, Grant>,
    short: Mutex<Vec<(usize, String)>>,
}

impl AccessTokens {
    /// Adds the long-lived token of a channel.
    pub fn add_long(&self, token: &str, channel: usize) {
        let grant = Grant {
            channel,
            until: u64::MAX,
            kind: Kind::Long,
        };
        self.grants.insert(token.to_owned(), grant);
    }

    /// Issues a token that ends by itself.
    pub fn issue(&self, ids: &Ids, channel: usize, kind: Kind, now: u64) -> String {
        let life = match kind {
            Kind::Long => u64::MAX - now,
            Kind::Short => SHORT_LIFE_MS,
            Kind::Stateless => STATELESS_LIFE_MS,
        };
        let token = ids.secret(if kind == Kind::Stateless { 16 } else { 10 });
        let grant = Grant {
            channel,
            until: now + life,
            kind,
        };
        if kind == Kind::Short {
            let mut short = self.short.lock().unwrap_or_else(PoisonError::into_inner);
            short.push((channel, token.clone()));
            if short.iter().filter(|(of, _)| *of == channel).count() > SHORT_LIVED_MAX
                && let Some(oldest) = short.iter().position(|(of, _)| *of == channel)
            {
                self.grants.remove(&short.remove(oldest).1);
            }
        }
        self.grants.insert(token.clone(), grant);
        token
    }

    /// The channel of a live token.
    pub fn channel(&self, token: &str, now: u64) -> Option<usize> {
        let grant = *self.grants.get(token)?;
        (now < grant.until).then_some(grant.channel)
    }

    /// Milliseconds a live token has left, with its channel.
    pub fn left(&self, token: &str, now: u64) -> Option<(usize, u64)> {
        let grant = *self.grants.get(token)?;
        (now < grant.until).then(|| (grant.channel, grant.until - now))
    }

    /// Ends a token; stateless ones stay, as at LINE.
    pub fn revoke(&self, token: &str) {
        self.grants
            .remove_if(token, |_, grant| grant.kind != Kind::Stateless);
    }
}
