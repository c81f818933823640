//! What every conversation on this node uses.

use super::push_budget::PushBudget;
use crate::domain::commit::Revision;
use crate::domain::ids::{AttemptId, Incarnation};
use crate::ports::messenger::Messenger;
use crate::ports::store::Store;
use crate::ports::understand::{CurrentAutomation, IntentStage};
use std::sync::Arc;

/// The ports a conversation works with. One value per process, behind an [`Arc`].
pub struct Shared {
    /// Where the truth is.
    pub store: Arc<dyn Store>,
    /// The way out to LINE.
    pub messenger: Arc<dyn Messenger>,
    /// The automation in force.
    pub automation: Arc<dyn CurrentAutomation>,
    /// Understanding under supervision.
    pub intent: Arc<dyn IntentStage>,
    /// The hourly budget of automatic pushes.
    pub pushes: PushBudget,
}

impl Shared {
    /// Whether another incarnation is known to be gone. An embedded store is locked by one process:
    /// every other incarnation is.
    pub(super) fn is_gone(&self, other: Incarnation) -> bool {
        other != self.store.incarnation()
    }
}

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
