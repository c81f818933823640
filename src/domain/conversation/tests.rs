//! Laws of the conversation, told as stories, and one property test over all of them.

use super::*;
use crate::domain::commit::{Committed, Revision};
use crate::domain::ids::{AttemptId, ChannelId, ChatId, ConversationKey, Fingerprint, Incarnation};
use crate::domain::playbook::{Answer, Bubble, LateAnswers, Playbook, Policy, Understanding};
use crate::domain::time::{Millis, Span};
use proptest::prelude::*;

mod unsend;

struct Book {
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
    fn postback(&self, data: &str) -> Option<&Answer> {
        (data == "menu").then(|| &self.answers[2])
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
struct Desk {
    book: Book,
    live: Option<Live>,
    now: Millis,
    incarnation: u64,
    draws: u64,
    facts: Vec<Fact>,
    erased: Vec<Fingerprint>,
    refused: Vec<Rejected>,
    /// The next decision knows of no call in hand.
    actor_died: bool,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk {
            book: Book::default(),
            live: None,
            now: Millis(1_000_000),
            incarnation: 1,
            draws: 0,
            facts: Vec::new(),
            erased: Vec::new(),
            refused: Vec::new(),
            actor_died: false,
        }
    }
}

fn key() -> ConversationKey {
    ConversationKey::new(ChannelId::new("main"), ChatId::new("U1"))
}

impl Desk {
    /// Decides, commits, loads what was stored: every state in these tests went through the codec.
    fn feed(&mut self, events: &[Event]) {
        self.draws += 1_000;
        let me = Incarnation(self.incarnation);
        let gone = |other: Incarnation| other != me;
        let lost = self.actor_died;
        let in_hand = |_: AttemptId| !lost;
        let now = Now {
            time: self.now,
            incarnation: me,
            attempt: AttemptId(self.draws),
            is_gone: &gone,
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

#[test]
fn a_question_is_answered_with_its_own_token() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    let sends = desk.sends();
    assert_eq!(sends.len(), 1);
    assert_eq!(
        sends[0].body, r#"{"replyToken":"t1","messages":[{"type":"text","text":"a0"}]}"#,
        "the frozen form is part of the stored form: a retry must give the same bytes"
    );
    desk.ends(SendEnd::Accepted);
    assert!(desk.owed().is_empty());
    assert_eq!(desk.endings(), [(Ending::Accepted, false)]);
    assert_eq!(desk.live.as_ref().unwrap().state().due(), None);
}

#[test]
fn the_same_event_twice_is_answered_once() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.ends(SendEnd::Accepted);
    desk.says(1, 0);
    assert!(desk.owed().is_empty());
    assert_eq!(desk.refused, [Rejected::Duplicate]);
}

#[test]
fn answers_leave_in_order_and_followers_merge() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.says(2, 1);
    desk.says(3, 2);
    desk.says(4, 0);
    assert_eq!(desk.sends().len(), 1, "one call holds the lane");
    desk.ends(SendEnd::Accepted);
    let body = &desk.sends()[0].body;
    assert!(
        body.contains(r#""a1"}"#) && body.contains("b3") && body.contains(r#""a0"}"#),
        "{body}"
    );
    assert!(body.find("a1") < body.find("b1") && body.find("b3") < body.find("a0"));
    desk.ends(SendEnd::Accepted);
    assert!(desk.owed().is_empty());
}

#[test]
fn the_token_left_over_is_spent_on_the_next_answer() {
    let mut desk = Desk::default();
    for id in 1..=3 {
        desk.says(id, 0);
    }
    desk.ends(SendEnd::Accepted);
    assert!(
        desk.sends()[0].body.contains("\"t2\""),
        "two answers, one token"
    );
    desk.ends(SendEnd::Accepted);
    desk.says(4, 1);
    assert!(desk.sends()[0].body.contains("\"t3\""));
    desk.ends(SendEnd::Accepted);
    desk.now = desk.now + TOKEN_USABLE;
    desk.says(5, 1);
    assert!(desk.sends()[0].body.contains("\"t5\""), "the bank has died");
}

#[test]
fn a_call_never_carries_more_than_five_bubbles() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.says(2, 2);
    desk.says(3, 2);
    desk.ends(SendEnd::Accepted);
    assert_eq!(desk.sends()[0].body.matches("\"type\"").count(), 3);
}

#[test]
fn quick_replies_ride_on_the_very_last_bubble() {
    let mut desk = Desk::default();
    let quick = Bubble::checked(r#"{"type":"text","text":"q"}"#, Some(r#"{"items":[]}"#));
    desk.book.answers[1].bubbles = vec![quick].into();
    desk.says(1, 0);
    desk.says(2, 1);
    desk.says(3, 0);
    desk.ends(SendEnd::Accepted);
    assert!(
        desk.sends()[0]
            .body
            .ends_with(r#"{"type":"text","text":"a0","quickReply":{"items":[]}}]}"#),
        "{}",
        desk.sends()[0].body
    );
}

#[test]
fn a_doubtful_reply_is_tried_again_with_the_same_bytes() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    let first = desk.sends()[0].clone();
    desk.ends(SendEnd::Unclear);
    assert!(desk.sends().is_empty(), "the pause comes first");
    desk.wait(Span::secs(1));
    let second = desk.sends()[0].clone();
    assert_eq!(first.body, second.body);
    assert_ne!(first.attempt, second.attempt);
    desk.ends(SendEnd::InvalidReplyToken);
    assert_eq!(desk.endings(), [(Ending::Presumed, false)]);
}

#[test]
fn when_line_takes_others_a_pause_between_tries_ends_at_once() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    let first = desk.sends()[0].clone();
    for _ in 0..4 {
        desk.ends(SendEnd::Unclear);
        assert!(desk.sends().is_empty(), "the pause comes first");
        desk.feed(&[Event::LineIsWell]);
        assert_eq!(desk.sends()[0].body, first.body);
    }
    let under_way = desk.sends();
    desk.feed(&[Event::LineIsWell]);
    assert_eq!(desk.sends(), under_way, "a call under way is left alone");
    desk.ends(SendEnd::Unclear);
    desk.now = desk.now + DOUBT_AGE;
    desk.feed(&[Event::LineIsWell]);
    assert!(desk.sends().is_empty(), "nor is a doubt made younger");
    assert_eq!(desk.endings(), [(Ending::Unconfirmed, false)]);
}

#[test]
fn a_late_refusal_of_a_doubtful_reply_is_unconfirmed_and_never_sent_again() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.ends(SendEnd::Unclear);
    desk.wait(Span::secs(1));
    desk.now = desk.now + DOUBT_AGE;
    desk.ends(SendEnd::InvalidReplyToken);
    assert_eq!(desk.endings(), [(Ending::Unconfirmed, false)]);
    desk.says(2, 1);
    assert!(!desk.sends()[0].body.contains("a0"));
}

