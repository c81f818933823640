//! What every conversation on this node uses.

use super::lines::Lines;
use super::push_budget::PushBudget;
use crate::domain::ids::{ChannelId, Incarnation};
use crate::ports::assistant::AssistantStage;
use crate::ports::connector::Connectors;
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
    /// The assistant; `None`: whatever it is asked it does not answer.
    pub assistant: Option<Arc<dyn AssistantStage>>,
    /// The way to other systems; `None`: every call fails.
    pub connectors: Option<Arc<dyn Connectors>>,
    /// The hourly budget of automatic pushes.
    pub pushes: PushBudget,
    /// Answers that wait for LINE.
    pub lines: Lines,
}

impl Shared {
    /// Sends begun and not ended, over all channels, those included that wait for their place in the
    /// push budget: the owed work that is in memory.
    pub fn in_flight(&self) -> usize {
        // In this order a push that goes from one to the other is not missed.
        let waiting = self.pushes.waiting.load(Ordering::Acquire);
        waiting + self.messenger.in_flight()
    }

    /// Whether new work of a channel must be refused: too many sends are begun, or so many answers of
    /// the channel are held back that one more would outlive its token. What LINE did not take and
    /// rests until another try is not counted: while LINE is gone, messages are taken in all the same.
    pub fn is_full(&self, channel: &ChannelId, least: usize) -> bool {
        self.in_flight() > least || self.lines.is_full(channel, least, self.store.now())
    }

    /// Whether a call that begins now would leave at once and overtake nobody. Who was called has
    /// his turn.
    pub(super) fn is_way_free(&self, channel: &ChannelId, was_called: bool) -> bool {
        self.messenger.room(channel) > 0 && (was_called || !self.lines.is_crowded(channel))
    }

    /// LINE answered a send of the channel: the next in its line are called.
    pub(super) fn answered(&self, channel: &ChannelId, accepted: bool) {
        let room = self.messenger.room(channel);
        self.lines
            .answered(channel, accepted, self.store.now(), room);
    }

    /// Whether another incarnation is known to be gone.
    pub(super) fn is_gone(&self, other: Incarnation) -> bool {
        self.store.is_gone(other)
    }
}
