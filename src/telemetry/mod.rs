//! What operators see: the one catalogue of metrics, and the logging set-up.
//!
//! Law of this room: a metric exists because it stands in [`catalogue`]; the raw `metrics` macros
//! are used in [`meter`] only (kept by `clippy.toml`). No label holds an id, a name or a text. Log
//! lines are lower case, without a full stop, with structured fields, and never with customers'
//! words.

pub mod catalogue;
pub mod logging;
pub mod meter;
