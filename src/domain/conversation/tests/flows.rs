//! Laws of guided dialogues.

use super::shop::Talk;
use super::*;
use crate::domain::handoff::Reason;

const TRACKING: &str = "order_tracking";

fn ended(talk: &Talk) -> Vec<&str> {
    let facts = talk.facts.iter();
    facts
        .filter_map(|fact| match fact {
            Fact::FlowEnded { how, .. } => Some(&**how),
            _ => None,
        })
        .collect()
}

#[test]
fn what_the_opening_words_say_is_not_asked() {
    let mut talk = Talk::new();
    assert!(talk.write("where is A123456 !track").is_empty());
    assert_eq!(
        talk.called().unwrap().slots,
        [("order_number".into(), "A123456".into())]
    );
    assert_eq!(talk.flow(), Some((TRACKING, Some("calling"))));
    assert_eq!(talk.order("found", "on its way"), ["<on its way>"]);
    assert_eq!(ended(&talk), ["complete"]);
    assert_eq!(talk.flow(), Some((TRACKING, Some("complete"))));
}

#[test]
fn a_flow_asks_for_what_is_missing() {
    let mut talk = Talk::new();
    assert_eq!(talk.write("where is it !track"), ["number?"]);
    assert_eq!(talk.flow(), Some((TRACKING, Some("need_order_number"))));
    talk.write("A123456");
    assert!(talk.called().is_some());
}

#[test]
fn a_question_in_between_is_answered_and_the_flow_goes_on() {
    let mut talk = Talk::new();
    talk.write("!track");
    assert_eq!(talk.write("where are you !rule"), ["rule"]);
    assert_eq!(talk.flow(), Some((TRACKING, Some("suspended"))));
    assert_eq!(talk.handler(), Handler::Auto);
    talk.write("A123456");
    assert!(talk.called().is_some());
}

#[test]
fn asking_for_a_moment_is_no_failure() {
    let mut talk = Talk::new();
    talk.write("!track");
    for _ in 0..5 {
        assert_eq!(talk.write("one moment !stall"), ["take your time"]);
    }
    assert_eq!(talk.flow(), Some((TRACKING, Some("need_order_number"))));
}

#[test]
fn the_third_answer_that_does_not_fit_brings_a_person() {
    let mut talk = Talk::new();
    talk.write("!track");
    assert_eq!(talk.write("dunno"), ["number? again"]);
    assert_eq!(talk.write("really not"), ["number? again"]);
    assert_eq!(talk.write("no"), ["waiting"]);
    assert_eq!(talk.state().handoff().unwrap().reason, Reason::ComplexQuery);
    assert_eq!(talk.flow(), Some((TRACKING, None)));
    assert_eq!(talk.state().last().intent.as_deref(), Some("order_status"));
}

#[test]
fn an_order_that_is_not_found_again_and_again_brings_a_person() {
    let mut talk = Talk::new();
    talk.write("!track");
    talk.write("A111111");
    assert_eq!(talk.order("not_found", ""), ["no such order", "number?"]);
    talk.write("A222222");
    assert_eq!(talk.order("not_found", ""), ["no such order", "number?"]);
    talk.write("A333333");
    assert_eq!(talk.order("not_found", ""), ["waiting"]);
}

#[test]
fn a_person_wins_from_any_step() {
    let mut talk = Talk::new();
    talk.write("!track");
    assert_eq!(talk.write("A123456 !human"), ["waiting"]);
    assert!(talk.called().is_none());
    assert_eq!(ended(&talk), ["handoff"]);
}

#[test]
fn cancelled_is_cancelled() {
    let mut talk = Talk::new();
    talk.write("!track");
    assert_eq!(talk.write("never mind !cancel"), ["cancelled"]);
    assert_eq!(talk.flow(), Some((TRACKING, Some("cancelled"))));
    assert_eq!(talk.write("!rule"), ["rule"]);
    assert_eq!(talk.flow(), None);
}

#[test]
fn a_correction_after_the_end_begins_again_with_what_is_right() {
    let mut talk = Talk::new();
    talk.write("A111111 !track");
    talk.order("found", "gone");
    talk.write("sorry, A222222 !fix");
    assert_eq!(&*talk.called().unwrap().slots[0].1, "A222222");
    assert_eq!(talk.order("found", "here"), ["<here>"]);
    assert_eq!(
        talk.state().slots().collect::<Vec<_>>(),
        [("order_number", "A222222")]
    );
}

#[test]
fn a_later_flow_knows_the_number_of_an_earlier_one() {
    let mut talk = Talk::new();
    talk.write("A111111 !track");
    talk.order("found", "gone");
    assert_eq!(talk.write("!return !wish"), ["reason?"]);
    assert_eq!(talk.write("too small"), ["<A111111>"]);
}

#[test]
fn a_question_about_returns_is_answered_and_a_wish_begins_the_flow() {
    let mut talk = Talk::new();
    assert_eq!(talk.write("may I !return !rule"), ["rule"]);
    assert_eq!(
        talk.write("I want to !return !rule !wish because it broke"),
        ["number?"]
    );
    assert_eq!(talk.write("A123456"), ["<A123456>"]);
    let reason = talk.state().slots().find(|(name, _)| *name == "reason");
    assert_eq!(reason.unwrap().1, "it broke");
}

