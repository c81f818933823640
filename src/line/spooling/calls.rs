//! Whose turn it is to be drained: conversations that may be delivered now, those that rest after a
//! try that failed. What a try costs is the same however many wait.
//!
//! Channels take turns, so that one whose answers LINE does not take keeps no other waiting; within a
//! channel whoever was called last comes first: his reply token is the freshest.

use super::lock;
use crate::domain::ids::{ChannelId, ConversationKey};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Mutex;
use std::time::Instant;

/// Who is called, and who rests; each conversation is in it once at most.
#[derive(Default)]
pub(super) struct Calls(Mutex<Book>);

#[derive(Default)]
struct Book {
    /// No list is empty.
    ready: BTreeMap<ChannelId, VecDeque<ConversationKey>>,
    /// By the end of their pause; the number tells apart those of one moment.
    resting: BTreeMap<(Instant, u64), ConversationKey>,
    numbers: u64,
    /// The channel that had its turn last.
    last: Option<ChannelId>,
}

impl Calls {
    /// It may be drained.
    pub(super) fn call(&self, key: ConversationKey) {
        let mut book = lock(&self.0);
        let channel = book.ready.entry(key.channel.clone()).or_default();
        channel.push_back(key);
    }

    /// It is tried again at that time.
    pub(super) fn rest(&self, key: ConversationKey, until: Instant) {
        let mut book = lock(&self.0);
        book.numbers += 1;
        let place = (until, book.numbers);
        book.resting.insert(place, key);
    }

    /// The next whose channel takes answers. Of the others nothing is known afterwards, and nobody
    /// looked at them.
    pub(super) fn next(&self, is_open: impl Fn(&ChannelId) -> bool) -> Option<ConversationKey> {
        let mut book = lock(&self.0);
        book.rouse(Some(Instant::now()));
        book.next(&is_open)
    }

    /// As [`Calls::next`]; when nobody is ready, who rests and has the shortest pause left.
    pub(super) fn soonest(&self, is_open: impl Fn(&ChannelId) -> bool) -> Option<ConversationKey> {
        let mut book = lock(&self.0);
        book.rouse(Some(Instant::now()));
        book.next(&is_open).or_else(|| {
            let mut resting = book.resting.iter();
            let place = *resting.find(|(_, key)| is_open(&key.channel))?.0;
            book.resting.remove(&place)
        })
    }

    /// The store takes events again: no pause is waited out.
    pub(super) fn rouse_all(&self) {
        lock(&self.0).rouse(None);
    }
}

impl Book {
    fn next(&mut self, is_open: impl Fn(&ChannelId) -> bool) -> Option<ConversationKey> {
        let open = |channel: &&ChannelId| is_open(channel);
        let next = match &self.last {
            None => self.ready.keys().find(open),
            Some(last) => {
                let after = self.ready.range((Excluded(last), Unbounded));
                let others = self.ready.range(..=last);
                let mut in_turn = after.chain(others).map(|(channel, _)| channel);
                in_turn.find(open)
            }
        };
        let channel = next?.clone();
        let ready = self.ready.get_mut(&channel)?;
        let key = ready.pop_back();
        if ready.is_empty() {
            self.ready.remove(&channel);
        }
        self.last = Some(channel);
        key
    }

    /// Those whose pause is over are ready, behind whoever is. `None`: all of them.
    fn rouse(&mut self, now: Option<Instant>) {
        while let Some(first) = self.resting.first_entry() {
            if now.is_some_and(|now| first.key().0 > now) {
                return;
            }
            let key = first.remove();
            let channel = self.ready.entry(key.channel.clone()).or_default();
            channel.push_front(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ChatId;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(3_600);

    fn key(channel: &str, chat: &str) -> ConversationKey {
        ConversationKey::new(ChannelId::new(channel), ChatId::new(chat))
    }

    fn named(key: Option<ConversationKey>) -> String {
        key.map_or_else(|| "nobody".to_owned(), |key| key.to_string())
    }

    #[test]
    fn channels_take_turns_and_the_freshest_comes_first() {
        let calls = Calls::default();
        for (channel, chat) in [("a", "U1"), ("a", "U2"), ("b", "U3"), ("b", "U4")] {
            calls.call(key(channel, chat));
        }
        let order: Vec<String> = (0..5).map(|_| named(calls.next(|_| true))).collect();
        assert_eq!(order, ["a/U2", "b/U4", "a/U1", "b/U3", "nobody"]);
    }

    #[test]
    fn a_channel_that_is_full_is_passed_over_and_loses_nobody() {
        let calls = Calls::default();
        for n in 0..1_000 {
            calls.call(key("full", &format!("U{n}")));
        }
        calls.call(key("open", "U1"));
        let open = |channel: &ChannelId| channel.as_str() == "open";
        assert_eq!(named(calls.next(open)), "open/U1");
        assert_eq!(named(calls.next(open)), "nobody");
        assert_eq!(named(calls.soonest(open)), "nobody");
        let asked = std::cell::Cell::new(0);
        let never = |_: &ChannelId| {
            asked.set(asked.get() + 1);
            false
        };
        assert_eq!(named(calls.next(never)), "nobody");
        assert_eq!(asked.get(), 1, "asked once, not for everyone who waits");
        for n in (0..1_000).rev() {
            assert_eq!(named(calls.next(|_| true)), format!("full/U{n}"));
        }
    }

    #[test]
    fn who_rests_is_called_when_the_pause_is_over_or_by_a_try() {
        let calls = Calls::default();
        let now = Instant::now();
        calls.rest(key("a", "later"), now + LONG * 2);
        calls.rest(key("a", "sooner"), now + LONG);
        calls.rest(key("a", "over"), now);
        assert_eq!(named(calls.next(|_| true)), "a/over");
        assert_eq!(named(calls.next(|_| true)), "nobody");
        assert_eq!(named(calls.soonest(|_| true)), "a/sooner");
        assert_eq!(named(calls.next(|_| true)), "nobody");
        calls.rouse_all();
        assert_eq!(named(calls.next(|_| true)), "a/later");
    }
}
