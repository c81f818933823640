//! The LINE edge: what comes in is verified and split, what goes out is one call per effect.
//!
//! Law of this room: nothing is decided here. A webhook becomes events, a dispatch becomes one
//! HTTP call and one outcome; retries, fallbacks and order belong to the core. LINE's limits are
//! named constants in `line_wire`. Load is never aimed at LINE.

pub mod api;
pub mod breaker;
mod finish;
pub mod http;
pub mod inbound;
pub mod limiter;
pub mod profile;
pub mod quota;
pub mod rich_menu;
pub mod sender;
pub mod signature;
pub mod spooling;
pub mod tokens;
pub mod webhook;
