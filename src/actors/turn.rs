//! One turn of a conversation: decide, commit, release.

use super::draw::tokens;
use super::known::Known;
use super::shared::Shared;
use super::wall::wall;
use crate::domain::conversation::{
    Content, Conversation, DecodeError, Ending, Event, Fact, Kind, Live, Now, Owed, Transition,
};

use crate::domain::ids::{AttemptId, ConversationKey};
use crate::domain::playbook::Understanding;
use crate::domain::time::{Millis, Span};
use crate::ports::store::{Class, Commit, EntityKey, Error, FeedEntry, Outcome, Urgency, Write};
use crate::ports::understand::Automation;
use crate::telemetry::meter;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

/// How often a turn decides again on what another writer stored, before it gives up for now. Three
/// nodes that all have something to say lose two of three tries each: in a burst of one customer eight
/// in a row are ordinary (0.04), so many are not (2 in a million).
const MAX_CONFLICTS: usize = 32;
/// From this lost try on a turn pauses for a random time before the next, at most [`BREATH_MS`]: the
/// writers get out of step, and none is always the second.
const CROWDED: usize = 2;
/// A few commits' length.
const BREATH_MS: u32 = 8;
/// What is due within this gets a timer of its own; the rest is left to the due index. Shorter than
/// a call to LINE, so that a call that ends as it should arms none.
const SOON: Span = Span::secs(8);
/// As long as a claim can hide a conversation from the due index, with room to spare.
const CLAIMED: Span = Span::mins(2);

/// What a conversation knows of itself while it works.
pub(super) struct Core {
    pub(super) key: Arc<ConversationKey>,
    /// The key as the store knows it.
    pub(super) entity: EntityKey,
    pub(super) shared: Arc<Shared>,
    pub(super) known: Known,
}

/// Why a turn ended without being durable.
#[derive(Debug)]
pub(super) enum Failure {
    /// The store refused or failed.
    Store(Error),
    /// The stored value cannot be read by this build.
    Unreadable(DecodeError),
}

/// What a turn left to do.
#[derive(Debug, Default)]
pub(super) struct Turned {
    /// `None`: nothing was committed, so nothing new is known.
    pub(super) owed: Option<Vec<Owed>>,
    /// When to look again, if that is soon.
    pub(super) wake: Option<Millis>,
    /// An answer waits for another try or for the way out, which being called would bring nearer.
    pub(super) wants_call: bool,
    /// Since when an answer is held back for the way out: its token's arrival.
    pub(super) held: Option<Millis>,
}

/// The least pause between two looks that change nothing.
const PAUSE: Span = Span::secs(1);

/// A short pause of random length.
async fn breathe() {
    let ms = getrandom::u32().unwrap_or(0) % BREATH_MS;
    tokio::time::sleep(Duration::from_millis(ms.into())).await;
}

impl Core {
    /// Takes events in: everything they mean is durable when this returns `Ok`.
    pub(super) async fn turn(
        &mut self,
        mut events: Vec<Event>,
        in_hand: &[AttemptId],
    ) -> Result<Turned, Failure> {
        // Known from an earlier turn: in a store that others write to, it may be old.
        let mut hearsay = self.shared.store.is_shared();
        if matches!(self.known, Known::Unread) {
            self.read().await?;
            hearsay = false;
        }
        let automation = self.understand(&mut events).await;
        for lost in 0..MAX_CONFLICTS {
            // 1 decide: pure, no I/O.
            let transition = self.decide(&events, &*automation, in_hand);
            if !transition.changed() && hearsay {
                // A commit would have been compared; that there is nothing to do must be, too.
                self.read().await?;
                hearsay = false;
                continue;
            }
            if !transition.changed() {
                let received = |event: &Event| matches!(event, Event::Received(_));
                let vouched = events.iter().any(received) && self.shared.store.is_shared();
                if vouched && !self.vouch().await? {
                    continue;
                }
                meter::rejected(transition.rejected());
                return Ok(self.unchanged());
            }
            // 2 commit: one atomic, durable step.
            let commit = self.commit(&transition);
            match self
                .shared
                .store
                .commit(commit)
                .await
                .map_err(Failure::Store)?
            {
                Outcome::Committed(proof) => {
                    fail::fail_point!("actor::after_commit");
                    meter::learned(&self.key.channel, transition.facts(), transition.rejected());
                    tell(&self.key, transition.facts());
                    // 3 release: only what the store has confirmed.
                    let live = transition.release(&proof);
                    let turned = self.released(&live);
                    self.known = Known::Live(Box::new(live));
                    return Ok(turned);
                }
                Outcome::Conflict(stored) => {
                    meter::conflict();
                    self.adopt(stored)?;
                    hearsay = false;
                    if lost >= CROWDED {
                        breathe().await;
                    }
                }
            }
        }
        Err(Failure::Store(Error::Busy {
            waiting: MAX_CONFLICTS,
        }))
    }

    fn released(&self, live: &Live) -> Turned {
        Turned {
            owed: Some(live.owed(&self.key, self.shared.store.incarnation())),
            wake: self.sooner(live, self.due_within(live, SOON)),
            wants_call: live.state().wants_call(),
            held: live.state().held_since(),
        }
    }

