//! LINE's wire types, as LINE writes them: what comes in, what goes out, what is allowed.
//!
//! Law of this room: shapes and limits only, each limit a named constant with its source; no I/O
//! and no decisions. Incoming JSON is read with the greatest tolerance, outgoing JSON is checked
//! with the greatest severity.

pub mod api;
pub mod event;
pub mod message;
pub mod rich_menu;
