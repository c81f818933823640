//! Bodies of the store, archive and media ports.
//!
//! Law of this room: a body keeps the contract written in `ports`, in full, and nothing else; every
//! store body passes the one suite in `tests/store_conformance.rs`. No body decides anything about
//! conversations, and nothing above this room knows how bytes lie on a disk.

pub mod archive;
pub mod embedded;
mod folder;
mod local;
pub mod media;
pub mod memory;
pub mod redis;
pub mod s3;
pub mod spool;
pub mod transfer;
