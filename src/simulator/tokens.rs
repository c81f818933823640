//! Reply tokens: once, young, and never long after the event.
//!
//! Source: LINE reference, "Send reply message": one use; within a minute of receiving the webhook;
//! a redelivered token within a minute of the redelivery, at most 20 minutes after the event.

use super::ids::Ids;
use super::options::TOKEN_CAP_MS;
use dashmap::DashMap;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Tokens remembered before the oldest dead ones are forgotten early (a forgotten token is refused
/// like a dead one, only the journal's reason is poorer).
const REMEMBERED: usize = 1_000_000;

/// Why a token was refused. LINE tells all of them with one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Never issued, or forgotten.
    #[error("reply token is unknown")]
    Unknown,
    /// Issued by another channel.
    #[error("reply token belongs to another channel")]
    OtherChannel,
    /// Used before.
    #[error("reply token was used before")]
    Used,
    /// Too old.
    #[error("reply token has expired")]
    Expired,
}

/// What a token was good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The chat that gets the reply: user, group or room.
    pub chat: Arc<str>,
    /// Since its last delivery, milliseconds.
    pub age_ms: u64,
}

#[derive(Debug)]
struct Token {
    channel: usize,
    chat: Arc<str>,
    event_at: u64,
    armed_at: u64,
    used: bool,
}

/// All reply tokens of the platform.
#[derive(Debug)]
pub struct ReplyTokens {
    tokens: DashMap<u128, Token>,
    order: Mutex<VecDeque<(u64, u128)>>,
    life_ms: AtomicU64,
}

impl ReplyTokens {
    /// No tokens; each lives `life_ms` after its delivery.
    pub fn new(life_ms: u64) -> ReplyTokens {
        ReplyTokens {
            tokens: DashMap::new(),
            order: Mutex::new(VecDeque::new()),
            life_ms: AtomicU64::new(life_ms),
        }
    }

    /// Changes the life of all tokens, also of those already issued.
    pub fn set_life(&self, life_ms: u64) {
        self.life_ms.store(life_ms, Ordering::Relaxed);
    }

    /// The life of a token, milliseconds.
    pub fn life(&self) -> u64 {
        self.life_ms.load(Ordering::Relaxed)
    }

    /// Issues a token for an event of `now`.
    pub fn issue(&self, ids: &Ids, channel: usize, chat: Arc<str>, now: u64) -> String {
        let key = ids.wide();
        self.tokens.insert(
            key,
            Token {
                channel,
                chat,
                event_at: now,
                armed_at: now,
                used: false,
            },
        );
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        order.push_back((now, key));
        let mut gone = Vec::new();
        while let Some((at, key)) = order.front().copied() {
            let dead = now.saturating_sub(at) > TOKEN_CAP_MS
                || (order.len() > REMEMBERED && now.saturating_sub(at) > 2 * self.life());
            if !dead {
                break;
            }
            order.pop_front();
            gone.push(key);
        }
        drop(order);
        for key in gone {
            self.tokens.remove(&key);
        }
        format!("{key:032x}")
    }

    /// The webhook with this token is delivered (again): its minute begins.
    pub fn arm(&self, token: &str, now: u64) {
        if let Some(mut found) = parse(token).and_then(|key| self.tokens.get_mut(&key)) {
            found.armed_at = now;
        }
    }

    /// Looks at a token without using it.
    ///
    /// # Errors
    /// As [`ReplyTokens::spend`].
    pub fn look(&self, token: &str, channel: usize, now: u64) -> Result<Spent, Refusal> {
        let found = parse(token)
            .and_then(|key| self.tokens.get(&key))
            .ok_or(Refusal::Unknown)?;
        self.check(&found, channel, now)
    }

    /// Uses a token up.
    ///
    /// # Errors
    /// The token is unknown, another channel's, used, or too old.
    pub fn spend(&self, token: &str, channel: usize, now: u64) -> Result<Spent, Refusal> {
        let mut found = parse(token)
            .and_then(|key| self.tokens.get_mut(&key))
            .ok_or(Refusal::Unknown)?;
        let spent = self.check(&found, channel, now)?;
        found.used = true;
        Ok(spent)
    }

    fn check(&self, token: &Token, channel: usize, now: u64) -> Result<Spent, Refusal> {
        let age_ms = now.saturating_sub(token.armed_at);
        if token.channel != channel {
            Err(Refusal::OtherChannel)
        } else if token.used {
            Err(Refusal::Used)
        } else if age_ms > self.life() || now.saturating_sub(token.event_at) > TOKEN_CAP_MS {
            Err(Refusal::Expired)
        } else {
            Ok(Spent {
                chat: token.chat.clone(),
                age_ms,
            })
        }
    }
}

fn parse(token: &str) -> Option<u128> {
    (token.len() == 32)
        .then(|| u128::from_str_radix(token, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_token_is_only_a_dead_one() {
        let tokens = ReplyTokens::new(60_000);
        let ids = Ids::new(3);
        let old = tokens.issue(&ids, 0, Arc::from("U1"), 0);
        tokens.issue(&ids, 0, Arc::from("U1"), TOKEN_CAP_MS + 1);
        assert_eq!(tokens.tokens.len(), 1, "the first is past every use");
        assert_eq!(
            tokens.spend(&old, 0, TOKEN_CAP_MS + 1),
            Err(Refusal::Unknown)
        );
        assert_eq!(tokens.spend("nonsense", 0, 0), Err(Refusal::Unknown));
    }
}