#[test]
fn another_wish_ends_the_flow_under_way() {
    let mut talk = Talk::new();
    talk.write("!track");
    assert_eq!(talk.write("no, !return !wish"), ["number?"]);
    assert_eq!(ended(&talk), ["switched"]);
    assert_eq!(
        talk.flow(),
        Some(("return_request", Some("need_order_number")))
    );
}

#[test]
fn beginning_anew_forgets_the_number() {
    let mut talk = Talk::new();
    talk.write("A111111 !return !wish");
    assert_eq!(talk.write("!again"), ["number?"]);
    assert_eq!(talk.state().slots().count(), 0);
}

#[test]
fn a_flow_that_is_not_offered_any_more_is_told_kindly() {
    let mut talk = Talk::new();
    talk.write("!track");
    talk.book.has_flows = false;
    assert_eq!(talk.write("price !rule"), ["flow gone", "rule"]);
    assert_eq!(ended(&talk), ["gone"]);
}

#[test]
fn a_flow_ends_silently_when_the_customer_does_not_come_back() {
    let mut talk = Talk::new();
    talk.write("!track");
    assert_eq!(talk.state().due(), Some(talk.now + Span::mins(30)));
    talk.wait(Span::mins(30));
    assert!(talk.heard().is_empty());
    assert_eq!(ended(&talk), ["timeout"]);
    assert_eq!(talk.state().due(), None);
}

#[test]
fn a_call_whose_caller_died_is_made_again_with_the_same_key() {
    let mut talk = Talk::new();
    talk.write("A111111 !track");
    let first = talk.called().unwrap();
    talk.crash();
    talk.wait(Span(1));
    let second = talk.called().unwrap();
    assert_eq!(first.key, second.key);
    assert_ne!(first.attempt, second.attempt);
    let stale = Event::CallAnswered {
        attempt: first.attempt,
        outcome: "found".into(),
        fields: vec![],
    };
    talk.feed(&[stale]);
    assert_eq!(talk.refused, [Rejected::Stale]);
    assert_eq!(talk.order("found", "here"), ["<here>"]);
}

#[test]
fn a_system_that_does_not_answer_brings_a_person() {
    let mut talk = Talk::new();
    talk.write("A111111 !track");
    talk.wait(crate::domain::conversation::CALL_PATIENCE);
    assert!(talk.called().is_some());
    talk.wait(Span::secs(2));
    assert_eq!(talk.heard(), ["waiting"]);
}

#[test]
fn a_call_on_its_way_is_not_cancelled_with_words() {
    let mut talk = Talk::new();
    talk.write("A111111 !track");
    let call = talk.called().unwrap();
    assert!(talk.write("never mind !cancel").is_empty());
    assert!(talk.write("A222222 !fix").is_empty());
    assert!(talk.tap("track").is_empty());
    assert_eq!(talk.called(), Some(call));
    assert_eq!(talk.order("found", "cancelled"), ["<cancelled>"]);
}

#[test]
fn what_was_told_long_ago_is_asked_again() {
    let mut talk = Talk::new();
    talk.write("A111111 !track");
    talk.order("found", "gone");
    talk.wait(Span::hours(25));
    assert_eq!(talk.tap("track"), ["number?"]);
}

#[test]
fn a_call_waits_for_no_company() {
    let mut talk = Talk::new();
    talk.write("!track");
    talk.write("A111111");
    let call = talk.called().unwrap();
    // One try: what this decision began was in nobody's hand yet.
    let errand = match &talk.state().run.as_ref().unwrap().status {
        super::super::run::Status::Calling(errand) => errand.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((errand.tries, errand.attempt), (1, call.attempt));
}

#[test]
fn a_menu_entry_begins_its_flow() {
    let mut talk = Talk::new();
    assert_eq!(talk.tap("track"), ["number?"]);
    assert_eq!(talk.tap("menu"), ["menu"]);
    talk.write("A123456");
    assert!(talk.called().is_some());
    assert_eq!(talk.tap("person"), ["waiting"]);
}

#[test]
fn what_an_unsent_message_said_is_asked_again() {
    let mut talk = Talk::new();
    talk.write("A111111 !return !wish");
    let message = Fingerprint(talk.wrote + 500_000);
    assert_eq!(talk.flow(), Some(("return_request", Some("need_reason"))));
    talk.feed(&[plain(77_777, talk.now, None, Kind::Unsent { message })]);
    assert_eq!(talk.state().slots().count(), 0);
    assert_eq!(talk.write("A222222"), ["reason?"]);
    assert_eq!(talk.write("it broke"), ["<A222222>"]);
}

#[test]
fn a_guess_begins_no_flow() {
    let mut talk = Talk::new();
    assert!(
        talk.write("may I use it with that !track !guess")
            .is_empty()
    );
    assert_eq!(talk.handler(), Handler::Ai);
    assert_eq!(talk.write("!track !guess !wish"), ["number?"]);
}

#[test]
fn words_that_name_a_flow_begin_it() {
    let mut talk = Talk::new();
    assert_eq!(talk.write("!named"), ["number?"]);
    let mut talk = Talk::new();
    let text = "about something else altogether !named !product";
    assert!(talk.write(text).is_empty());
    assert_eq!(talk.handler(), Handler::Ai);
}

#[test]
fn a_question_is_no_reason() {
    let mut talk = Talk::new();
    talk.write("A123456 !return !wish");
    assert_eq!(talk.write("what does sending cost !rule !ask"), ["rule"]);
    assert_eq!(talk.flow(), Some(("return_request", Some("suspended"))));
    assert_eq!(talk.write("it broke, may I ask why !ask"), ["<A123456>"]);
}