    /// Nothing to store and nothing new to do, but what is owed later stays owed: whoever woke us
    /// before the time (recovery does) has taken us out of the due index for as long.
    fn unchanged(&self) -> Turned {
        let Known::Live(live) = &self.known else {
            return Turned::default();
        };
        // What a process that is gone asked (push budget, profile) is asked again here. A due time
        // that has passed without meaning anything yet must not spin.
        let soonest = self.shared.store.now() + PAUSE;
        let due = self.due_within(live, CLAIMED).map(|due| due.max(soonest));
        Turned {
            owed: Some(live.owed(&self.key, self.shared.store.incarnation())),
            wake: self.sooner(live, due),
            wants_call: live.state().wants_call(),
            held: live.state().held_since(),
        }
    }

    /// Another process has a call in hand: its end is nothing we are told, its death neither.
    fn sooner(&self, live: &Live, due: Option<Millis>) -> Option<Millis> {
        let store = &self.shared.store;
        let elsewhere = live.state().is_calling_elsewhere(store.incarnation());
        let look = elsewhere.then(|| store.now() + PAUSE);
        look.into_iter().chain(due).min()
    }

    fn due_within(&self, live: &Live, span: Span) -> Option<Millis> {
        let horizon = self.shared.store.now() + span;
        live.state().due().filter(|due| *due < horizon)
    }

    /// Asks the intent stage about every text, side by side; never commits, always answers.
    async fn understand(&self, events: &mut [Event]) -> Arc<dyn Automation> {
        let at = wall(self.shared.store.now());
        let asks = texts(events)
            .map(|(text, place)| async { *place = self.shared.intent.ask(text, at).await });
        side_by_side(asks).await;
        let automation = self.shared.automation.current();
        // A reload came between: what the old one understood means nothing to the new.
        let stale =
            |place: &Understanding| place.digest != 0 && place.digest != automation.digest();
        let again = texts(events)
            .filter(|(_, place)| stale(place))
            .map(|(text, place)| async { *place = self.shared.intent.ask(text, at).await });
        side_by_side(again).await;
        automation
    }

    fn decide(
        &self,
        events: &[Event],
        automation: &dyn Automation,
        in_hand: &[AttemptId],
    ) -> Transition {
        let is_in_hand = |attempt| in_hand.contains(&attempt);
        let was_called = events
            .iter()
            .any(|event| matches!(event, Event::LineIsWell));
        let gone = |other| self.shared.is_gone(other);
        let (revision, attempt) = tokens();
        let now = Now {
            time: self.shared.store.now(),
            wall: wall(self.shared.store.now()),
            incarnation: self.shared.store.incarnation(),
            attempt,
            is_gone: &gone,
            is_in_hand: &is_in_hand,
            way_is_free: self.shared.is_way_free(&self.key.channel, was_called),
        };
        let nothing = Conversation::default();
        let state = match &self.known {
            Known::Live(live) => live.state(),
            Known::Absent(_) | Known::Unread => &nothing,
        };
        state.apply(events, automation, &now, revision)
    }

    fn commit(&self, transition: &Transition) -> Commit {
        let draft = transition.draft();
        // Longer than most facts, shorter than what would be worth keeping.
        let mut scratch = Vec::with_capacity(512);
        let facts = transition.facts().iter();
        Commit {
            key: self.entity.clone(),
            expected: match &self.known {
                Known::Live(live) => Some(live.revision()),
                Known::Absent(tombstone) => *tombstone,
                Known::Unread => None,
            },
            proposed: transition.proposed(),
            write: Write::Put(draft.value),
            due: draft.due,
            desk: draft.desk,
            feed: facts.map(|fact| record(fact, &mut scratch)).collect(),
            erase: transition.erase().to_vec(),
            class: if draft.accepting {
                Class::Accepting
            } else {
                Class::Completing
            },
            urgency: if draft.lazy {
                Urgency::Lazy
            } else {
                Urgency::Now
            },
        }
    }
}

/// An answer that ended without reaching its customer is somebody's business.
fn tell(key: &ConversationKey, facts: &[Fact]) {
    for fact in facts {
        if let Fact::Ended {
            effects,
            ending,
            why,
            ..
        } = fact
            && matches!(
                ending,
                Ending::Unconfirmed | Ending::Failed | Ending::Expired
            )
        {
            tracing::warn!(conversation = %key, effects = ?effects, ending = ?ending, why = ?why,
                "answer did not certainly reach its customer");
        }
    }
}

fn record(fact: &Fact, scratch: &mut Vec<u8>) -> FeedEntry {
    scratch.clear();
    serde_json::to_writer(&mut *scratch, fact).expect("facts are plain data with string keys");
    FeedEntry {
        erasable: fact.erasable(),
        payload: scratch.as_slice().into(),
    }
}

/// The texts to be understood, each with the place for what is understood.
fn texts(events: &mut [Event]) -> impl Iterator<Item = (Box<str>, &mut Understanding)> {
    events.iter_mut().filter_map(|event| match event {
        Event::Received(received) => match &mut received.kind {
            Kind::Message {
                content: Content::Text(text),
                understanding,
                ..
            }
            | Kind::Edited {
                content: Content::Text(text),
                understanding,
                ..
            } => Some((text.clone(), understanding)),
            _ => None,
        },
        _ => None,
    })
}

/// Waits for all, side by side; one is the usual case and is simply awaited.
async fn side_by_side<F: Future<Output = ()>>(mut asks: impl Iterator<Item = F>) {
    let (Some(first), second) = (asks.next(), asks.next()) else {
        return;
    };
    match second {
        None => first.await,
        Some(second) => {
            join_all([first, second].into_iter().chain(asks)).await;
        }
    }
}
