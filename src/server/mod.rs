//! The listeners: public (webhook; console and media join later) and internal (metrics, health,
//! admin), the latter also on the admin socket in the data folder.
//!
//! Law of this room: HTTP in, HTTP out; nothing is decided. The internal listener must not be
//! reachable by customers.

pub mod conversations;
pub mod internal;
pub mod public;
pub mod status;
pub mod unmatched;
