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
