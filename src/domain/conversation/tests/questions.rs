//! Laws of questions to the assistant.

use super::shop::Talk;
use super::*;
use crate::domain::conversation::Outcome;
use crate::domain::handoff::Reason;
use crate::domain::playbook::TAP_FOR_ANSWER;

fn outcomes(talk: &Talk) -> Vec<Outcome> {
    let facts = talk.facts.iter();
    facts
        .filter_map(|fact| match fact {
            Fact::Assisted { outcome, .. } => Some(*outcome),
            _ => None,
        })
        .collect()
}

#[test]
fn a_burst_of_bubbles_is_one_question() {
    let mut talk = Talk::new();
    assert!(talk.write("hello").is_empty());
    talk.wait(Span(200));
    talk.write("is it");
    talk.wait(Span(200));
    talk.write("organic");
    assert_eq!(talk.asked(), None);
    let ask = talk.pause();
    assert_eq!(&*ask.text, "hello\nis it\norganic");
    assert_eq!(talk.assistant_says(ask.attempt, 90), ["answer"]);
    assert_eq!(talk.handler(), Handler::Ai);
}

#[test]
fn a_keyword_answer_waits_for_no_burst() {
    let mut talk = Talk::new();
    talk.write("hello");
    assert_eq!(talk.write("!rule"), ["rule"]);
}

#[test]
fn a_customer_who_never_stops_is_asked_about_all_the_same() {
    let mut talk = Talk::new();
    let mut asked = Vec::new();
    for _ in 0..4 {
        talk.write("and");
        talk.wait(Span(400));
        asked.extend(talk.asked());
    }
    assert_eq!(asked.len(), 1);
    assert_eq!(&*asked[0].text, "and\nand\nand\nand");
}

#[test]
fn who_is_not_sure_enough_leaves_it_to_a_person_with_a_draft() {
    let mut talk = Talk::new();
    talk.write("is it organic");
    let ask = talk.pause();
    assert_eq!(talk.assistant_says(ask.attempt, 59), ["waiting"]);
    let handoff = talk.state().handoff().unwrap();
    assert_eq!(handoff.reason, Reason::AiFailed);
    assert_eq!(handoff.draft.as_deref(), Some("answer"));
    assert_eq!(talk.handler(), Handler::Human);
}

#[test]
fn an_assistant_that_fails_leaves_it_to_a_person() {
    let mut talk = Talk::new();
    talk.write("is it organic");
    let ask = talk.pause();
    assert_eq!(talk.assistant_fails(ask.attempt), ["waiting"]);
    assert_eq!(outcomes(&talk), [Outcome::Failed]);
}

#[test]
fn late_answer_is_dropped() {
    let mut talk = Talk::new();
    talk.write("is it organic");
    let ask = talk.pause();
    assert_eq!(talk.write("!human"), ["waiting"]);
    assert!(talk.assistant_says(ask.attempt, 99).is_empty());
    assert_eq!(talk.refused, [Rejected::Stale]);
}

#[test]
fn a_newer_message_makes_it_another_question() {
    let mut talk = Talk::new();
    talk.write("is it organic");
    let old = talk.pause();
    talk.write("and fair trade");
    assert!(talk.assistant_says(old.attempt, 99).is_empty());
    let new = talk.pause();
    assert_eq!(&*new.text, "is it organic\nand fair trade");
    assert_eq!(talk.assistant_says(new.attempt, 99), ["answer"]);
}

#[test]
fn the_history_does_not_hold_the_question() {
    let mut talk = Talk::new();
    talk.write("!rule");
    talk.write("is it organic");
    let ask = talk.pause();
    let history: Vec<&str> = ask.history.iter().map(|(_, text)| &**text).collect();
    assert_eq!(history, ["!rule", "rule"]);
}

#[test]
fn an_unsent_bubble_is_not_asked() {
    let mut talk = Talk::new();
    talk.write("my card number");
    let message = Fingerprint(talk.wrote + 500_000);
    talk.write("is it organic");
    let old = talk.pause();
    talk.feed(&[plain(77_777, talk.now, None, Kind::Unsent { message })]);
    let new = talk.asked().expect("it is asked without");
    assert_eq!(&*new.text, "is it organic");
    assert_ne!(new.attempt, old.attempt);
}

#[test]
fn an_answer_to_an_unsent_burst_is_withdrawn() {
    let mut talk = Talk::new();
    talk.write("my card number");
    let message = Fingerprint(talk.wrote + 500_000);
    talk.write("is it organic");
    let ask = talk.pause();
    talk.way_is_free = false;
    talk.assistant_says(ask.attempt, 90);
    assert_eq!(talk.state().owed_effects(), 1);
    talk.feed(&[plain(77_777, talk.now, None, Kind::Unsent { message })]);
    assert_eq!(talk.state().owed_effects(), 0);
}

#[test]
fn a_dying_token_is_spent_on_a_button_and_the_tap_brings_the_answer() {
    let mut talk = Talk::new();
    talk.book.policy.assistant.timeout = Span::mins(2);
    talk.write("is it organic");
    let ask = talk.pause();
    assert_eq!(talk.state().due(), Some(Millis(1_000_000 + 40_000)));
    talk.wait(Span::secs(40));
    assert_eq!(talk.heard(), ["tap for it"]);
    // Told once, whatever time passes.
    talk.wait(Span::secs(5));
    assert!(talk.heard().is_empty());
    assert!(talk.assistant_says(ask.attempt, 90).is_empty());
    assert_eq!(talk.tap(TAP_FOR_ANSWER), ["answer"]);
    assert_eq!(talk.state().owed_effects(), 0);
}

