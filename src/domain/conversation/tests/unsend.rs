//! Laws of an unsend: which answers it still reaches, and which not.

use super::*;

fn unsend(desk: &mut Desk, id: u64) {
    let message = Fingerprint(500_000 + id);
    let event = plain(900_000 + id, desk.now, None, Kind::Unsent { message });
    desk.feed(&[event]);
}

/// One call under way for question 1; the answers to 2, 3 and 4 leave merged in the next.
fn three_merged() -> Desk {
    let mut desk = Desk::default();
    for (id, rule) in [(1, 3), (2, 0), (3, 2), (4, 1)] {
        desk.now = desk.now + Span(1);
        desk.says(id, rule);
    }
    desk.ends(SendEnd::Accepted);
    assert_eq!(desk.sends()[0].effects, [2, 3, 4]);
    desk.facts.clear();
    desk
}

fn withdrawn(desk: &Desk) -> Vec<u32> {
    let ended = desk.facts.iter().filter_map(|fact| match fact {
        Fact::Ended {
            effects,
            ending: Ending::Withdrawn,
            why: Why::Unsend,
            ..
        } => Some(effects.to_vec()),
        _ => None,
    });
    ended.flatten().collect()
}

#[test]
fn an_unsend_takes_its_answer_out_of_a_merged_call_that_came_back() {
    let mut desk = three_merged();
    desk.now = desk.now + TOKEN_USABLE;
    desk.ends(SendEnd::InvalidReplyToken);
    assert!(desk.owed().is_empty(), "they wait for a token, merged");
    unsend(&mut desk, 3);
    assert_eq!(withdrawn(&desk), [3]);
    desk.says(5, 3);
    let send = &desk.sends()[0];
    assert_eq!(send.effects, [2, 4, 5]);
    assert!(!send.body.contains("\"b"), "{}", send.body);
    assert!(send.body.find("a0") < send.body.find("a1"));
    desk.ends(SendEnd::Accepted);
    assert!(desk.owed().is_empty());
}

#[test]
fn an_unsend_takes_its_answer_out_of_a_call_that_rests_and_the_token_serves_the_others() {
    let mut desk = three_merged();
    let token = desk.sends()[0].body[..20].to_string();
    desk.ends(SendEnd::NotAccepted);
    assert!(desk.sends().is_empty(), "it rests");
    unsend(&mut desk, 2);
    let send = desk.sends()[0].clone();
    assert_eq!((withdrawn(&desk), send.effects), (vec![2], vec![3, 4]));
    assert!(send.body.starts_with(&token) && !send.body.contains("a0"));
}

#[test]
fn an_unsend_during_a_call_keeps_its_answer_out_of_the_next_try() {
    let mut desk = three_merged();
    unsend(&mut desk, 4);
    assert_eq!(
        desk.sends()[0].effects,
        [2, 3, 4],
        "it cannot be called back"
    );
    assert!(withdrawn(&desk).is_empty());
    desk.ends(SendEnd::NotAccepted);
    assert_eq!(withdrawn(&desk), [4]);
    assert_eq!(desk.sends()[0].effects, [2, 3]);
}

#[test]
fn a_single_answer_that_rests_is_withdrawn_by_an_unsend() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    desk.ends(SendEnd::NotAccepted);
    unsend(&mut desk, 1);
    assert_eq!(desk.endings(), [(Ending::Withdrawn, false)]);
    desk.wait(Span::secs(10));
    assert!(desk.owed().is_empty());
}

#[test]
fn a_call_in_doubt_keeps_its_bytes_whatever_is_unsent() {
    let mut desk = three_merged();
    let first = desk.sends()[0].clone();
    desk.ends(SendEnd::Unclear);
    unsend(&mut desk, 3);
    desk.wait(Span::secs(1));
    assert_eq!(desk.sends()[0].body, first.body, "the token settles it");
    desk.ends(SendEnd::InvalidReplyToken);
    assert_eq!(desk.endings(), [(Ending::Presumed, false)]);
    assert!(withdrawn(&desk).is_empty());
}

#[test]
fn a_push_that_was_not_accepted_loses_the_answer_to_an_unsent_message() {
    let mut desk = three_merged();
    desk.book.policy.late_answers = LateAnswers::Push;
    desk.now = desk.now + TOKEN_USABLE;
    desk.ends(SendEnd::InvalidReplyToken);
    desk.feed(&[Event::PushAnswered {
        effects: vec![2, 3, 4],
        granted: true,
    }]);
    assert!(desk.sends()[0].push);
    desk.ends(SendEnd::NotAccepted);
    unsend(&mut desk, 2);
    let Owed::AskPush { effects } = desk.owed()[0].clone() else {
        panic!("another push than the one granted: it asks for itself")
    };
    assert_eq!(effects, [3, 4]);
}

/// Answer 1 leaves in a reply; answers 2 and 3, merged, have asked for one push.
fn a_push_asked_for_behind_a_reply() -> Desk {
    let mut desk = Desk::default();
    desk.book.policy.late_answers = LateAnswers::Push;
    desk.says(1, 2);
    desk.wait(Span::secs(7));
    desk.ends(SendEnd::NotAccepted);
    desk.wait(Span::secs(1));
    desk.says(2, 2);
    desk.says(3, 0);
    desk.wait(Span::secs(7));
    let sends = desk.sends();
    let under_way: Vec<&[u32]> = sends.iter().map(|send| &*send.effects).collect();
    assert_eq!(under_way, [&[1][..], &[2, 3]]);
    desk.now = desk.now + TOKEN_USABLE;
    let end = SendEnd::InvalidReplyToken;
    let attempts = sends.iter().map(|send| send.attempt);
    let both: Vec<Event> = attempts
        .map(|attempt| Event::SendEnded { attempt, end })
        .collect();
    desk.feed(&both);
    let asked = [vec![1], vec![2, 3]].map(|effects| Owed::AskPush { effects });
    assert_eq!(desk.owed(), asked);
    desk.says(4, 3);
    assert_eq!(desk.sends()[0].effects, [1]);
    desk
}

