//! Laws of the way out: what LINE cannot take at once waits where waiting costs nothing, is answered
//! in turn, and is bounded by what LINE takes.

mod house;

use hotline::domain::conversation::HELD;
use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::domain::time::Millis;
use hotline::line::inbound::GroupPolicy;
use house::{House, body, text};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::Semaphore;

const START: Millis = Millis(1_700_000_000_000);
const PLACES: usize = 4;
const CUSTOMERS: usize = 60;

/// A house whose way out has [`PLACES`], to which all customers have written.
async fn crowded() -> (House, Arc<Semaphore>) {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    house.store.inner.set_now(START);
    let through = Arc::new(Semaphore::new(0));
    *house.scribe.narrow.lock().unwrap() = Some((PLACES, through.clone()));
    for n in 0..CUSTOMERS {
        let event = text(&format!("U{n}"), &format!("e{n}"), "q1");
        assert_eq!(house.post(body(&[event])).await, 200);
    }
    house.sent(PLACES).await;
    (house, through)
}

fn begun(house: &House) -> usize {
    house.scribe.sent.lock().unwrap().len()
}

#[actix_web::test]
async fn no_more_calls_begin_than_the_way_out_takes() {
    let (house, _through) = crowded().await;
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(begun(&house), PLACES);
    assert_eq!(house.registry.shared().owed(), CUSTOMERS);
}

#[actix_web::test]
async fn everybody_is_answered_once_and_nobody_waits_for_a_timer() {
    let (house, through) = crowded().await;
    // The clock stands still: only being called can bring an answer.
    through.add_permits(CUSTOMERS);
    house.sent(CUSTOMERS).await;
    let bodies: HashSet<String> = (0..CUSTOMERS)
        .flat_map(|n| house.scribe.bodies(&format!("U{n}")))
        .collect();
    assert_eq!(bodies.len(), CUSTOMERS);
    assert_eq!(begun(&house), CUSTOMERS);
}

#[actix_web::test]
async fn one_place_that_becomes_free_is_taken_by_the_next_in_line() {
    let (house, through) = crowded().await;
    for done in 1..10 {
        through.add_permits(1);
        house.sent(PLACES + done).await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(begun(&house), PLACES + done);
    }
    let sent = house.scribe.sent.lock().unwrap();
    let order: Vec<String> = sent
        .iter()
        .map(|d| d.conversation.chat.to_string())
        .collect();
    let asked: Vec<String> = (0..order.len()).map(|n| format!("U{n}")).collect();
    assert_eq!(order, asked, "who wrote first is answered first");
}

#[actix_web::test]
async fn an_answer_that_nobody_calls_leaves_when_it_is_due() {
    let (house, _through) = crowded().await;
    house.store.inner.set_now(START + HELD);
    let last = format!("U{}", CUSTOMERS - 1);
    let key = ConversationKey::new(ChannelId::new("main"), ChatId::new(&last));
    house.registry.wake(&key).await.unwrap();
    house.sent(PLACES + 1).await;
    assert_eq!(house.scribe.bodies(&last).len(), 1);
}

#[actix_web::test]
async fn what_was_held_back_is_sent_by_the_next_process() {
    let (house, _through) = crowded().await;
    let next = house.next_life(None);
    for n in PLACES..CUSTOMERS {
        let key = ConversationKey::new(ChannelId::new("main"), ChatId::new(&format!("U{n}")));
        next.registry.wake(&key).await.unwrap();
    }
    next.sent(CUSTOMERS - PLACES).await;
    assert_eq!(begun(&next), CUSTOMERS - PLACES);
}

#[actix_web::test]
async fn more_may_be_owed_while_line_takes_it_fast_enough() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    house.store.inner.set_now(START);
    for n in 0..60 {
        let event = text(&format!("U{n}"), &format!("e{n}"), "q1");
        assert_eq!(house.post(body(&[event])).await, 200);
    }
    house.sent(60).await;
    let one = |n: usize| body(&[text("Umore", &format!("more{n}"), "q1")]);
    // 60 a second are 1,200 in the time an answer may wait.
    house.scribe.pretend_owed(1_190);
    assert_eq!(house.post(one(1)).await, 200);
    house.scribe.pretend_owed(1_300);
    assert_eq!(house.post(one(2)).await, 503);
    // LINE has fallen silent: the least counts.
    house.store.inner.set_now(Millis(START.0 + 5_000));
    house.scribe.pretend_owed(1_100);
    assert_eq!(house.post(one(3)).await, 503);
}
