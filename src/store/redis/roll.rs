//! What lists of the nodes present prove about who is gone. Reckoning only: the moments are handed in.
//!
//! A list proves that somebody is gone only when it was asked for after he was first seen or asked
//! about, and when it came out of a time without gaps: after an outage nobody's sign is there until
//! he has found the server again, so for the length of a presence nothing is concluded then, and just
//! so after the start.

use crate::domain::ids::Incarnation;
use crate::domain::time::{Millis, Span};
use crate::ports::store::{Node, PRESENCE_LIFE};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// Lists further apart than this have a gap between them: a sign was missed.
const GAP: Duration = Duration::from_secs(2);
/// A node that has not joined so long after its birth is not let in, ms.
pub const JOINS_WITHIN: u64 = 5_000;
/// Incarnations asked about that are remembered; with more, all are asked about anew.
const ASKED_MAX: usize = 4_096;
/// After the end of a presence, before the list is read to see it.
const AFTER: Duration = Duration::from_millis(5);

/// What a list says of a node.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The highest level it reads.
    pub level: u32,
    /// How long its presence lasted from then, ms.
    pub left: u64,
}

/// A list of the nodes present.
pub type List = BTreeMap<Incarnation, Seen>;

/// An incarnation born at this server time: seconds and 32 random bits. So it tells that a node had
/// joined before a list was read, also to one who never saw it.
pub fn born(at: Millis, draw: u32) -> Incarnation {
    Incarnation((at.0 / 1_000) << 32 | u64::from(draw))
}

/// Whether a node that ever joined had done so by a server time.
fn had_joined(node: Incarnation, by: Millis) -> bool {
    // Its birth is cut to a second.
    (node.0 >> 32) * 1_000 + 1_000 + JOINS_WITHIN < by.0
}

/// What is known.
pub struct Roll {
    own: Incarnation,
    list: List,
    /// When the list was asked for.
    sent: Option<Instant>,
    /// The server's time when it was made.
    time: Millis,
    /// Lists asked for from here on prove something.
    proves_from: Option<Instant>,
    /// Who is not on the list and was asked about, or seen on an earlier one.
    missed: HashMap<Incarnation, Missed>,
    departures: u64,
}

struct Missed {
    since: Instant,
    is_gone: bool,
}

impl Roll {
    /// Nothing is known.
    pub fn new(own: Incarnation) -> Roll {
        Roll {
            own,
            list: List::new(),
            sent: None,
            time: Millis(0),
            proves_from: None,
            missed: HashMap::new(),
            departures: 0,
        }
    }

    /// Learns a list that was asked for at `sent`; `lapsed`: this node was not on it itself. Answers
    /// who is newly known to be gone.
    pub fn learn(
        &mut self,
        (list, time): (List, Millis),
        sent: Instant,
        lapsed: bool,
    ) -> Vec<Incarnation> {
        self.time = time;
        let is_gap = self.sent.is_none_or(|last| sent - last > GAP);
        if is_gap || lapsed {
            self.proves_from = Some(sent + PRESENCE_LIFE.std());
        }
        self.missed.retain(|other, _| !list.contains_key(other));
        for other in self.list.keys().filter(|other| !list.contains_key(other)) {
            // Seen on the list before: this one was asked for later.
            self.missed.entry(*other).or_insert(Missed {
                since: self.sent.unwrap_or(sent),
                is_gone: false,
            });
        }
        self.list = list;
        self.sent = Some(sent);
        let mut gone = Vec::new();
        if self.proves_from.is_some_and(|from| sent >= from) {
            for (other, missed) in &mut self.missed {
                if !missed.is_gone && missed.since < sent {
                    missed.is_gone = true;
                    gone.push(*other);
                }
            }
        }
        self.departures += gone.len() as u64;
        gone
    }

    /// Whether an incarnation is known to be gone; `Err`: the list must be read to know.
    pub fn is_gone(&mut self, other: Incarnation, now: Instant) -> Result<bool, ()> {
        if other == self.own || self.list.contains_key(&other) {
            return Ok(false);
        }
        if self.missed.len() >= ASKED_MAX && !self.missed.contains_key(&other) {
            self.missed.clear();
        }
        let proves = self.sent.zip(self.proves_from);
        let proves = proves.is_some_and(|(sent, from)| sent >= from);
        let missed = self.missed.entry(other).or_insert(Missed {
            since: now,
            // The list is younger than its joining: whoever asks need not ask again.
            is_gone: proves && had_joined(other, self.time),
        });
        // A list read after the question is there already, and will prove something when all have had
        // time to come back.
        let is_answered = self.sent.is_some_and(|sent| missed.since < sent);
        match missed.is_gone || is_answered {
            true => Ok(missed.is_gone),
            false => Err(()),
        }
    }

    /// How long until the list is to be read again: at the usual time, or sooner, when a presence ends,
    /// or when a list begins to prove something to those who asked.
    pub fn pause(&self, now: Instant, usual: Duration) -> Duration {
        let others = self.list.iter().filter(|(other, _)| **other != self.own);
        let ends = others.filter_map(|(_, seen)| {
            let left = Duration::from_millis(seen.left);
            Some(self.sent? + left + AFTER)
        });
        let is_asked = self.missed.values().any(|missed| !missed.is_gone);
        let proves = self.proves_from.filter(|from| is_asked && *from > now);
        let next = ends.chain(proves).min();
        next.map_or(usual, |next| next.saturating_duration_since(now).min(usual))
    }

