//! What a Redis store is opened with, and why opening is refused.

use crate::ports::store::FORMAT_LEVEL;
use std::time::Duration;

/// How a Redis store is opened.
#[derive(Clone)]
pub struct Options {
    /// `redis://[user:password@]host:port[/db]`. May carry a password: never logged.
    pub url: String,
    /// What all keys begin with; 1 to 32 of `a-z A-Z 0-9 : _ - .`. Two deployments on one server
    /// have different ones.
    pub prefix: String,
    /// Partitions, a power of two up to 4,096. Decided when the store is created; another number
    /// later is refused.
    pub partitions: u16,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long one answer may take before the same bytes are sent again on a new connection.
    pub answer_timeout: Duration,
    /// How long a call is repeated before its outcome is told as unknown.
    pub patience: Duration,
    /// Commits that may wait at once; above it new work is refused with `Busy`.
    pub waiting_max: usize,
    /// The highest format level this node says it reads; only tests say another than this build's.
    pub readable_level: u32,
}

impl Options {
    /// The defaults: prefix `hotline`, 256 partitions.
    pub fn new(url: &str) -> Options {
        Options {
            url: url.to_owned(),
            prefix: "hotline".to_owned(),
            partitions: 256,
            connect_timeout: Duration::from_secs(1),
            answer_timeout: Duration::from_millis(500),
            patience: Duration::from_secs(3),
            waiting_max: 16_384,
            readable_level: FORMAT_LEVEL,
        }
    }

    pub(super) fn check(&self) -> Result<(), OpenError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":_-.".contains(&byte);
        if !(1..=32).contains(&self.prefix.len()) || !self.prefix.bytes().all(allowed) {
            return Err(OpenError::Option {
                name: "prefix",
                found: self.prefix.clone(),
                allowed: "1 to 32 of a-z A-Z 0-9 : _ - .",
            });
        }
        if !self.partitions.is_power_of_two() || self.partitions > 4_096 {
            return Err(OpenError::Option {
                name: "partitions",
                found: self.partitions.to_string(),
                allowed: "a power of two from 1 to 4096",
            });
        }
        Ok(())
    }
}

/// Why a Redis store was not opened. Nothing was changed then, except that an empty one may have
/// been given its name card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// An option is not allowed.
    #[error("{name} is {found:?}, allowed: {allowed}")]
    Option {
        /// Which.
        name: &'static str,
        /// What was given.
        found: String,
        /// What may be.
        allowed: &'static str,
    },
    /// The server cannot be reached, or says no.
    #[error("redis cannot be used: {0}")]
    Server(String),
    /// The server is too old.
    #[error("redis is version {0}, allowed: 6.2 or newer")]
    Version(String),
    /// The server throws keys away when it is full.
    #[error("redis has maxmemory-policy {0}, allowed: noeviction")]
    Evicts(String),
    /// The store was created with another number of partitions.
    #[error("the store {prefix:?} has {found} partitions, asked for: {asked}; they never change")]
    Partitions {
        /// Of which store.
        prefix: String,
        /// What it has.
        found: u16,
        /// What was asked for.
        asked: u16,
    },
    /// All nodes that were present read a newer level, so it is in force.
    #[error("the store {prefix:?} is at format level {found}, this version reads {readable}")]
    Level {
        /// Of which store.
        prefix: String,
        /// What is in force.
        found: u32,
        /// What is read here.
        readable: u32,
    },
    /// The store was written by a newer version.
    #[error("the store {prefix:?} has format {found}, this version reads {known}")]
    Format {
        /// Of which store.
        prefix: String,
        /// What it has.
        found: String,
        /// What is read here.
        known: u32,
    },
}
