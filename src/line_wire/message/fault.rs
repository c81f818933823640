//! A fault: what LINE would refuse, where, and what it would take.

use std::fmt;

/// What is found where a property stands that LINE does not know.
pub const UNKNOWN_PROPERTY: &str = "an unknown property";

/// Something LINE would refuse, or drop without a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, as `template.actions[2].label`; empty for the message itself.
    pub path: String,
    /// What is there. Lengths and types, never a long text.
    pub found: String,
    /// What is allowed there.
    pub allowed: String,
    /// The words that may stand there, when they are few: values, or names of properties.
    pub choices: Vec<String>,
    /// The page of LINE's documentation that says so.
    pub source: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "message"
        } else {
            &self.path
        };
        write!(
            f,
            "{path}: found {}, allowed {} ({})",
            self.found, self.allowed, self.source
        )
    }
}

impl std::error::Error for Fault {}
