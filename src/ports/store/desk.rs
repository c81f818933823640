//! The desk's generation: a token that says whether the agents' lists are still what they were.

use crate::domain::commit::Revision;
use std::fmt;

/// What the desk was when it was asked for. Two are equal if no desk row changed between them, and
/// differ if one did. They have no order and are not counted: a store that lost its newest commits would
/// give a number twice.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct DeskGeneration(pub [u8; 16]);

impl DeskGeneration {
    /// The token that a commit which changes a desk row leaves: the beginning of its own.
    pub fn token(changed_by: &Revision) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = changed_by.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// The generation of a desk in one piece, by the last token.
    pub fn of(token: u64) -> DeskGeneration {
        DeskGeneration(u128::from(token).to_le_bytes())
    }
}

impl fmt::Debug for DeskGeneration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "desk:{:032x}", u128::from_be_bytes(self.0))
    }
}
