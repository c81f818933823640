//! Ids already applied: the same webhook event may come twice, with or without redelivery.
//!
//! Old ids are forgotten behind a *watermark*: the greatest LINE timestamp among the forgotten. An
//! unknown event at or below it may be one we forgot, so it is recorded as late and not answered.

use crate::domain::ids::Fingerprint;
use crate::domain::time::{Millis, Span};

/// How long an id is remembered.
pub const SEEN_LIFE: Span = Span::mins(60);
/// How many ids are remembered.
pub const SEEN_MAX: usize = 256;

/// What the memory says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Never seen: now remembered.
    New,
    /// Never seen, but older than what was forgotten: now remembered.
    Late,
    /// Applied before.
    Duplicate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) id: Fingerprint,
    pub(super) at: Millis,
}

/// The ids, in the order they were applied, and the watermark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) marks: Vec<Mark>,
    pub(super) watermark: Millis,
}

impl Seen {
    /// Remembers an event; tells whether it may be decided on.
    pub(super) fn mark(&mut self, id: Fingerprint, at: Millis, now: Millis) -> Verdict {
        if self.marks.iter().any(|mark| mark.id == id) {
            return Verdict::Duplicate;
        }
        let late = at <= self.watermark && self.watermark > Millis(0);
        self.marks.push(Mark { id, at });
        self.forget(now);
        if late { Verdict::Late } else { Verdict::New }
    }

    /// LINE's time of the newest event that is remembered.
    pub(super) fn newest(&self) -> Millis {
        let times = self.marks.iter().map(|mark| mark.at);
        times.max().unwrap_or_default()
    }

    /// Forgets ids that are old or too many. The newest is always kept: a redelivery of an event
    /// that is itself hours old must still be recognised.
    fn forget(&mut self, now: Millis) {
        let surplus = self.marks.len().saturating_sub(SEEN_MAX);
        let newest = self.marks.len() - 1;
        let mut index = 0;
        let mut watermark = self.watermark;
        self.marks.retain(|mark| {
            let keep = index == newest || (index >= surplus && now.since(mark.at) < SEEN_LIFE);
            index += 1;
            if !keep {
                watermark = watermark.max(mark.at);
            }
            keep
        });
        self.watermark = watermark;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_event_is_applied_once() {
        let mut seen = Seen::default();
        assert_eq!(
            seen.mark(Fingerprint(1), Millis(5), Millis(5)),
            Verdict::New
        );
        assert_eq!(
            seen.mark(Fingerprint(1), Millis(5), Millis(6)),
            Verdict::Duplicate
        );
    }

    #[test]
    fn an_unknown_event_below_the_watermark_is_late() {
        let mut seen = Seen::default();
        seen.mark(Fingerprint(1), Millis(1_000), Millis(1_000));
        let later = Millis(1_000) + SEEN_LIFE;
        seen.mark(Fingerprint(2), later, later);
        assert_eq!(seen.watermark, Millis(1_000));
        assert_eq!(seen.mark(Fingerprint(3), Millis(900), later), Verdict::Late);
        assert_eq!(
            seen.mark(Fingerprint(4), Millis(1_001), later),
            Verdict::New
        );
    }

    #[test]
    fn a_redelivery_of_an_old_event_is_recognised() {
        let mut seen = Seen::default();
        let now = Millis(1_000) + SEEN_LIFE + SEEN_LIFE;
        assert_eq!(seen.mark(Fingerprint(1), Millis(1_000), now), Verdict::New);
        assert_eq!(
            seen.mark(Fingerprint(1), Millis(1_000), now),
            Verdict::Duplicate
        );
    }

    #[test]
    fn memory_is_bounded() {
        let mut seen = Seen::default();
        for i in 0..1_000u64 {
            seen.mark(Fingerprint(i), Millis(i), Millis(i));
        }
        assert_eq!(seen.marks.len(), SEEN_MAX);
        assert_eq!(seen.watermark, Millis(1_000 - SEEN_MAX as u64 - 1));
    }
}