#[test]
fn a_second_tap_repeats_nothing() {
    let mut talk = Talk::new();
    talk.book.policy.assistant.timeout = Span::mins(2);
    talk.write("is it organic");
    let ask = talk.pause();
    talk.wait(Span::secs(40));
    talk.heard();
    talk.assistant_says(ask.attempt, 90);
    assert_eq!(talk.tap(TAP_FOR_ANSWER), ["answer"]);
    assert!(talk.tap(TAP_FOR_ANSWER).is_empty());
}

#[test]
fn the_button_waits_for_the_youngest_token() {
    let mut talk = Talk::new();
    talk.book.policy.assistant.timeout = Span::mins(2);
    talk.way_is_free = false;
    talk.write("hello");
    talk.wait(Span::secs(35));
    talk.write("is it organic");
    talk.wait(Span::secs(10));
    assert!(
        talk.heard().is_empty(),
        "the second token lives for 40 s more"
    );
}

#[test]
fn a_question_is_asked_at_once_and_not_in_company() {
    let mut talk = Talk::new();
    talk.write("is it organic");
    assert!(talk.wait_lazily(Span(600)).is_some_and(|lazy| !lazy));
}

#[test]
fn the_answer_to_an_unsent_bubble_is_not_sent_again() {
    let mut talk = Talk::new();
    talk.write("my card number");
    let message = Fingerprint(talk.wrote + 500_000);
    talk.write("is it organic");
    let ask = talk.pause();
    let verdict = crate::domain::verdict::Verdict::Answered(crate::domain::verdict::Draft {
        text: "answer".into(),
        confidence: 90,
        by: crate::domain::verdict::By::Model,
        sources: Box::default(),
        needs_human: false,
    });
    talk.feed(&[Event::AssistantAnswered {
        attempt: ask.attempt,
        verdict,
    }]);
    talk.feed(&[plain(77_777, talk.now, None, Kind::Unsent { message })]);
    talk.ends(SendEnd::NotAccepted);
    assert_eq!(talk.state().owed_effects(), 0);
    let said: Vec<&str> = talk.state().words().map(|words| words.text).collect();
    assert_eq!(said, ["is it organic"]);
}

#[test]
fn an_edited_bubble_is_asked_once_with_its_new_words() {
    let mut talk = Talk::new();
    talk.write("is it organik");
    let message = Fingerprint(talk.wrote + 500_000);
    let edited = Kind::Edited {
        message,
        content: Content::Text("is it organic".into()),
        understanding: super::shop::understood("is it organic"),
    };
    talk.feed(&[plain(77_777, talk.now, Some("edit"), edited)]);
    assert_eq!(&*talk.pause().text, "is it organic");
}

#[test]
fn a_tap_before_the_answer_lends_it_its_token() {
    let mut talk = Talk::new();
    talk.book.policy.assistant.timeout = Span::mins(2);
    talk.write("is it organic");
    let ask = talk.pause();
    talk.wait(Span::secs(40));
    assert_eq!(talk.heard(), ["tap for it"]);
    assert!(talk.tap(TAP_FOR_ANSWER).is_empty());
    assert_eq!(talk.assistant_says(ask.attempt, 90), ["answer"]);
}

#[test]
fn an_untapped_answer_goes_to_the_person_who_takes_over() {
    let mut talk = Talk::new();
    talk.book.policy.assistant.timeout = Span::mins(2);
    talk.write("is it organic");
    let ask = talk.pause();
    talk.wait(Span::secs(40));
    talk.heard();
    talk.wait(Span::secs(15));
    talk.assistant_says(ask.attempt, 90);
    assert_eq!(talk.tap("person"), ["answer", "waiting"]);
    // Who takes over without a token: by the operator's word, or another channel; here by time.
    let mut talk = Talk::new();
    talk.book.policy.assistant.timeout = Span::mins(2);
    talk.write("is it organic");
    let ask = talk.pause();
    talk.wait(Span::secs(40));
    talk.heard();
    talk.assistant_says(ask.attempt, 90);
    talk.wait(Span::mins(10));
    assert_eq!(outcomes(&talk), [Outcome::Answered, Outcome::Expired]);
    assert!(!talk.state().is_asking());
}

#[test]
fn a_stage_that_never_answers_is_given_up() {
    let mut talk = Talk::new();
    talk.write("is it organic");
    talk.pause();
    talk.wait(Span::secs(22));
    assert_eq!(talk.heard(), ["waiting"]);
}

#[test]
fn a_question_whose_asker_died_is_asked_again() {
    let mut talk = Talk::new();
    talk.write("is it organic");
    let first = talk.pause();
    talk.crash();
    talk.wait(Span(1));
    let second = talk.asked().expect("the new process asks");
    assert_ne!(first.attempt, second.attempt);
    assert_eq!(talk.assistant_says(second.attempt, 90), ["answer"]);
}
