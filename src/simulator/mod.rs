//! A faithful LINE platform: for `hotline demo`, for tests, for the load generator.
//!
//! Law of this room: **LINE's rules, not ours.** It knows nothing of the router (it may import only
//! `line_wire` and `domain`), so that a mistake in the router cannot hide in a shared helper. The
//! core ([`Platform`]) is synchronous, has no runtime and takes time from an injected clock; the
//! shell (`http`, `sender`) only carries bytes. Load is never aimed at LINE: it is aimed here.

mod access;
mod acting;
pub mod actions;
pub mod api;
pub mod assistant;
mod chats;
mod clock;
pub mod endpoints;
pub mod events;
pub mod faults;
mod http;
mod ids;
pub mod journal;
pub mod ledger;
pub mod media;
mod minting;
pub mod options;
pub mod orders;
pub mod page;
mod people;
mod platform;
mod quota;
mod rate;
mod retry;
mod richmenu;
mod run;
mod sender;
mod summary;
mod tapping;
mod thread;
mod tokens;
pub mod validate;
mod watch;

pub use actions::{Action, ActionError};
pub use chats::ThreadView;
pub use clock::Clock;
pub use events::Minted;
pub use faults::{Fault, Faults};
pub use journal::{Call, Delivered, Journal, JournalEntry, Told, WebhookCall, What};
pub use ledger::{Ledger, Verdict};
pub use options::{ChannelOptions, Delivery, Options, Quota, Rates};
pub use people::CustomerView;
pub use platform::{Channel, Platform};
pub use run::{RunningSimulator, Simulator, SimulatorThread};
pub use thread::{Entry, From};
