//! Supervised workers with one duty each: intent, assistant; transfer joins later.
//!
//! Law of this room: `actix::Supervisor` does not see a panic (the mailbox of a panicking actor
//! closes for good), so the [`supervisor`] here owns a factory, looks every heartbeat, and replaces
//! what died, with backoff. A stage always answers: what its worker cannot, it answers itself.

pub mod assistant;
pub mod intent;
pub mod supervisor;
