//! Laws of pushes: asked for, granted, kept to their bytes, and free when a token comes in time.

use super::*;

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
        effects,
        granted: false,
    }]);
    assert!(desk.owed().is_empty());
    desk.says(2, 1);
    desk.ends(SendEnd::InvalidReplyToken);
    let Owed::AskPush { effects } = desk.owed()[0].clone() else {
        panic!("asks again")
    };
    desk.feed(&[Event::PushAnswered {
        effects,
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
        effects: vec![1],
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
        effects: vec![1],
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
        effects: vec![1],
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
