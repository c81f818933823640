//! One lane being drained, from being called to the end of the try.

use super::lanes::Lanes;
use crate::domain::ids::ConversationKey;
use crate::ports::spool::Held;

/// A lane that is being drained. Unless it is [drained](Turn::drained) it rests when it is dropped,
/// whatever it died of: no lane is forgotten.
pub(super) struct Turn<'a> {
    lanes: &'a Lanes,
    pub(super) key: ConversationKey,
    /// The first of what is held.
    pub(super) held: Vec<Held>,
    gone: bool,
    grows: bool,
}

impl<'a> Turn<'a> {
    pub(super) fn new(lanes: &'a Lanes, key: ConversationKey, held: Vec<Held>) -> Turn<'a> {
        Turn {
            lanes,
            key,
            held,
            gone: false,
            grows: true,
        }
    }

    /// Its entries are gone.
    pub(super) fn drained(mut self) {
        self.gone = true;
        self.lanes.drained(&self.key, &self.held);
    }

    /// It is not to blame: it rests no longer than after the try before.
    pub(super) fn is_not_to_blame(&mut self) {
        self.grows = false;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.gone {
            self.lanes.rests(&self.key, self.grows);
        }
    }
}
