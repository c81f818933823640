//! The config folder, from what people write to what the house relies on.
//!
//! Law of this room: as written, then checked, once. Every fault is found in one pass and names
//! file, line, key, what stands there and what is allowed. Unknown keys are refused. Nothing here
//! starts, listens or asks the network.

pub mod secret;
pub mod settings;
pub mod units;

pub use secret::Secret;
pub use settings::Settings;
pub use units::{BaseUrl, ByteSize, Share};
