//! The witness between deciding and acting.

use std::fmt;

/// The random token of one commit. Two writers never draw the same one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Revision(pub [u8; 16]);

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "r{:02x}{:02x}{:02x}{:02x}",
            self.0[0], self.0[1], self.0[2], self.0[3]
        )
    }
}

/// Proof that a commit is durable. Effects may leave only against it.
///
/// Only bodies of the store (and nobody else: `tests/architecture.rs`) call [`Committed::attest`].
#[derive(Debug)]
pub struct Committed {
    revision: Revision,
}

impl Committed {
    /// Attests that the commit with this revision is durable. For store bodies only.
    pub fn attest(revision: Revision) -> Committed {
        Committed { revision }
    }

    /// The revision now stored.
    pub fn revision(&self) -> Revision {
        self.revision
    }
}