#[test]
fn a_doubtful_reply_is_not_retried_once_its_token_is_half_dead() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.ends(SendEnd::Unclear);
    desk.wait(DOUBT_AGE);
    assert!(desk.sends().is_empty());
    assert_eq!(desk.endings(), [(Ending::Unconfirmed, false)]);
}

#[test]
fn a_token_refused_at_the_first_try_waits_for_the_next_free_one() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.ends(SendEnd::InvalidReplyToken);
    assert!(desk.owed().is_empty(), "never a push by itself");
    desk.says(2, 1);
    let body = &desk.sends()[0].body;
    assert!(
        body.contains("\"t2\"") && body.find("a0") < body.find("a1"),
        "{body}"
    );
}

#[test]
fn what_certainly_was_not_sent_is_tried_while_the_token_lives_then_waits() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    let mut tries = 0;
    while let Some(send) = desk.sends().first().cloned() {
        tries += 1;
        desk.feed(&[Event::SendEnded {
            attempt: send.attempt,
            end: SendEnd::NotAccepted,
        }]);
        let due = desk.live.as_ref().unwrap().state().due().unwrap();
        // Far away: it waits for a token now, no longer for another try.
        if due.since(desk.now) < Span::mins(1) && tries < 100 {
            desk.now = desk.now.max(due);
            desk.feed(&[Event::Woken]);
        }
    }
    assert!((5..30).contains(&tries), "{tries} tries in 50 seconds");
    desk.says(9, 1);
    assert!(desk.sends()[0].body.contains("a0"));
}

