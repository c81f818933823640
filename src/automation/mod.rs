//! The automation: understanding, keyword rules, greetings, the fallback and the rich menu.
//!
//! Law of this room: bodies of `ports::understand` and `domain::playbook`, built whole from the
//! config as written or not at all, immutable afterwards. No network, no clock; files are read at
//! build time only.

mod as_json;
pub mod current;
pub mod dialogues;
mod digest;
pub mod engine;
mod explanation;
pub mod flows;
pub mod fold;
pub mod hours;
pub mod knowledge;
pub mod learning;
mod lessons;
pub mod matcher;
pub mod menu;
mod messages;
pub mod phrases;
mod postbacks;
mod reach;
mod rules;
pub mod schedule;
mod shorthand;
mod singles;
mod synonyms;
pub mod understanding;
pub mod variables;
mod wording;

pub use current::Current;
pub use engine::Engine;
pub use explanation::{Explanation, Found};
pub use knowledge::Knowledge;
pub use menu::RichMenu;
