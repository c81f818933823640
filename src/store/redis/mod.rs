//! A body of the store port on a Redis server, 6.2 or newer (or Valkey).
//!
//! Law of this room: one commit is one script on the keys of one partition, and every script may be
//! sent twice. What is unknown is asked again with the same bytes, for a bounded time, and then told
//! as unknown; nothing here guesses. No command touches keys of two partitions, so the partitions lie
//! on one server or on many, and who has which may change at any time.
//!
//! * `options` what can be asked for, and why opening is refused; `open` opens, with `durability`
//!   (what the servers do with what they are told) and `card` (whose store they hold)
//! * `tags`, `keys`, `names` how entities are spread, and what everything is called
//! * `scripts` (and `lua/`) what the server does; `reply` and `info` read what it says
//! * `servers` who the masters are, by `sentinel` or `slots`; `master` one of them; `address` how it
//!   is reached; `link` a connection that is replaced when it is in doubt
//! * `errors` the one table of what to do; `asking` sends until there is an answer
//! * `lanes` keeps the commits of one entity in order; `job` one that is under way; `batch` sends many
//!   in one go
//! * `feed`, `due`, `lists`, `pages`, `scan` what spans partitions; `clock` store time; `upkeep` looks
//!   after all; `unread` says what was left out
//! * `presence` and `roll` who is there and who is gone; `hints` what nodes tell each other; `nodes`
//!   these, leases and budgets as the port has them
//! * `handle` the store as others hold it

mod address;
mod asking;
mod batch;
mod card;
mod clock;
mod core;
mod due;
mod durability;
mod errors;
mod feed;
mod handle;
mod hints;
mod info;
mod job;
mod keys;
mod lanes;
mod link;
mod lists;
mod master;
mod names;
mod nodes;
mod open;
mod options;
mod pages;
mod presence;
mod reply;
mod roll;
mod scan;
mod scripts;
mod sentinel;
mod servers;
mod slots;
mod tags;
mod unread;
mod upkeep;

pub use handle::Redis;
pub use open::{Survey, examine};
pub use options::{Durability, Figures, NoFigures, OpenError, Options, Servers};
pub use tags::{slot, tags};
