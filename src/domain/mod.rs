//! The pure core: what can be decided from (state, events, playbook, now).
//!
//! Law of this room: synchronous and deterministic. No runtime, no clock, no randomness, no I/O,
//! no metrics, no logging: time and random draws are arguments. Imports only `std`, `serde` and
//! `thiserror` (kept by `clippy.toml` and `tests/architecture.rs`).

#![deny(clippy::disallowed_types)]

pub mod breaker;
pub mod bucket;
pub mod calendar;
pub mod commit;
pub mod conversation;
pub mod handoff;
pub mod ids;
pub mod mask;
pub mod playbook;
pub mod time;
pub mod verdict;