#[test]
fn an_answer_that_waits_too_long_is_flagged() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.ends(SendEnd::InvalidReplyToken);
    desk.wait(Span::mins(10));
    assert_eq!(desk.endings(), [(Ending::Expired, false)]);
}

#[test]
fn a_push_happens_only_when_the_budget_grants_it() {
    let mut desk = Desk::default();
    desk.book.policy.late_answers = LateAnswers::Push;
    desk.says(1, 0);
    desk.ends(SendEnd::InvalidReplyToken);
    let Owed::AskPush { effects } = desk.owed()[0].clone() else {
        panic!("asks first")
    };
    desk.feed(&[Event::PushAnswered {
        effect: effects[0],
        granted: false,
    }]);
    assert!(desk.owed().is_empty());
    desk.says(2, 1);
    desk.ends(SendEnd::InvalidReplyToken);
    let Owed::AskPush { effects } = desk.owed()[0].clone() else {
        panic!("asks again")
    };
    desk.feed(&[Event::PushAnswered {
        effect: effects[0],
        granted: true,
    }]);
    let send = desk.sends()[0].clone();
    assert!(send.push && send.body.starts_with(r#"{"to":"U1","messages":"#));
    desk.ends(SendEnd::Accepted);
    assert_eq!(desk.endings(), [(Ending::Accepted, true)]);
}

#[test]
fn a_push_that_was_certainly_not_sent_goes_free_when_a_token_comes() {
    let mut desk = Desk::default();
    desk.book.policy.late_answers = LateAnswers::Push;
    desk.says(1, 0);
    desk.ends(SendEnd::InvalidReplyToken);
    desk.feed(&[Event::PushAnswered {
        effect: 1,
        granted: true,
    }]);
    desk.ends(SendEnd::NotAccepted);
    desk.says(2, 1);
    let send = &desk.sends()[0];
    assert!(!send.push && send.body.find("a0") < send.body.find("a1"));
    desk.ends(SendEnd::Accepted);
    assert_eq!(desk.endings(), [(Ending::Accepted, false)]);
}

#[test]
fn a_doubtful_push_is_never_recalled() {
    let mut desk = Desk::default();
    desk.book.policy.late_answers = LateAnswers::Push;
    desk.says(1, 0);
    desk.ends(SendEnd::InvalidReplyToken);
    desk.feed(&[Event::PushAnswered {
        effect: 1,
        granted: true,
    }]);
    desk.ends(SendEnd::Unclear);
    desk.now = desk.now + LANE_HOLD;
    desk.says(2, 1);
    let replies: Vec<Send> = desk.sends().into_iter().filter(|send| !send.push).collect();
    assert!(replies.iter().all(|send| !send.body.contains("a0")));
}

#[test]
fn a_push_keeps_its_bytes_over_tries_and_takeovers() {
    let mut desk = Desk::default();
    desk.book.policy.late_answers = LateAnswers::Push;
    desk.says(1, 0);
    desk.ends(SendEnd::InvalidReplyToken);
    desk.feed(&[Event::PushAnswered {
        effect: 1,
        granted: true,
    }]);
    let first = desk.sends()[0].clone();
    desk.crash();
    desk.wait(Span::secs(1));
    let second = desk.sends()[0].clone();
    assert_eq!((first.body, first.effects), (second.body, second.effects));
    desk.ends(SendEnd::Accepted);
    assert_eq!(desk.endings(), [(Ending::Accepted, true)]);
}

#[test]
fn after_a_crash_the_same_token_settles_the_doubt() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    let first = desk.sends()[0].clone();
    desk.crash();
    assert!(
        desk.sends().is_empty(),
        "another incarnation's call is not ours until it is taken over"
    );
    desk.wait(Span::secs(2));
    assert_eq!(desk.sends()[0].body, first.body);
    desk.ends(SendEnd::InvalidReplyToken);
    assert_eq!(desk.endings(), [(Ending::Presumed, false)]);
}

#[test]
fn after_a_long_absence_a_call_in_flight_is_unconfirmed() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.crash();
    desk.wait(Span::secs(40));
    assert!(desk.sends().is_empty());
    assert_eq!(desk.endings(), [(Ending::Unconfirmed, false)]);
}

