//! What every conversation on this node uses.

use super::pace::Pace;
use super::push_budget::PushBudget;
use super::retries::Retries;
use crate::domain::ids::{ChannelId, Incarnation};
use crate::ports::messenger::Messenger;
use crate::ports::store::Store;
use crate::ports::understand::{CurrentAutomation, IntentStage};
use std::sync::Arc;
use std::sync::atomic::Ordering;

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
    /// Answers that wait for another try, or for the way out.
    pub retries: Retries,
    /// How fast LINE takes answers.
    pub pace: Pace,
}

impl Shared {
    /// Sends begun and not ended, over all channels, those included that wait for their place in the
    /// push budget: the owed work that is in memory.
    pub fn in_flight(&self) -> usize {
        // In this order a push that goes from one to the other is not missed.
        let waiting = self.pushes.waiting.load(Ordering::Acquire);
        waiting + self.messenger.in_flight()
    }

    /// Answers that wait for the way out: sends begun, and those held back for it. One that LINE did
    /// not take and that rests until another try is none: while LINE is gone, customers' messages are
    /// taken in all the same.
    pub fn owed(&self) -> usize {
        self.in_flight() + self.retries.held()
    }

    /// How many may be owed before new work is refused: what LINE takes in [`PATIENCE`](super::pace::PATIENCE) at the
    /// pace of the last second, and never less than `least`.
    pub fn most_owed(&self, least: usize) -> usize {
        self.pace.most_owed(self.store.now()).max(least)
    }

    /// LINE answered a send of the channel: the next in its line are called.
    pub(super) fn answered(&self, channel: &ChannelId) {
        self.pace.answered(self.store.now());
        self.retries.answered(channel, self.messenger.room(channel));
    }

    /// Whether another incarnation is known to be gone. An embedded store is locked by one process:
    /// every other incarnation is.
    pub(super) fn is_gone(&self, other: Incarnation) -> bool {
        other != self.store.incarnation()
    }
}
