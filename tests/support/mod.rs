//! What tests of the real program share: a config folder, the program as a child process, a
//! simulated LINE with customers who write steadily, and the ledger over its journal.
//!
//! Law of this room: nothing survives a test, however it ends; ports and folders are the system's
//! choice; no waiting without a bound.
#![allow(dead_code)] // each test binary uses its own part
#![allow(clippy::disallowed_methods)] // threads of the test's own: no arbiter is blocked

pub mod admin;
pub mod balancer;
pub mod config;
pub mod fleet;
pub mod kills;
pub mod load;
pub mod process;
pub mod rng;
pub mod waits;
pub mod world;