#[test]
fn a_call_that_died_with_its_actor_is_doubtful() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    let first = desk.sends()[0].clone();
    desk.actor_died = true;
    desk.wait(Span(1));
    desk.actor_died = false;
    let second = desk.sends()[0].clone();
    assert_eq!(first.body, second.body, "the same token");
    assert_ne!(first.attempt, second.attempt);
    desk.ends(SendEnd::InvalidReplyToken);
    assert_eq!(
        desk.endings(),
        [(Ending::Presumed, false)],
        "not answered a second time"
    );
}

#[test]
fn a_late_sign_of_life_does_not_undo_a_newer_block() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.ends(SendEnd::Accepted);
    let old = desk.now - Span::secs(10);
    desk.now = desk.now + SEEN_LIFE;
    desk.feed(&[plain(2, desk.now, None, Kind::Unfollowed)]);
    desk.feed(&[text(3, 0, old, Some("t"))]);
    assert_eq!(
        desk.live.as_ref().unwrap().state().phase(),
        Phase::Unreachable
    );
}

#[test]
fn late_outcome_of_another_attempt_is_dropped() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    let old = desk.sends()[0].attempt;
    desk.crash();
    desk.wait(Span::secs(1));
    desk.feed(&[Event::SendEnded {
        attempt: old,
        end: SendEnd::Refused,
    }]);
    assert_eq!(desk.refused, [Rejected::Stale]);
    assert_eq!(desk.sends().len(), 1);
}

#[test]
fn a_head_that_holds_the_lane_too_long_is_set_aside_and_the_lane_moves() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.ends(SendEnd::Unclear);
    desk.wait(LANE_HOLD);
    desk.says(2, 1);
    let bodies: Vec<String> = desk.sends().into_iter().map(|send| send.body).collect();
    assert!(bodies.iter().any(|body| body.contains("a1")), "{bodies:?}");
}

#[test]
fn unsend_withdraws_what_is_queued_and_erases_the_words() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.says(2, 1);
    desk.feed(&[plain(
        3,
        desk.now,
        None,
        Kind::Unsent {
            message: Fingerprint(500_002),
        },
    )]);
    assert_eq!(desk.endings(), [(Ending::Withdrawn, false)]);
    assert_eq!(desk.erased, [Fingerprint(500_002)]);
    let words = desk.live.as_ref().unwrap().state().words();
    assert!(words.iter().all(|words| &*words.text != "question 2"));
}

#[test]
fn an_unsend_that_arrives_before_its_message_still_wins() {
    let mut desk = Desk::default();
    desk.feed(&[plain(
        3,
        desk.now,
        None,
        Kind::Unsent {
            message: Fingerprint(500_001),
        },
    )]);
    desk.says(1, 0);
    assert!(desk.owed().is_empty());
    assert!(desk.live.as_ref().unwrap().state().words().is_empty());
    assert!(
        desk.facts
            .iter()
            .all(|fact| !matches!(fact, Fact::Received { words: Some(_), .. }))
    );
}

#[test]
fn standby_is_recorded_and_never_answered() {
    let mut desk = Desk::default();
    let Event::Received(mut received) = text(1, 0, desk.now, Some("t")) else {
        unreachable!()
    };
    received.standby = true;
    desk.feed(&[Event::Received(received)]);
    assert!(desk.owed().is_empty());
    assert!(matches!(
        desk.facts[0],
        Fact::Received { standby: true, .. }
    ));
}

#[test]
fn late_event_is_recorded_and_not_answered() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.ends(SendEnd::Accepted);
    let old = desk.now - Span::secs(10);
    desk.now = desk.now + SEEN_LIFE;
    desk.says(2, 0);
    desk.ends(SendEnd::Accepted);
    desk.feed(&[text(3, 0, old, Some("t"))]);
    assert!(desk.owed().is_empty());
    assert!(
        desk.facts
            .iter()
            .any(|fact| matches!(fact, Fact::Received { late: true, .. }))
    );
}

