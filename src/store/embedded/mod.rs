//! The embedded store: a folder beside the program, no server.
//!
//! Law of this room: the *log* (one append and one `fdatasync` per batch of commits) is what makes a
//! commit durable; the *table* (SQLite) is where entities rest, written at checkpoints, sorted and
//! coalesced, by a second thread. What lies between is the overlay in memory, rebuilt from the log
//! at open. One writer thread decides and appends; nobody else changes anything. An error of the
//! disk means *unknown*: the writer stops, fails every waiter and calls [`Options::on_fatal`].
//!
//! Why not plain SQLite transactions, and what was measured: `docs/adr/003-embedded-store-engine.md`.

mod alone;
mod bounds;
mod clock;
mod codec;
mod core;
mod due;
mod feed;
mod guard;
mod handle;
mod identity;
mod judge;
mod keeper;
mod known;
mod list;
mod log;
mod options;
mod overlay;
mod pace;
mod queue;
mod recover;
mod replay;
mod rows;
mod scan;
mod table;
mod ticket;
mod verify;
mod witness;
mod writer;

pub use guard::{FolderLock, unusable};
pub use handle::Embedded;
pub use list::{all_at_rest, must_exist};
pub use options::{NoObserver, Observer, OpenError, Options, Tuning};
pub use verify::{Report, deep_verify};
