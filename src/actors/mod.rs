//! Thin shells round the core: they wait, the core decides.
//!
//! Law of this room: no actor holds truth. A conversation actor is a cache and a single writer on
//! this node; killing it loses nothing that was acknowledged, because the store has it and
//! [`owed`](crate::domain::conversation::Live::owed) says what is left to do. Nothing uses
//! `do_send` (it hides that an actor is gone). **No mailbox is a bound**: actix (0.13.5) refuses only a
//! sender it has parked before, and every delivery comes with a sender of its own. What bounds a
//! conversation is its count of events waiting (`MAX_PENDING`), and this node its count of deliveries
//! being made durable ([`Limits`]); beyond either the webhook is answered 503.
//!
//! | file | who |
//! |---|---|
//! | `shared` | what every conversation on this node uses |
//! | `turn` | decide, commit, release: three consecutive steps |
//! | `wall` | what people's clocks show |
//! | `known` | what a conversation knows of its stored state, and how it makes sure |
//! | `conversation` | the actor: one turn at a time, what arrives meanwhile is folded |
//! | `resting` | what an idle conversation is told: LINE is well, leave memory |
//! | `registry` | delivers to conversation actors, heals and parks them |
//! | `slots` | who serves which conversation; starts and retires actors |
//! | `attending` | what people do with a conversation from outside |
//! | `messages` | what is said between registry and conversations |
//! | `outside` | between the core's words and the ports' |
//! | `healing` | delivers again what a death left undone; finds the event that kills |
//! | `parking` | conversations left alone for a while |
//! | `quarantine` | keeps raw what could not be decided |
//! | `sweeps`, `sweeper` | wakes what owes something: timers, recovery after a crash; its clock |
//! | `housekeeper` | archives and trims old feed, erases unsent words from the files and the archive |
//! | `archived` | feed in the archive, and how an unsend finds its words there |
//! | `lines`, `pace` | answers that wait for LINE, in line for the moment it takes others; how many may |
//! | `push_budget` | the hourly budget of automatic pushes, shared and durable |

mod archived;
mod attending;
mod conversation;
mod draw;
mod healing;
mod housekeeper;
mod known;
mod lines;
mod messages;
mod outside;
mod pace;
mod parking;
mod push_budget;
mod quarantine;
mod registry;
mod resting;
mod shared;
mod slots;
mod sweeper;
mod sweeps;
mod turn;
mod wall;

pub use archived::archive_moved;
pub use housekeeper::{Housekeeper, Turn};
pub use lines::Lines;
pub use messages::{Gate, Inbound, Refusal};
pub use push_budget::PushBudget;
pub use quarantine::{Quarantined, list as quarantined};
pub use registry::{Limits, Registry};
pub use shared::Shared;
pub use sweeper::Sweeper;
pub use sweeps::Sweeps;