#[test]
fn unfollow_withdraws_and_a_later_message_ends_it() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.says(2, 1);
    desk.feed(&[plain(3, desk.now, None, Kind::Unfollowed)]);
    assert_eq!(
        desk.live.as_ref().unwrap().state().phase(),
        Phase::Unreachable
    );
    assert_eq!(desk.endings(), [(Ending::Withdrawn, false)]);
    desk.ends(SendEnd::Accepted);
    desk.says(4, 0);
    assert_eq!(
        desk.live.as_ref().unwrap().state().phase(),
        Phase::Automated
    );
    assert_eq!(desk.sends().len(), 1);
}

#[test]
fn events_without_a_token_are_never_answered() {
    let mut desk = Desk::default();
    desk.feed(&[text(1, 0, desk.now, None)]);
    assert!(desk.owed().is_empty());
}

#[test]
fn a_rule_of_another_playbook_is_not_looked_up() {
    let mut desk = Desk::default();
    let Event::Received(mut received) = text(1, 0, desk.now, Some("t")) else {
        unreachable!()
    };
    if let Kind::Message { understanding, .. } = &mut received.kind {
        understanding.digest = 8;
    }
    desk.feed(&[Event::Received(received)]);
    assert!(desk.sends()[0].body.contains("sorry"));
}

#[test]
fn a_flood_without_tokens_keeps_the_value_small() {
    let mut desk = Desk::default();
    for id in 0..200 {
        desk.says(id, 2);
        if let Some(send) = desk.sends().first() {
            let attempt = send.attempt;
            desk.feed(&[Event::SendEnded {
                attempt,
                end: SendEnd::InvalidReplyToken,
            }]);
        }
    }
    let live = desk.live.as_ref().unwrap();
    assert!(live.state().owed_effects() <= MAX_EFFECTS);
    assert!(live.clone().into_packed().len() < 64 * 1024);
}

#[test]
fn fields_of_a_newer_build_survive_a_rewrite() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    let live = desk.live.clone().unwrap();
    let mut newer = live.clone().into_packed().to_vec();
    newer.extend_from_slice(&[0xc8, 0x01, 3, b'n', b'e', b'w']); // tag 200, three bytes
    desk.live = Some(Live::loaded(live.revision(), newer.into()).unwrap());
    desk.ends(SendEnd::Accepted);
    let rewritten = desk.live.clone().unwrap().into_packed();
    assert!(rewritten.ends_with(&[0xc8, 0x01, 3, b'n', b'e', b'w']));
}

#[test]
fn a_newer_format_is_refused_and_damage_is_told() {
    let revision = Revision([0; 16]);
    assert!(matches!(
        Live::loaded(revision, [2].into()),
        Err(DecodeError::Newer { found: 2, known: 1 })
    ));
    assert!(matches!(
        Live::loaded(revision, std::sync::Arc::default()),
        Err(DecodeError::Damaged(_))
    ));
    assert!(matches!(
        Live::loaded(revision, [1, 9, 200].into()),
        Err(DecodeError::Damaged(_))
    ));
}

/// Values as format 1 wrote them must be readable for ever.
#[test]
fn a_value_of_the_first_release_is_read() {
    let value = [
        1, 2, 1, 1, 3, 3, 0xc0, 0x84, 0x3d, 14, 6, 0xe5, 0xb0, 0x8f, 0xe7, 0xbe, 0x8e,
    ];
    let live = Live::loaded(Revision([0; 16]), value.into()).unwrap();
    assert_eq!(live.state().name(), Some("小美"));
}

