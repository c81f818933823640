//! The moment of a decision: what the shell hands in because the core never asks.

use crate::domain::ids::{AttemptId, Incarnation};
use crate::domain::time::Millis;

/// The moment of a decision: time and randomness as arguments.
pub struct Now<'a> {
    /// Store time.
    pub time: Millis,
    /// Wall time: what people's clocks show, for opening hours.
    pub wall: Millis,
    /// This life of this process.
    pub incarnation: Incarnation,
    /// A random draw: the base of the attempt ids of this decision.
    pub attempt: AttemptId,
    /// Whether another incarnation is known to be gone.
    pub is_gone: &'a dyn Fn(Incarnation) -> bool,
    /// Whether a call of this incarnation is in hand: begun, or its outcome waits to be applied. An
    /// actor that died took its calls with it; nobody will ever tell how they ended.
    pub is_in_hand: &'a dyn Fn(AttemptId) -> bool,
    /// Whether a call that begins now would leave at once. `false`: so many wait for the channel's
    /// way out that an answer had better wait where waiting costs nothing.
    pub way_is_free: bool,
}

impl Now<'_> {
    /// The attempt id of a call that begins with this effect: no two calls of one decision share it.
    pub(super) fn attempt_for(&self, effect: u32) -> AttemptId {
        AttemptId(self.attempt.0.wrapping_add(u64::from(effect)))
    }

    /// Whether nobody will ever tell how what this attempt began has ended.
    pub(super) fn is_lost(&self, attempt: AttemptId, incarnation: Incarnation) -> bool {
        match incarnation == self.incarnation {
            true => !(self.is_in_hand)(attempt),
            false => (self.is_gone)(incarnation),
        }
    }

    /// The attempt id of a question to the assistant.
    pub(super) fn attempt_of_question(&self) -> AttemptId {
        AttemptId(self.attempt.0.wrapping_add(1 << 33))
    }

    /// The attempt id of a call to another system.
    pub(super) fn attempt_of_call(&self) -> AttemptId {
        AttemptId(self.attempt.0.wrapping_add(1 << 34))
    }
}
