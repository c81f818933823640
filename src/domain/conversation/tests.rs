//! The desk at which the conversation's laws are tested: a playbook, a clock, and a store that always
//! says yes. The laws are told as stories, by theme, and one property test goes over all of them.

use super::*;
use crate::domain::commit::{Committed, Revision};
use crate::domain::ids::{AttemptId, ChannelId, ChatId, ConversationKey, Fingerprint, Incarnation};
use crate::domain::playbook::{Answer, Bubble, LateAnswers, Playbook, Policy, Tap, Understanding};
use crate::domain::time::{Millis, Span};

mod answers;
mod flows;
mod funnel;
mod held;
mod histories;
mod outcomes;
mod pushes;
mod questions;
mod shop;
mod stored;
mod stories;
mod unsend;

struct Book {
    menu: Tap,
    answers: Vec<Answer>,
    policy: Policy,
}

fn answer(rule: &str, texts: &[&str]) -> Answer {
    let bubbles = texts
        .iter()
        .map(|text| Bubble::checked(&format!("{{\"type\":\"text\",\"text\":\"{text}\"}}"), None));
    Answer {
        rule: rule.into(),
        bubbles: bubbles.collect(),
        gist: texts[0].into(),
    }
}

impl Default for Book {
    fn default() -> Book {
        let answers = vec![
            answer("zero", &["a0"]),
            answer("one", &["a1"]),
            answer("three", &["b1", "b2", "b3"]),
            answer("fallback", &["sorry"]),
        ];
        Book {
            menu: Tap::Answer(answers[2].clone()),
            answers,
            policy: Policy::default(),
        }
    }
}

impl Playbook for Book {
    fn digest(&self) -> u64 {
        7
    }
    fn policy(&self) -> &Policy {
        &self.policy
    }
    fn rule(&self, index: u32) -> Option<&Answer> {
        self.answers.get(index as usize)
    }
    fn tap(&self, data: &str) -> Option<&Tap> {
        (data == "menu").then_some(&self.menu)
    }
    fn fallback(&self) -> Option<&Answer> {
        self.answers.last()
    }
    fn greeting(&self, _: bool) -> Option<&Answer> {
        self.answers.first()
    }
    fn group_greeting(&self) -> Option<&Answer> {
        None
    }
}

/// A conversation with a store that always says yes.
struct Desk<P = Book> {
    book: P,
    live: Option<Live>,
    now: Millis,
    incarnation: u64,
    draws: u64,
    /// Id of the last event that was written or tapped.
    wrote: u64,
    facts: Vec<Fact>,
    erased: Vec<Fingerprint>,
    refused: Vec<Rejected>,
    /// The next decision knows of no call in hand.
    actor_died: bool,
    way_is_free: bool,
    /// Whether the last commit waited for company.
    lazy: Option<bool>,
}

impl Default for Desk<Book> {
    fn default() -> Desk {
        Desk::of(Book::default())
    }
}

impl<P> Desk<P> {
    fn of(book: P) -> Desk<P> {
        Desk {
            book,
            live: None,
            now: Millis(1_000_000),
            incarnation: 1,
            draws: 0,
            wrote: 0,
            facts: Vec::new(),
            erased: Vec::new(),
            refused: Vec::new(),
            actor_died: false,
            way_is_free: true,
            lazy: None,
        }
    }
}

fn key() -> ConversationKey {
    ConversationKey::new(ChannelId::new("main"), ChatId::new("U1"))
}

impl<P: Playbook> Desk<P> {
    /// Decides, commits, loads what was stored: every state in these tests went through the codec.
    fn feed(&mut self, events: &[Event]) {
        self.draws += 1_000;
        let me = Incarnation(self.incarnation);
        let gone = |other: Incarnation| other != me;
        let lost = self.actor_died;
        let in_hand = |_: AttemptId| !lost;
        let now = Now {
            time: self.now,
            wall: self.now,
            incarnation: me,
            attempt: AttemptId(self.draws),
            is_gone: &gone,
            way_is_free: self.way_is_free,
            is_in_hand: &in_hand,
        };
        let revision = Revision([self.draws as u8; 16]);
        let nothing = Conversation::default();
        let state = self.live.as_ref().map_or(&nothing, Live::state);
        let transition = state.apply(events, &self.book, &now, revision);
        self.refused.extend_from_slice(transition.rejected());
        if !transition.changed() {
            return;
        }
        self.facts.extend_from_slice(transition.facts());
        self.erased.extend_from_slice(transition.erase());
        let draft = transition.draft();
        self.lazy = Some(draft.lazy);
        assert!(draft.value.len() <= 64 * 1024, "the store takes 64 KiB");
        let live = transition.release(&Committed::attest(revision));
        let read =
            Live::loaded(revision, draft.value.clone()).expect("what was written can be read");
        assert_eq!(read.state(), live.state(), "the stored form is faithful");
        assert_eq!(check(live.state()), Ok(()));
        assert_eq!(draft.due, live.state().due());
        self.live = Some(live);
    }

    fn owed(&self) -> Vec<Owed> {
        self.live.as_ref().map_or(Vec::new(), |l| {
            l.owed(&key(), Incarnation(self.incarnation))
        })
    }

    fn sends(&self) -> Vec<Send> {
        self.owed()
            .into_iter()
            .filter_map(|owed| match owed {
                Owed::Send(send) => Some(send),
                _ => None,
            })
            .collect()
    }

    /// A text with a token, understood as a rule.
    fn says(&mut self, id: u64, rule: u32) {
        self.feed(&[text(id, rule, self.now, Some("t"))]);
    }

    fn ends(&mut self, end: SendEnd) {
        let attempt = self.sends()[0].attempt;
        self.feed(&[Event::SendEnded { attempt, end }]);
    }

    /// Waits; whether the commit that follows waits for company. `None`: there is none.
    fn wait_lazily(&mut self, span: Span) -> Option<bool> {
        self.now = self.now + span;
        self.lazy = None;
        self.feed(&[Event::Woken]);
        self.lazy
    }

    fn wait(&mut self, span: Span) {
        self.now = self.now + span;
        self.feed(&[Event::Woken]);
    }

    fn crash(&mut self) {
        self.incarnation += 1;
    }

    fn endings(&self) -> Vec<(Ending, bool)> {
        self.facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Ended { ending, billed, .. } => Some((*ending, *billed)),
                _ => None,
            })
            .collect()
    }
}

fn text(id: u64, rule: u32, now: Millis, token: Option<&str>) -> Event {
    Event::Received(Received {
        id: Fingerprint(id),
        at: now,
        received: now,
        standby: false,
        redelivered: false,
        token: token.map(|token| format!("{token}{id}").into()),
        kind: Kind::Message {
            message: Fingerprint(id + 500_000),
            content: Content::Text(format!("question {id}").into()),
            understanding: Understanding {
                rule: Some(rule),
                digest: 7,
                ..Understanding::default()
            },
        },
    })
}

fn plain(id: u64, now: Millis, token: Option<&str>, kind: Kind) -> Event {
    Event::Received(Received {
        id: Fingerprint(id),
        at: now,
        received: now,
        standby: false,
        redelivered: false,
        token: token.map(Into::into),
        kind,
    })
}
