//! The composition root: builds the concrete things and connects them to the ports.
//!
//! Law of this room: the only place that knows which body stands behind which port. Start order
//! and drain order are lists, in [`run`]. Nothing here decides about conversations.

mod archive;
mod assistant;
mod chores;
mod door;
mod edge;
mod learning;
mod moving;
mod observe;
mod prepare;
mod refusal;
mod run;
mod spool;
mod store;

pub use assistant::assistant_stage;
pub use edge::{at_simulator, line_client, menu_spec};
pub use learning::unmatched;
pub use moving::{Moved, Target, back_up, copy, restore};
pub use prepare::{Fault, Prepared, prepare};
pub use refusal::StartError;
pub use run::{Running, Start, start};
pub use store::{StoreAtHand, examine};
