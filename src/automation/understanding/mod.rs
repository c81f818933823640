//! Understanding: what a customer's words mean, by words and examples of the config.
//!
//! | file | what |
//! |---|---|
//! | `corpus` | what the config teaches |
//! | `tokens` | a folded text in pieces |
//! | `sound` | syllables: right sound, wrong character |
//! | `shape` | one wrong character |
//! | `lexicon` | words that mean something |
//! | `guards` | negation |
//! | `particles` | words that change nothing |
//! | `scan` | one look at a text |
//! | `features` | what the classifier sees |
//! | `model` | the classifier |
//! | `training` | teaching and calibrating it |
//! | `cues` | what words do in a dialogue |
//! | `reader` | built, taught and asked |
//! | `decision` | what the shares mean |
//! | `kept` | readers that were taught |
//!
//! Law of this folder: a pure function of config and text. No clock, no chance: the same files and the
//! same text are read the same way by every process.

pub mod corpus;
pub mod cues;
mod decision;
pub mod features;
pub mod guards;
pub mod kept;
pub mod lexicon;
pub mod model;
pub mod particles;
pub mod reader;
pub mod scan;
pub mod shape;
pub mod sound;
pub mod tokens;
pub mod training;
