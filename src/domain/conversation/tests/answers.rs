//! Laws of answering: which token, which order, what one call carries, and who is not answered.

use super::*;

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
fn what_waited_too_long_before_it_was_decided_is_recorded_in_order_and_not_answered() {
    let mut desk = Desk::default();
    let came = desk.now;
    let waited = |id, at| text(id, 0, at, Some("t"));
    desk.now = came + super::super::received::TOO_OLD;
    desk.feed(&[waited(1, came)]);
    let answered = |facts: &[Fact]| facts.iter().any(|f| matches!(f, Fact::Answered { .. }));
    assert!(answered(&desk.facts), "just not too old");
    desk.now = desk.now + Span(1);
    let before = desk.facts.len();
    desk.feed(&[waited(2, came)]);
    let told = &desk.facts[before..];
    assert!(matches!(told[0], Fact::Received { late: true, .. }));
    assert!(!answered(told));
    // It is not out of order: a block that waited is a block.
    desk.feed(&[plain(3, came, None, Kind::Unfollowed)]);
    let phase = desk.live.as_ref().unwrap().state().phase();
    assert_eq!(phase, Phase::Unreachable);
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
fn an_unfollow_that_comes_after_a_newer_sign_of_life_blocks_nothing() {
    let mut desk = Desk::default();
    let phase = |desk: &Desk| desk.live.as_ref().unwrap().state().phase();
    desk.says(1, 0);
    desk.ends(SendEnd::Accepted);
    let blocked = desk.now + Span::secs(1);
    desk.now = desk.now + Span::secs(9);
    let followed = desk.now;
    let follow = Kind::Followed { returning: true };
    desk.feed(&[plain(3, followed, Some("t"), follow.clone())]);
    // He blocked and came back; the block lay in another node's spool.
    desk.feed(&[plain(2, blocked, None, Kind::Unfollowed)]);
    assert_eq!(phase(&desk), Phase::Automated);
    // And the other way round.
    desk.now = desk.now + Span::secs(9);
    desk.feed(&[plain(4, desk.now, None, Kind::Unfollowed)]);
    let between = followed + Span::secs(1);
    desk.feed(&[plain(5, between, Some("t"), follow)]);
    desk.feed(&[text(6, 0, between, Some("t"))]);
    assert_eq!(phase(&desk), Phase::Unreachable);
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
