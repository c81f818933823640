//! The ledger's laws: each crime is found, each innocent goes free.

use super::*;
use crate::simulator::journal::Delivered;
use std::sync::Arc;

#[derive(Default)]
struct Story {
    ledger: Ledger,
    seq: u64,
}

impl Story {
    /// A customer `U1` asks `e0` → `a0`, `e1` → `a1`, …
    fn asking(questions: usize) -> Story {
        let mut story = Story::default();
        for n in 0..questions {
            story.ledger.ask("U1", &format!("e{n}"), &format!("a{n}"));
        }
        story
    }

    fn tell(&mut self, at: u64, what: What) {
        self.seq += 1;
        self.ledger.see(&JournalEntry {
            seq: self.seq,
            at,
            channel: Arc::from("main"),
            what,
        });
    }

    fn webhook(&mut self, sent_at: u64, at: u64, events: &[&str], status: u16) -> &mut Story {
        let texts: Vec<String> = events
            .iter()
            .map(|id| format!(r#"{{"webhookEventId":"{id}","replyToken":"t-{id}","x":"é\n"}}"#))
            .collect();
        let call = WebhookCall {
            body: format!(r#"{{"destination":"U","events":[{}]}}"#, texts.join(",")),
            event_ids: events.iter().map(|id| (*id).to_owned()).collect(),
            sent_at,
            status,
            error: match status {
                0 => Some("could_not_connect".to_owned()),
                200 => None,
                _ => Some("error_status_code".to_owned()),
            },
            ..WebhookCall::default()
        };
        self.tell(at, What::Webhook(Box::new(call)));
        self
    }

    fn reply(
        &mut self,
        token: &str,
        markers: &[&str],
        shape: impl FnOnce(&mut Call),
    ) -> &mut Story {
        let messages: Vec<String> = markers
            .iter()
            .map(|marker| format!(r#"{{"type":"text","text":"{marker} and more"}}"#))
            .collect();
        let mut call = Call {
            endpoint: "reply".to_owned(),
            body: format!(
                r#"{{"replyToken":"{token}","messages":[{}]}}"#,
                messages.join(",")
            ),
            status: 200,
            accepted: true,
            deliveries: vec![Delivered {
                to: Arc::from("U1"),
                message_ids: vec!["1".to_owned(); markers.len()],
                arrived: true,
            }],
            ..Call::default()
        };
        shape(&mut call);
        self.tell(0, What::Call(Box::new(call)));
        self
    }

    fn answer(&mut self, markers: &[&str]) -> &mut Story {
        self.reply("t", markers, |_| {})
    }
}

fn refused(call: &mut Call) {
    call.accepted = false;
    call.deliveries.clear();
}

#[test]
fn answered_once_and_in_order_is_clean() {
    let mut story = Story::asking(3);
    story
        .webhook(1, 2, &["e0", "e1"], 200)
        .answer(&["a0", "a1"]);
    story.webhook(3, 4, &["e2"], 200).answer(&["a2"]);
    let verdict = story.ledger.verdict();
    assert!(verdict.clean(), "{verdict}");
    assert_eq!(
        (verdict.asked, verdict.accepted, verdict.answered),
        (3, 3, 3)
    );
    assert_eq!(verdict.open(), 0);
}

#[test]
fn acknowledged_and_never_answered_is_lost() {
    let mut story = Story::asking(2);
    story.webhook(1, 2, &["e0", "e1"], 200).answer(&["a1"]);
    let verdict = story.ledger.verdict();
    assert_eq!((verdict.lost, verdict.unconfirmed), (1, 0));
    assert_eq!(verdict.offences[0].event, "e0");
}

#[test]
fn refused_at_the_webhook_is_not_lost_and_may_be_answered_once() {
    let mut story = Story::asking(2);
    story.webhook(1, 2, &["e0"], 0).webhook(3, 4, &["e1"], 503);
    story.answer(&["a1"]);
    let verdict = story.ledger.verdict();
    assert!(verdict.clean(), "{verdict}");
    assert_eq!((verdict.answered, verdict.unanswered_not_accepted), (1, 1));
    story.answer(&["a1"]);
    assert_eq!(story.ledger.verdict().doubled, 1);
}

#[test]
fn an_answer_twice_or_unasked_is_doubled() {
    let mut story = Story::asking(1);
    story
        .webhook(1, 2, &["e0"], 200)
        .answer(&["a0"])
        .answer(&["a0"]);
    story.answer(&["a7"]);
    let verdict = story.ledger.verdict();
    assert_eq!((verdict.doubled, verdict.lost), (2, 0));
}

#[test]
fn a_settled_question_answered_after_a_later_one_is_out_of_order() {
    let mut story = Story::asking(2);
    story
        .webhook(1, 2, &["e0"], 200)
        .webhook(5, 6, &["e1"], 200);
    story.answer(&["a1"]).answer(&["a0"]);
    assert_eq!(story.ledger.verdict().out_of_order, 1);
    let mut story = Story::asking(2);
    story
        .webhook(1, 2, &["e0", "e1"], 200)
        .answer(&["a1", "a0"]);
    assert_eq!(story.ledger.verdict().out_of_order, 1);
}

#[test]
fn a_redelivered_question_may_be_answered_after_what_overtook_it() {
    let mut story = Story::asking(2);
    story.webhook(1, 2, &["e0"], 0).webhook(5, 6, &["e1"], 200);
    story
        .webhook(9, 10, &["e0"], 200)
        .answer(&["a1"])
        .answer(&["a0"]);
    let verdict = story.ledger.verdict();
    assert!(verdict.clean(), "{verdict}");
}

#[test]
fn without_redelivery_a_broken_request_keeps_its_place() {
    let mut story = Story::asking(2);
    story.webhook(1, 2, &["e0"], 0).webhook(5, 6, &["e1"], 200);
    story.answer(&["a1"]).answer(&["a0"]);
    assert_eq!(story.ledger.verdict().out_of_order, 1);
}

#[test]
fn a_send_that_ended_without_a_word_leaves_its_answer_unconfirmed() {
    let mut story = Story::asking(2);
    story.webhook(1, 2, &["e0", "e1"], 200);
    story.reply("t-e0", &["a0"], |call| {
        refused(call);
        call.told = Told::Hung;
        call.status = 0;
    });
    story.reply("t-e1", &["a1"], |call| {
        refused(call);
        call.status = 400;
    });
    let verdict = story.ledger.verdict();
    assert_eq!((verdict.unconfirmed, verdict.lost), (1, 1), "{verdict}");
}

#[test]
fn another_customers_doubt_is_no_excuse() {
    let mut story = Story::asking(1);
    story.ledger.ask("U2", "other", "a0");
    story
        .webhook(1, 2, &["e0"], 200)
        .webhook(1, 2, &["other"], 200);
    story.reply("t-other", &["a0"], |call| {
        refused(call);
        call.status = 500;
    });
    let verdict = story.ledger.verdict();
    assert_eq!((verdict.unconfirmed, verdict.lost), (1, 1), "{verdict}");
}

#[test]
fn an_injected_doubt_is_answered_and_counted() {
    let mut story = Story::asking(1);
    story.webhook(1, 2, &["e0"], 200);
    story.reply("t-e0", &["a0"], |call| {
        call.status = 500;
        call.doubt = true;
    });
    let verdict = story.ledger.verdict();
    assert!(verdict.clean(), "{verdict}");
    assert_eq!((verdict.answered, verdict.injected_doubts), (1, 1));
}

#[test]
fn repeated_markers_are_counted() {
    let mut story = Story::default();
    for event in ["x", "y", "z"] {
        story.ledger.ask("U1", event, "a");
    }
    story
        .webhook(1, 2, &["x"], 0)
        .webhook(3, 4, &["y", "z"], 200);
    story.answer(&["a"]).answer(&["a"]);
    let verdict = story.ledger.verdict();
    assert!(verdict.clean(), "{verdict}");
    assert_eq!((verdict.answered, verdict.unanswered_not_accepted), (2, 1));
    story.answer(&["a"]).answer(&["a"]);
    assert_eq!(story.ledger.verdict().doubled, 1);
}

#[test]
fn money_and_broken_rules_are_added_up() {
    let mut story = Story::asking(1);
    story.webhook(1, 2, &["e0"], 200);
    story.reply("t-e0", &["a0"], |call| {
        call.endpoint = "push".to_owned();
        call.billed = 1;
        call.violation = Some("retry key was used again with another body".to_owned());
    });
    let verdict = story.ledger.verdict();
    assert_eq!((verdict.billed, verdict.violations), (1, 1));
    assert!(!verdict.clean());
}