#[test]
fn what_an_unsend_leaves_of_a_granted_push_asks_for_itself() {
    let mut desk = a_push_asked_for_behind_a_reply();
    desk.feed(&[Event::PushAnswered {
        effects: vec![2, 3],
        granted: true,
    }]);
    unsend(&mut desk, 3);
    desk.ends(SendEnd::Accepted);
    let asks = [2, 4].map(|effect| Owed::AskPush {
        effects: vec![effect],
    });
    assert_eq!(desk.owed(), asks);
}

#[test]
fn a_grant_that_comes_after_the_unsend_is_not_for_what_it_left() {
    let mut desk = a_push_asked_for_behind_a_reply();
    unsend(&mut desk, 3);
    desk.ends(SendEnd::Accepted);
    let owed = desk.owed();
    desk.feed(&[Event::PushAnswered {
        effects: vec![2, 3],
        granted: true,
    }]);
    assert_eq!(desk.refused.last(), Some(&Rejected::Stale));
    assert_eq!(desk.owed(), owed);
}

/// The outcome of the call that begins with this effect.
fn ends(desk: &mut Desk, effect: u32, end: SendEnd) {
    let sends = desk.sends();
    let send = sends.iter().find(|send| send.effects[0] == effect);
    let attempt = send.expect("under way").attempt;
    desk.feed(&[Event::SendEnded { attempt, end }]);
}

/// Answer 1 was refused a push; answer 2 is a push in its second try, set aside; answers 1 and 3
/// leave in one reply.
fn one_and_three_pass_two() -> Desk {
    let mut desk = Desk::default();
    desk.book.policy.late_answers = LateAnswers::Push;
    desk.says(1, 0);
    ends(&mut desk, 1, SendEnd::InvalidReplyToken);
    desk.feed(&[Event::PushAnswered {
        effects: vec![1],
        granted: false,
    }]);
    // Its webhook was long on its way through us: the token is too old to begin with.
    let long_ago = Millis(desk.now.0 - TOKEN_USABLE.0);
    desk.feed(&[text(2, 1, long_ago, Some("t"))]);
    desk.feed(&[Event::PushAnswered {
        effects: vec![2],
        granted: true,
    }]);
    desk.wait(Span::secs(9));
    ends(&mut desk, 2, SendEnd::NotAccepted);
    desk.wait(Span::secs(1));
    desk.wait(Span::secs(5));
    desk.says(3, 3);
    let under_way: Vec<Vec<u32>> = desk.sends().into_iter().map(|send| send.effects).collect();
    assert_eq!(under_way, [vec![2], vec![1, 3]]);
    ends(&mut desk, 2, SendEnd::NotAccepted);
    desk
}

#[test]
fn what_an_unsend_leaves_of_a_call_waits_in_its_order() {
    let mut desk = one_and_three_pass_two();
    ends(&mut desk, 1, SendEnd::NotAccepted);
    desk.says(4, 0);
    unsend(&mut desk, 1);
    assert_eq!(withdrawn(&desk), [1]);
    assert_eq!(desk.sends()[0].effects, [2, 3, 4]);
}

#[test]
fn calls_that_passed_one_another_come_back_in_order() {
    let mut desk = one_and_three_pass_two();
    desk.says(4, 0);
    desk.now = desk.now + TOKEN_USABLE;
    ends(&mut desk, 1, SendEnd::InvalidReplyToken);
    desk.says(5, 1);
    assert_eq!(desk.sends()[0].effects, [1, 2, 3, 4, 5]);
}

#[test]
fn quick_replies_come_back_when_the_answer_that_hid_them_is_unsent() {
    let mut desk = Desk::default();
    let quick = |text: &str, items: &str| {
        let json = format!("{{\"type\":\"text\",\"text\":\"{text}\"}}");
        vec![Bubble::checked(&json, Some(items))]
    };
    desk.book.answers[0].bubbles = quick("q0", "{\"items\":[0]}").into();
    desk.book.answers[1].bubbles = quick("q1", "{\"items\":[1]}").into();
    desk.says(1, 3);
    desk.says(2, 0);
    desk.says(3, 1);
    desk.ends(SendEnd::Accepted);
    assert!(desk.sends()[0].body.contains("[1]") && !desk.sends()[0].body.contains("[0]"));
    desk.ends(SendEnd::NotAccepted);
    unsend(&mut desk, 3);
    let body = &desk.sends()[0].body;
    assert!(body.contains("[0]") && !body.contains("[1]"), "{body}");
}

#[test]
fn an_edit_takes_the_old_answer_out_of_a_call_that_rests() {
    let mut desk = three_merged();
    desk.ends(SendEnd::NotAccepted);
    let edited = Kind::Edited {
        message: Fingerprint(500_002),
        content: Content::Text("another question".into()),
        understanding: Understanding {
            rule: Some(1),
            digest: 7,
            ..Understanding::default()
        },
    };
    desk.feed(&[plain(77, desk.now, Some("edit"), edited)]);
    assert_eq!(withdrawn(&desk), [2]);
    assert!(!desk.sends()[0].body.contains("a0"));
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
    let mut words = desk.live.as_ref().unwrap().state().words();
    assert!(words.all(|words| words.text != "question 2"));
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
    assert!(desk.live.as_ref().unwrap().state().words().next().is_none());
    assert!(
        desk.facts
            .iter()
            .all(|fact| !matches!(fact, Fact::Received { words: Some(_), .. }))
    );
}
