//! What the house asks of the world: traits whose contracts are prose and conformance suites.
//!
//! Law of this room: no bodies. A port names the promise; `store/`, `line/` and `automation/` keep
//! it. Types here may mention the domain, never a library of the outside.

pub mod archive;
pub mod assistant;
pub mod connector;
pub mod knowledge;
pub mod media;
pub mod messenger;
pub mod spool;
pub mod store;
pub mod understand;
