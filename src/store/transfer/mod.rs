//! Moves what a store holds: into another store, into a file, and back.
//!
//! Law of this room: a row is moved whole and with its revision, so that putting it twice is putting it
//! once and whoever knew the entity still does. What was read and what has arrived is counted apart
//! and compared; a difference is an error, never a remark. Nothing is overwritten: a target holds the
//! same row, or nothing, or the move ends. The change feed does not fit a feed that has times of its
//! own: it goes where old feed goes, into the archive, and is the caller's to put there.
//!
//! * `tally` counts rows so that two stores can be compared
//! * `rows` reads all rows of a store, and puts rows into one
//! * `frame` the form in a file; `file` writes and reads a backup

mod file;
mod frame;
mod rows;
mod tally;

pub use file::{Kept, Reader, Saved, Writer};
pub use rows::{is_empty, put_all, read_all, records};
pub use tally::Tally;
