//! Laws of a call's outcome: tried again with the same bytes, settled by its token, or given up.

use super::*;

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
fn when_line_takes_others_a_pause_between_tries_is_cut_to_a_quarter() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    let first = desk.sends()[0].clone();
    for least in [250, 250, 500, 1_000, 1_250] {
        desk.ends(SendEnd::Unclear);
        let may_hurry = |desk: &Desk| desk.live.as_ref().unwrap().state().wants_call();
        assert!(may_hurry(&desk));
        for _ in 0..3 {
            desk.feed(&[Event::LineIsWell]);
            assert!(desk.sends().is_empty(), "a quarter of it remains");
            assert!(!may_hurry(&desk), "once is enough");
        }
        desk.wait(Span(least - 1));
        assert!(desk.sends().is_empty());
        desk.wait(Span(1));
        assert_eq!(desk.sends()[0].body, first.body);
    }
    // A call that took its time has waited already.
    desk.now = desk.now + Span::secs(2);
    desk.ends(SendEnd::Unclear);
    desk.feed(&[Event::LineIsWell]);
    assert_eq!(desk.sends()[0].body, first.body);
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