    /// Who is there.
    pub fn nodes(&self, now: Instant) -> Vec<Node> {
        let since = self.sent.map_or(Duration::ZERO, |sent| now - sent);
        let nodes = self.list.iter();
        let node = |(incarnation, seen): (&Incarnation, &Seen)| Node {
            incarnation: *incarnation,
            level: seen.level,
            age: Span(PRESENCE_LIFE.0.saturating_sub(seen.left) + since.as_millis() as u64),
        };
        nodes.map(node).collect()
    }

    /// How many have been found gone.
    pub fn departures(&self) -> u64 {
        self.departures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000_000_000);
    // Born now: no list can tell whether they had joined.
    const OWN: Incarnation = Incarnation((1_000_000 << 32) + 1);
    const OTHER: Incarnation = Incarnation((1_000_000 << 32) + 2);

    fn list(present: &[Incarnation]) -> (List, Millis) {
        let seen = Seen {
            level: 1,
            left: 4_000,
        };
        let present = present.iter().map(|node| (*node, seen));
        (present.collect(), NOW)
    }

    /// A roll that has read a list a second, for six seconds, and the moment of the next.
    fn steady(present: &[Incarnation]) -> (Roll, Instant) {
        let (mut roll, start) = (Roll::new(OWN), Instant::now());
        for second in 0..6 {
            assert!(
                roll.learn(list(present), start + secs(second), false)
                    .is_empty()
            );
        }
        (roll, start + secs(6))
    }

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn who_was_seen_and_is_missing_is_gone() {
        let (mut roll, now) = steady(&[OWN, OTHER]);
        assert_eq!(roll.is_gone(OTHER, now), Ok(false));
        assert_eq!(roll.learn(list(&[OWN]), now, false), [OTHER]);
        assert_eq!(roll.is_gone(OTHER, now), Ok(true));
        assert_eq!(roll.departures(), 1);
        assert!(roll.learn(list(&[OWN]), now + secs(1), false).is_empty());
    }

    #[test]
    fn a_list_older_than_the_question_proves_nothing() {
        let (mut roll, now) = steady(&[OWN]);
        assert_eq!(roll.is_gone(OTHER, now), Err(()));
        // Asked for before the question, answered after it.
        roll.learn(list(&[OWN]), now - secs(1), false);
        assert_eq!(roll.is_gone(OTHER, now), Err(()));
        assert_eq!(roll.learn(list(&[OWN]), now + secs(1), false), [OTHER]);
        assert_eq!(roll.is_gone(OTHER, now), Ok(true));
    }

    #[test]
    fn one_born_long_before_the_list_and_not_on_it_is_gone_at_once() {
        let (mut roll, now) = steady(&[OWN]);
        let old = |ms| born(Millis(NOW.0 - ms), 7);
        assert_eq!(roll.is_gone(old(8_000), now), Ok(true));
        assert_eq!(roll.is_gone(old(5_000), now), Err(()), "it may join yet");
        assert_eq!(roll.departures(), 0, "nobody has to ask again");
        let mut fresh = Roll::new(OWN);
        fresh.learn(list(&[OWN]), now, false);
        assert_eq!(
            fresh.is_gone(old(8_000), now),
            Err(()),
            "others may be on their way back"
        );
    }

    #[test]
    fn after_an_outage_nobody_is_gone_until_all_had_time_to_come_back() {
        for lapsed in [false, true] {
            let (mut roll, now) = steady(&[OWN, OTHER]);
            let back = now + secs(if lapsed { 0 } else { 30 });
            assert!(roll.learn(list(&[OWN]), back, lapsed).is_empty());
            for second in 1..4 {
                assert!(
                    roll.learn(list(&[OWN]), back + secs(second), false)
                        .is_empty()
                );
                assert_eq!(roll.is_gone(OTHER, back), Ok(false));
            }
            assert_eq!(roll.learn(list(&[OWN]), back + secs(4), false), [OTHER]);
        }
    }

    #[test]
    fn who_comes_back_is_not_gone_any_more_and_this_node_never_is() {
        let (mut roll, now) = steady(&[OWN, OTHER]);
        roll.learn(list(&[]), now, false);
        assert_eq!(roll.is_gone(OTHER, now), Ok(true));
        assert_eq!(roll.is_gone(OWN, now), Ok(false));
        roll.learn(list(&[OWN, OTHER]), now + secs(1), false);
        assert_eq!(roll.is_gone(OTHER, now), Ok(false));
        assert_eq!(roll.learn(list(&[OWN]), now + secs(2), false), [OTHER]);
    }

    #[test]
    fn the_list_is_read_when_a_presence_ends() {
        let (mut roll, now) = steady(&[OWN, OTHER]);
        assert_eq!(roll.pause(now, secs(1)), secs(1));
        let mut ending = list(&[OWN, OTHER]);
        ending.0.insert(
            OTHER,
            Seen {
                level: 1,
                left: 300,
            },
        );
        roll.learn(ending, now, false);
        assert_eq!(roll.pause(now, secs(1)), Duration::from_millis(305));
        let mut fresh = Roll::new(OWN);
        fresh.learn(list(&[OWN]), now, false);
        assert_eq!(fresh.is_gone(OTHER, now), Err(()));
        let almost = now + Duration::from_millis(3_900);
        assert_eq!(fresh.pause(almost, secs(1)), Duration::from_millis(100));
    }
}
