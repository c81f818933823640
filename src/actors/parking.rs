//! Conversations left alone for a while: their value cannot be read, or they die when woken.

use crate::domain::ids::ConversationKey;
use crate::domain::time::{Millis, Span};
use dashmap::DashMap;

/// How long the first time; doubles up to [`LONGEST`] while it keeps failing.
const FIRST: Span = Span::secs(5);
const LONGEST: Span = Span::mins(10);

struct Parked {
    until: Millis,
    pause: Span,
    why: Box<str>,
}

/// Who is parked, and until when.
#[derive(Default)]
pub(super) struct Parking {
    parked: DashMap<ConversationKey, Parked>,
}

impl Parking {
    /// Whether a conversation is to be left alone now.
    pub(super) fn is_parked(&self, key: &ConversationKey, now: Millis) -> bool {
        !self.parked.is_empty()
            && self
                .parked
                .get(key)
                .is_some_and(|parked| now < parked.until)
    }

    /// Leaves a conversation alone, longer each time; returns for how long.
    pub(super) fn park(&self, key: &ConversationKey, why: &str, now: Millis) -> Span {
        let before = self.parked.get(key).map(|parked| parked.pause);
        let pause = before.map_or(FIRST, |pause| Span((pause.0 * 2).min(LONGEST.0)));
        self.parked.insert(
            key.clone(),
            Parked {
                until: now + pause,
                pause,
                why: why.into(),
            },
        );
        pause
    }

    /// Who is left alone now, until when, and why.
    pub(super) fn list(&self, now: Millis) -> Vec<(ConversationKey, Millis, Box<str>)> {
        let parked = self.parked.iter().filter(|entry| now < entry.until);
        parked
            .map(|entry| (entry.key().clone(), entry.until, entry.why.clone()))
            .collect()
    }

    /// It works again: the next fault begins with a short pause.
    pub(super) fn leave(&self, key: &ConversationKey) {
        if !self.parked.is_empty() {
            self.parked.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ChannelId, ChatId};

    #[test]
    fn each_failure_doubles_the_pause_and_a_success_forgets_it() {
        let key = ConversationKey::new(ChannelId::new("main"), ChatId::new("U1"));
        let parking = Parking::default();
        parking.park(&key, "test", Millis(0));
        assert!(parking.is_parked(&key, Millis(FIRST.0 - 1)));
        assert!(!parking.is_parked(&key, Millis(FIRST.0)));
        parking.park(&key, "test", Millis(0));
        assert!(parking.is_parked(&key, Millis(2 * FIRST.0 - 1)));
        parking.leave(&key);
        parking.park(&key, "test", Millis(0));
        assert!(!parking.is_parked(&key, Millis(FIRST.0)));
    }
}
