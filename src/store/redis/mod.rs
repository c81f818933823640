//! A body of the store port on a Redis server, 6.2 or newer (or Valkey).
//!
//! Law of this room: one commit is one script on the keys of one partition, and every script may be
//! sent twice. What is unknown is asked again with the same bytes, for a bounded time, and then told
//! as unknown; nothing here guesses. No command touches keys of two partitions, so that the same
//! keys can lie on many servers one day; today one server is spoken to.
//!
//! * `options` what can be asked for, and why opening is refused; `open` opens
//! * `tags`, `keys`, `names` how entities are spread, and what everything is called
//! * `scripts` (and `lua/`) what the server does; `reply` reads what it says
//! * `link` a connection that is replaced when it is in doubt; `errors` the one table of what to do
//! * `asking` sends until there is an answer; `lanes` keeps the commits of one entity in order
//! * `feed`, `due`, `lists`, `pages`, `scan` what spans partitions; `clock` store time; `upkeep` looks after both
//! * `presence` and `roll` who is there and who is gone; `hints` what nodes tell each other; `shared`
//!   these, leases and budgets as the port has them
//! * `handle` the store as others hold it

mod asking;
mod clock;
mod core;
mod due;
mod errors;
mod feed;
mod handle;
mod hints;
mod keys;
mod lanes;
mod link;
mod lists;
mod names;
mod open;
mod options;
mod pages;
mod presence;
mod reply;
mod roll;
mod scan;
mod scripts;
mod shared;
mod tags;
mod upkeep;

pub use handle::Redis;
pub use options::{OpenError, Options};
pub use tags::{slot, tags};
