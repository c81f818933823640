//! Laws of answers that LINE did not take at once: when it is well they leave promptly, in the
//! order of their waiting, and no faster than it accepts.
//!
//! Store time moves by hand, so no pause between tries ever ends by itself.

mod house;

use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::domain::playbook::{LateAnswers, Policy};
use hotline::domain::time::{Millis, Span};
use hotline::line::inbound::GroupPolicy;
use hotline::ports::messenger::Outcome;
use house::{House, body, text};
use std::collections::HashMap;

const CUSTOMERS: usize = 60;
const START: Millis = Millis(1_800_000_000_000);
/// Half of the first pause: as much as remains of it when LINE takes others.
const LEAST: Span = Span(250);

async fn not_taken(outcome: Outcome) -> House {
    let house = House::new(GroupPolicy::All, None);
    house.store.inner.set_now(START);
    *house.scribe.answer.lock().unwrap() = outcome;
    for n in 0..CUSTOMERS {
        let event = text(&format!("U{n}"), &format!("e{n}"), "q1");
        assert_eq!(house.post(body(&[event])).await, 200);
    }
    house.sent(CUSTOMERS).await;
    house
}

#[actix_web::test]
async fn one_accepted_send_brings_everybody_his_answer() {
    for outcome in [Outcome::NotSent, Outcome::Unclear, Outcome::Throttled] {
        let house = not_taken(outcome).await;
        house.store.inner.set_now(START + LEAST);
        *house.scribe.answer.lock().unwrap() = Outcome::Accepted;
        // Behind a head that waits: it leaves when the head has.
        let follower = text("U7", "later", "q2");
        assert_eq!(house.post(body(&[follower])).await, 200);
        let well = text("Uwell", "well", "q3");
        assert_eq!(house.post(body(&[well])).await, 200);
        house.sent(2 * CUSTOMERS + 2).await;
        let sent = house.scribe.sent.lock().unwrap();
        let mut tries: HashMap<&str, usize> = HashMap::new();
        for dispatch in sent.iter() {
            *tries.entry(&dispatch.body).or_default() += 1;
        }
        let (twice, once): (Vec<usize>, Vec<usize>) = tries.values().partition(|n| **n == 2);
        assert_eq!((twice.len(), once.len()), (CUSTOMERS, 2));
    }
}

#[actix_web::test]
async fn while_line_takes_nothing_nobody_is_called() {
    let house = not_taken(Outcome::NotSent).await;
    let one_more = text("Umore", "more", "q3");
    assert_eq!(house.post(body(&[one_more])).await, 200);
    house.sent(CUSTOMERS + 1).await;
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.scribe.sent.lock().unwrap().len(), CUSTOMERS + 1);
}

#[actix_web::test]
async fn a_send_that_is_not_accepted_calls_nobody_else() {
    let house = not_taken(Outcome::NotSent).await;
    house.store.inner.set_now(START + LEAST);
    // One success: it calls two, who fail again.
    house
        .scribe
        .script
        .lock()
        .unwrap()
        .push_back(Some(Outcome::Accepted));
    let well = text("Uwell", "well", "q3");
    assert_eq!(house.post(body(&[well])).await, 200);
    house.sent(CUSTOMERS + 3).await;
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.scribe.sent.lock().unwrap().len(), CUSTOMERS + 3);
}

#[actix_web::test]
async fn whom_line_never_takes_is_not_tried_at_the_pace_at_which_it_takes_others() {
    let house = House::new(GroupPolicy::All, None);
    house.store.inner.set_now(START);
    *house.scribe.never.lock().unwrap() = Some("Unever".into());
    assert_eq!(house.post(body(&[text("Unever", "e", "q1")])).await, 200);
    house.sent(1).await;
    let never = ConversationKey::new(ChannelId::new("main"), ChatId::new("Unever"));
    // A hundred a second, for five seconds.
    for n in 1..=500 {
        house.store.inner.set_now(START + Span(n * 10));
        let event = text(&format!("U{n}"), &format!("e{n}"), "q1");
        assert_eq!(house.post(body(&[event])).await, 200);
        let others = || {
            let sent = house.scribe.sent.lock().unwrap();
            let is_other = |chat: String| chat != "Unever";
            sent.iter()
                .filter(|dispatch| is_other(dispatch.conversation.chat.to_string()))
                .count()
        };
        while others() < n as usize {
            tokio::task::yield_now().await;
        }
        // Its timer, which would count real time.
        house.registry.wake(&never).await.unwrap();
    }
    // Once, and then at the earliest after 0.25, 0.25, 0.5, 1, 1.25 and 1.25 s.
    let tries = house.scribe.bodies("Unever").len();
    assert!((5..=7).contains(&tries), "{tries}");
}

#[actix_web::test]
async fn a_push_whose_pause_outlives_every_timer_is_called_too() {
    let policy = Policy {
        late_answers: LateAnswers::Push,
        ..Policy::default()
    };
    let mut house = House::with(GroupPolicy::All, policy, 20);
    house.store.inner.set_now(START);
    let script = [Some(Outcome::InvalidReplyToken), None];
    *house.scribe.script.lock().unwrap() = script.into();
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    house.sent(2).await;
    let key = ConversationKey::new(ChannelId::new("main"), ChatId::new("U1"));
    // Each life dies with its try; the sixth is told that LINE does not take it.
    for life in 2..=6 {
        house = house.next_life(None);
        let outcome = (life == 6).then_some(Outcome::Throttled);
        house.scribe.script.lock().unwrap().push_back(outcome);
        house.registry.wake(&key).await.unwrap();
        house.sent(1).await;
    }
    // Not `settled`: a wake would arm a timer.
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    // Sixteen seconds of pause; a quarter is over.
    house.store.inner.set_now(START + Span::secs(4));
    house.registry.retire_all_idle();
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.post(body(&[text("U2", "e2", "q2")])).await, 200);
    house.sent(3).await;
    let pushes = house.scribe.bodies("U1");
    assert_eq!(pushes.len(), 2);
    assert_eq!(pushes[0], pushes[1]);
}
