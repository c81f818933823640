//! Laws of the funnel: who takes a text, and the crossing to people.

use super::shop::{Shop, Talk};
use super::*;
use crate::domain::conversation::Back;
use crate::domain::handoff::Reason;

fn handoffs(talk: &Talk) -> Vec<(Reason, u8, bool)> {
    let facts = talk.facts.iter();
    facts
        .filter_map(|fact| match fact {
            Fact::HandedOff {
                reason,
                priority,
                ticketed,
            } => Some((*reason, *priority, *ticketed)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_rule_answers_before_the_assistant_is_asked() {
    let mut talk = Talk::new();
    assert_eq!(talk.write("what does it cost !rule"), ["rule"]);
    assert_eq!(talk.handler(), Handler::Auto);
    assert_eq!(talk.asked(), None);
}

#[test]
fn a_complaint_waits_for_a_person_first_of_all() {
    let mut talk = Talk::new();
    assert_eq!(
        talk.write("you are the worst !complaint !rule"),
        ["waiting"]
    );
    assert_eq!(talk.state().phase(), Phase::Waiting);
    assert_eq!(handoffs(&talk), [(Reason::Complaint, 1, false)]);
    assert_eq!(talk.handler(), Handler::Human);
}

#[test]
fn who_asks_for_a_person_when_nobody_is_there_becomes_a_ticket() {
    let mut talk = Talk::of(Shop {
        open: false,
        ..Shop::default()
    });
    assert_eq!(talk.write("a person please !human"), ["ticketed"]);
    assert_eq!(talk.state().phase(), Phase::Ticketed);
    assert_eq!(handoffs(&talk), [(Reason::UserRequest, 4, true)]);
    assert_eq!(talk.handler(), Handler::Ticket);
}

#[test]
fn with_people_the_automation_is_silent_and_goes_on_listening() {
    let mut talk = Talk::new();
    talk.write("!human");
    assert!(talk.write("what does it cost !rule").is_empty());
    assert!(talk.tap("menu").is_empty());
    assert_eq!(talk.handler(), Handler::Human);
    assert_eq!(talk.state().last().rule.as_deref(), Some("rule"));
    // The token of each is kept for the agent.
    assert!(!talk.state().tokens.is_empty());
}

#[test]
fn a_complaint_of_who_waits_raises_his_priority() {
    let mut talk = Talk::new();
    talk.write("!human");
    talk.write("you are the worst !complaint");
    let reasons: Vec<u8> = handoffs(&talk)
        .iter()
        .map(|(_, priority, _)| *priority)
        .collect();
    assert_eq!(reasons, [4, 1]);
    talk.write("!human");
    assert_eq!(talk.state().handoff().unwrap().reason, Reason::Complaint);
}

#[test]
fn who_leaves_the_line_is_answered_again_and_begins_anew() {
    let mut talk = Talk::new();
    talk.write("!human");
    assert_eq!(talk.leave_the_line(), ["back"]);
    assert_eq!(talk.state().phase(), Phase::Automated);
    // What was said before is no context any more; the greeting back is.
    assert_eq!(talk.state().words().count(), 1);
    assert_eq!(talk.write("!rule"), ["rule"]);
}

#[test]
fn nobody_waits_for_ever() {
    let mut talk = Talk::new();
    talk.write("!human");
    let since = talk.now;
    assert_eq!(talk.state().due(), Some(since + Span::hours(24)));
    talk.wait(Span::hours(24));
    assert_eq!(talk.state().phase(), Phase::Automated);
    let back = talk.facts.iter().any(|fact| {
        matches!(fact, Fact::CameBack { why: Back::Time, waited } if *waited == Span::hours(24))
    });
    assert!(back, "{:?}", talk.facts);
}

#[test]
fn a_ticket_waits_until_somebody_takes_it() {
    let mut talk = Talk::of(Shop {
        open: false,
        ..Shop::default()
    });
    talk.write("!complaint");
    talk.wait(Span::hours(24 * 30));
    assert_eq!(talk.state().phase(), Phase::Ticketed);
    talk.feed(&[Event::Resolved]);
    assert_eq!(talk.state().phase(), Phase::Automated);
}

#[test]
fn a_text_after_the_line_has_closed_is_answered() {
    let mut talk = Talk::new();
    talk.write("!human");
    // Nobody woke it in time: the text itself finds that the wait is over.
    talk.now = talk.now + Span::hours(25);
    assert_eq!(talk.write("!rule"), ["rule"]);
}

#[test]
fn a_button_of_a_menu_that_is_gone_is_answered() {
    let mut talk = Talk::new();
    assert_eq!(talk.tap("menu:main:9:9"), ["flow gone"]);
    assert!(talk.tap("somebody else's").is_empty());
    assert_eq!(talk.leave_the_line(), ["back"]);
}

#[test]
fn a_resolved_conversation_forgets_what_was_said() {
    let mut talk = Talk::new();
    talk.write("my number is A123456 !track");
    talk.write("!human");
    talk.feed(&[Event::Resolved]);
    assert_eq!(talk.state().phase(), Phase::Automated);
    assert_eq!(talk.state().words().count(), 0);
    assert_eq!(talk.state().slots().count(), 0);
}

#[test]
fn who_blocks_the_account_leaves_the_line() {
    let mut talk = Talk::new();
    talk.write("!human");
    talk.feed(&[plain(9_999, talk.now, None, Kind::Unfollowed)]);
    assert_eq!(talk.state().phase(), Phase::Unreachable);
    assert!(talk.state().handoff().is_none());
}

#[test]
fn the_desk_row_tells_why_and_no_words() {
    let mut talk = Talk::new();
    talk.write("secret words !complaint");
    let row = String::from_utf8(talk.state().desk_row().unwrap().into()).unwrap();
    let row: serde_json::Value = serde_json::from_str(&row).unwrap();
    assert_eq!(row["phase"], "waiting");
    assert_eq!(row["reason"], "complaint");
    assert_eq!(row["priority"], 1);
    talk.leave_the_line();
    assert!(talk.state().desk_row().is_none());
}

#[test]
fn without_an_assistant_the_fallback_answers() {
    let mut shop = Shop::default();
    shop.policy.assistant.enabled = false;
    let mut talk = Talk::of(shop);
    assert_eq!(talk.write("hm"), ["fallback"]);
    assert_eq!(talk.handler(), Handler::Fallback);
}
