//! Random draws: revisions and attempt ids. The core is handed them.

use crate::domain::commit::Revision;
use crate::domain::ids::AttemptId;

/// A random draw of the operating system.
pub(super) fn draw<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A fresh revision.
pub(super) fn revision() -> Revision {
    Revision(draw())
}

/// A fresh revision and a fresh base for attempt ids: one question to the system for both.
pub(super) fn tokens() -> (Revision, AttemptId) {
    let bytes: [u8; 24] = draw();
    let (revision, attempt) = bytes.split_at(16);
    let whole = "halves of a fixed size";
    (
        Revision(revision.try_into().expect(whole)),
        AttemptId(u64::from_le_bytes(attempt.try_into().expect(whole))),
    )
}
