//! Laws of the lanes.

use super::*;
use crate::domain::ids::{ChannelId, ChatId};

fn key(chat: &str) -> ConversationKey {
    ConversationKey::new(ChannelId::new("main"), ChatId::new(chat))
}

fn held(number: u64) -> Held {
    Held {
        number,
        received: Millis(number),
        bytes: 1,
    }
}

fn is_through(pass: &Pass<'_>) -> bool {
    matches!(pass.way, Way::Through(_))
}

#[test]
fn a_conversation_without_trouble_leaves_nothing_behind() {
    let lanes = Lanes::new(0);
    let customer = key("U1");
    assert!(is_through(&lanes.enter(&customer, 1, false)));
    assert!(lanes.shards.iter().all(|shard| lock(shard).is_empty()));
    assert_eq!((lanes.under_way(), lanes.waiting()), (0, 0));
}

#[test]
fn whoever_comes_after_a_kept_event_is_kept() {
    let lanes = Lanes::new(7);
    let customer = key("U1");
    let mut first = lanes.enter(&customer, 1, true);
    assert!(!is_through(&first));
    // The first is not in the spool yet; the second must not go through all the same.
    assert!(!is_through(&lanes.enter(&customer, 1, false)));
    first.hold(vec![held(first.number)]);
    drop(first);
    assert!(!is_through(&lanes.enter(&customer, 1, false)));
    assert!(is_through(&lanes.enter(&key("U2"), 1, false)));
    let turn = lanes.next(9, |_| true).unwrap();
    assert_eq!(turn.held, [held(7)]);
    turn.drained();
    assert!(is_through(&lanes.enter(&customer, 1, false)));
    assert_eq!(lanes.waiting(), 0);
}

#[test]
fn nothing_is_drained_while_an_earlier_event_is_undecided() {
    let lanes = Lanes::new(1);
    let customer = key("U1");
    let mut first = lanes.enter(&customer, 1, false);
    let mut second = lanes.enter(&customer, 1, false);
    second.hold(vec![held(2)]);
    drop(second);
    assert!(
        lanes.next(9, |_| true).is_none(),
        "the first may still be spooled"
    );
    first.hold(vec![held(1)]);
    drop(first);
    assert_eq!(lanes.next(9, |_| true).unwrap().held, [held(1), held(2)]);
}

#[test]
fn what_enters_during_a_turn_is_drained_after_it() {
    let lanes = Lanes::new(1);
    let customer = key("U1");
    lanes.adopt(&customer, held(1));
    let turn = lanes.next(9, |_| true).unwrap();
    let mut pass = lanes.enter(&customer, 1, false);
    assert!(!is_through(&pass));
    pass.hold(vec![held(2)]);
    drop(pass);
    assert!(lanes.next(9, |_| true).is_none(), "one turn at a time");
    turn.drained();
    assert_eq!(lanes.next(9, |_| true).unwrap().held, [held(2)]);
}

#[test]
fn a_lane_that_cannot_be_drained_keeps_nobody_waiting() {
    let lanes = Lanes::new(5);
    lanes.adopt(&key("U1"), held(1));
    lanes.adopt(&key("U2"), held(2));
    let freshest = lanes.next(9, |_| true).unwrap();
    assert_eq!(freshest.key, key("U2"));
    drop(freshest);
    let other = lanes.next(9, |_| true).unwrap();
    assert_eq!(other.key, key("U1"));
    other.drained();
    assert_eq!((lanes.waiting(), lanes.oldest().0), (1, 1));
}

#[test]
fn a_turn_that_dies_is_taken_again() {
    let lanes = Lanes::new(5);
    lanes.adopt(&key("U1"), held(1));
    let turn = lanes.next(9, |_| true).unwrap();
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _turn = turn;
        panic!("on purpose");
    }));
    assert!(died.is_err());
    assert!(lanes.next(9, |_| true).is_none(), "it rests");
    assert_eq!(lanes.probe(|_| true).unwrap().held, [held(1)]);
}

#[test]
fn a_single_lane_is_tried_whenever_the_store_is() {
    let lanes = Lanes::new(5);
    lanes.adopt(&key("U1"), held(1));
    for _ in 0..20 {
        assert!(lanes.probe(|_| true).is_some());
    }
}

#[test]
fn figures_wait_for_no_lane() {
    let lanes = Lanes::new(5);
    lanes.adopt(&key("U1"), held(7_100));
    lanes.adopt(&key("U2"), held(4_200));
    lanes.adopt(&key("U2"), held(4_300));
    let told = std::thread::scope(|scope| {
        let locked: Vec<_> = lanes.shards.iter().map(lock).collect();
        let (tell, told) = std::sync::mpsc::channel();
        let lanes = &lanes;
        scope.spawn(move || tell.send((lanes.waiting(), lanes.oldest())));
        let told = told.recv_timeout(Duration::from_secs(10));
        drop(locked);
        told
    });
    assert_eq!(told, Ok((3, (2, Some(Millis(4_000))))));
}
