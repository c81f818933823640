//! Random draws: revisions and attempt ids. The core is handed them.

use crate::domain::commit::Revision;
use crate::domain::ids::AttemptId;
use std::cell::RefCell;

const POOL_BYTES: usize = 4_096;

/// A random draw of the operating system, at most 4,096 bytes.
pub(super) fn draw<const N: usize>() -> [u8; N] {
    thread_local! {
        /// A system call serves many draws; a byte is handed out once.
        static POOL: RefCell<(usize, [u8; POOL_BYTES])> =
            const { RefCell::new((POOL_BYTES, [0; POOL_BYTES])) };
    }
    POOL.with_borrow_mut(|(used, pool)| {
        if *used + N > POOL_BYTES {
            getrandom::fill(pool).expect("the operating system gives random bytes");
            *used = 0;
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(&pool[*used..*used + N]);
        *used += N;
        bytes
    })
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