#[derive(Clone, Debug)]
enum Step {
    Say { id: u64, rule: u32, token: bool },
    Unsend(u64),
    End(SendEnd),
    Grant(bool),
    Well,
    Wait(u64),
    Crash,
    Unfollow(u64),
    Tap(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let end = prop_oneof![
        4 => Just(SendEnd::Accepted),
        1 => Just(SendEnd::NotAccepted),
        1 => Just(SendEnd::QuotaExhausted),
        1 => Just(SendEnd::InvalidReplyToken),
        1 => Just(SendEnd::Refused),
        2 => Just(SendEnd::Unclear),
    ];
    prop_oneof![
        5 => (0..40u64, 0..4u32, any::<bool>()).prop_map(|(id, rule, token)| Step::Say { id, rule, token }),
        1 => (0..40u64).prop_map(Step::Unsend),
        5 => end.prop_map(Step::End),
        1 => any::<bool>().prop_map(Step::Grant),
        3 => prop_oneof![0..2_000u64, 10_000..40_000u64, Just(700_000u64)].prop_map(Step::Wait),
        1 => Just(Step::Crash),
        1 => Just(Step::Well),
        1 => (100..110u64).prop_map(Step::Unfollow),
        1 => (200..220u64).prop_map(Step::Tap),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever happens: the invariants hold, each effect ends at most once, what is not ended is
    /// still owed, a frozen body never changes, and nothing is sent after its end.
    #[test]
    fn every_effect_ends_once_or_is_still_owed(
        steps in proptest::collection::vec(step(), 1..80),
        late in prop_oneof![Just(LateAnswers::Wait), Just(LateAnswers::Push), Just(LateAnswers::Drop)],
    ) {
        let mut desk = Desk::default();
        desk.book.policy.late_answers = late;
        let mut frozen = std::collections::HashMap::new();
        for step in steps {
            desk.now = desk.now + Span(1);
            match step {
                Step::Say { id, rule, token } => {
                    let event = text(id, rule, desk.now, token.then_some("t"));
                    desk.feed(&[event]);
                }
                Step::Unsend(id) => {
                    let message = Fingerprint(500_000 + id);
                    desk.feed(&[plain(1_000 + id, desk.now, None, Kind::Unsent { message })]);
                }
                Step::End(end) => {
                    if let Some(send) = desk.sends().first() {
                        let attempt = send.attempt;
                        desk.feed(&[Event::SendEnded { attempt, end }]);
                    }
                }
                Step::Grant(granted) => {
                    let asked = desk.owed().into_iter().find_map(|owed| match owed {
                        Owed::AskPush { effects } => Some(effects[0]),
                        _ => None,
                    });
                    if let Some(effect) = asked {
                        desk.feed(&[Event::PushAnswered { effect, granted }]);
                    }
                }
                Step::Wait(ms) => desk.wait(Span(ms)),
                Step::Crash => desk.crash(),
                Step::Well => desk.feed(&[Event::LineIsWell]),
                Step::Unfollow(id) => desk.feed(&[plain(id, desk.now, None, Kind::Unfollowed)]),
                Step::Tap(id) => {
                    let kind = Kind::Postback { data: "menu".into(), raw: "{}".into() };
                    desk.feed(&[plain(id, desk.now, Some("tap"), kind)]);
                }
            }
            // A call under way is only ever repeated with the same bytes.
            for send in desk.sends() {
                let known = frozen.entry((send.effects.clone(), send.push, send.body[..30.min(send.body.len())].to_string()))
                    .or_insert_with(|| send.body.clone());
                prop_assert_eq!(&*known, &send.body);
            }
        }
        let mut decided = Vec::new();
        let mut ended = Vec::new();
        for fact in &desk.facts {
            match fact {
                Fact::Answered { effect, .. } => decided.push(*effect),
                Fact::Ended { effects, .. } => ended.extend_from_slice(effects),
                _ => {}
            }
        }
        let mut unique = ended.clone();
        unique.sort_unstable();
        unique.dedup();
        prop_assert_eq!(unique.len(), ended.len(), "an effect ended twice");
        let owed = desk.live.as_ref().map_or(0, |live| live.state().owed_effects());
        prop_assert_eq!(decided.len(), ended.len() + owed, "an effect was lost");
    }

    /// Reading never panics, whatever the bytes.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Live::loaded(Revision([0; 16]), bytes.clone().into());
        let mut framed = vec![1];
        framed.extend(bytes);
        let _ = Live::loaded(Revision([0; 16]), framed.into());
    }
}
