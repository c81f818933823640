//! Laws of answers held back because the channel's way out is full.

use super::*;

fn held(rule: u32) -> Desk {
    let mut desk = Desk {
        way_is_free: false,
        ..Desk::default()
    };
    desk.says(1, rule);
    desk
}

fn state(desk: &Desk) -> &Conversation {
    desk.live.as_ref().unwrap().state()
}

#[test]
fn an_answer_is_held_back_while_the_way_out_is_full_and_leaves_when_called() {
    let mut desk = held(0);
    assert!(desk.sends().is_empty());
    assert!(state(&desk).wants_call());
    desk.feed(&[Event::LineIsWell]);
    assert!(desk.sends().is_empty(), "still full");
    desk.way_is_free = true;
    desk.feed(&[Event::LineIsWell]);
    assert_eq!(desk.sends().len(), 1);
    assert!(!state(&desk).wants_call());
    desk.ends(SendEnd::Accepted);
    assert_eq!(desk.endings(), [(Ending::Accepted, false)]);
}

#[test]
fn what_is_held_back_is_due_and_leaves_then_whatever_the_way() {
    let mut desk = held(0);
    let due = desk.now + HELD;
    assert_eq!(state(&desk).due(), Some(due));
    desk.now = due;
    desk.feed(&[Event::Woken]);
    assert_eq!(desk.sends().len(), 1);
}

#[test]
fn a_process_that_starts_anew_sends_what_was_held_back() {
    let mut desk = held(0);
    desk.crash();
    desk.way_is_free = true;
    desk.feed(&[Event::Woken]);
    assert_eq!(desk.sends().len(), 1);
    assert!(!desk.sends()[0].push);
}

#[test]
fn answers_held_back_together_leave_in_one_call() {
    let mut desk = held(0);
    desk.says(2, 1);
    desk.way_is_free = true;
    desk.says(3, 1);
    let sends = desk.sends();
    assert_eq!(sends.len(), 1);
    assert_eq!(sends[0].effects, [1, 2, 3]);
}

#[test]
fn an_unsend_takes_back_what_is_held() {
    let mut desk = held(0);
    let message = Fingerprint(500_001);
    desk.feed(&[plain(2, desk.now, None, Kind::Unsent { message })]);
    assert!(!state(&desk).wants_call());
    assert_eq!(state(&desk).due(), None);
    assert_eq!(desk.endings(), [(Ending::Withdrawn, false)]);
}

#[test]
fn a_short_max_wait_does_not_lose_what_is_held_back() {
    let mut desk = Desk {
        way_is_free: false,
        ..Desk::default()
    };
    desk.book.policy.max_wait = Span::secs(10);
    desk.says(1, 0);
    let due = state(&desk).due().unwrap();
    assert!(due < desk.now + Span::secs(10), "before it is too old");
    desk.now = due;
    desk.feed(&[Event::Woken]);
    assert_eq!(desk.sends().len(), 1);
}

#[test]
fn a_token_that_died_while_held_is_forgotten_for_good() {
    let mut desk = Desk::default();
    // An answer whose own token was dead already: it waits for another.
    desk.feed(&[text(1, 0, Millis(desk.now.0 - TOKEN_USABLE.0), Some("t"))]);
    desk.way_is_free = false;
    let kind = Kind::Noted {
        event_type: "beacon".into(),
        raw: "{}".into(),
    };
    desk.feed(&[plain(2, desk.now, Some("fresh"), kind)]);
    assert!(state(&desk).held_since().is_some());
    desk.wait(TOKEN_USABLE);
    assert_eq!(state(&desk).held_since(), None);
    assert!(
        state(&desk).due().unwrap() > desk.now,
        "nothing is due that cannot be done"
    );
}

#[test]
fn a_push_that_was_granted_is_not_held_back() {
    let mut desk = Desk::default();
    desk.book.policy.late_answers = LateAnswers::Push;
    desk.feed(&[text(1, 0, Millis(desk.now.0 - TOKEN_USABLE.0), Some("t"))]);
    desk.way_is_free = false;
    let effects = vec![1];
    desk.feed(&[Event::PushAnswered {
        effects,
        granted: true,
    }]);
    assert!(desk.sends()[0].push);
}
