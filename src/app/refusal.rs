//! Why a server does not start, in words an operator can act on.

use crate::assistant;
use crate::line::api;
use crate::store::{embedded, redis, s3};
use std::io::ErrorKind;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener cannot be bound.
    #[error("cannot listen on {what} {addr}: {}", why_not(what, error))]
    Listen {
        /// The config key.
        what: &'static str,
        /// The address.
        addr: String,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] embedded::OpenError),
    /// The servers the store lies on cannot be used.
    #[error(transparent)]
    Redis(#[from] redis::OpenError),
    /// The archive's bucket cannot be used.
    #[error(transparent)]
    Archive(#[from] s3::SettingsError),
    /// The assistant's address or key is unusable.
    #[error(transparent)]
    Assistant(#[from] assistant::Unusable),
    /// A channel's addresses are unusable.
    #[error(transparent)]
    Channel(#[from] api::SettingsError),
}

/// Why an address cannot be had, and what may stand in the config instead.
fn why_not(what: &str, error: &std::io::Error) -> String {
    if what.starts_with("store.") {
        return error.to_string();
    }
    match error.kind() {
        ErrorKind::AddrInUse => "another process listens there, allowed: a free port".to_owned(),
        ErrorKind::AddrNotAvailable => {
            "not an address of this machine, allowed: one of its own, or 0.0.0.0 for all".to_owned()
        }
        ErrorKind::PermissionDenied => {
            "this user may not listen there, allowed: a port from 1024".to_owned()
        }
        _ => error.to_string(),
    }
}
