//! What every conversation on this node uses.

use super::push_budget::PushBudget;
use super::retries::Retries;
use crate::domain::ids::Incarnation;
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
    /// Answers that wait for another try.
    pub retries: Retries,
}

impl Shared {
    /// Whether another incarnation is known to be gone. An embedded store is locked by one process:
    /// every other incarnation is.
    pub(super) fn is_gone(&self, other: Incarnation) -> bool {
        other != self.store.incarnation()
    }
}
