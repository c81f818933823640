//! The config folder, from what people write to what the house relies on.
//!
//! Law of this room: as written, then checked, once. Every fault is found in one pass and names
//! file, line, key, what stands there and what is allowed. Unknown keys are refused. Nothing here
//! starts, listens or asks the network.

mod ai;
mod archive;
pub mod article;
pub mod channels;
pub mod connectors;
pub mod document;
pub mod fault;
mod files;
mod load;
mod placeholder;
mod redis;
pub mod secret;
pub mod section;
mod sections;
pub mod settings;
mod suggest;
pub mod units;
mod values;

pub use article::ArticleAsWritten;
pub use document::Env;
pub use fault::{Fault, Findings, Severity};
pub use files::MAX_FILE_BYTES;
pub use load::{
    AutomationAsWritten, Loaded, Site, Survey, load, load_articles, load_automation, process_env,
    site, survey,
};
pub use secret::Secret;
pub use sections::SOCKET_PATH_MAX;
pub use settings::Settings;
pub use suggest::{allowed_words, nearest};
pub use units::{BaseUrl, ByteSize, Share, parse_span};
