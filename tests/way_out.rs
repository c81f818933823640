//! Laws of the way out: what LINE cannot take at once waits where waiting costs nothing, is answered
//! in turn, and is bounded by what LINE takes.

mod house;

use hotline::domain::conversation::HELD;
use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::domain::time::Millis;
use hotline::line::inbound::GroupPolicy;
use hotline::ports::messenger::Outcome;
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

fn customer(n: usize) -> ConversationKey {
    ConversationKey::new(ChannelId::new("main"), ChatId::new(&format!("U{n}")))
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
    assert_eq!(house.registry.shared().lines.held(), CUSTOMERS - PLACES);
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
    let last = customer(CUSTOMERS - 1);
    house.registry.wake(&last).await.unwrap();
    house.sent(PLACES + 1).await;
    assert_eq!(house.scribe.bodies(&last.chat.to_string()).len(), 1);
}

#[actix_web::test]
async fn what_was_held_back_is_sent_by_the_next_process() {
    let (house, _through) = crowded().await;
    let next = house.next_life(None);
    for n in PLACES..CUSTOMERS {
        next.registry.wake(&customer(n)).await.unwrap();
    }
    next.sent(CUSTOMERS - PLACES).await;
    assert_eq!(begun(&next), CUSTOMERS - PLACES);
}

#[actix_web::test]
async fn who_writes_while_others_wait_stands_behind_them() {
    let (house, through) = crowded().await;
    // Room that nobody was called for: the next event is a newcomer's.
    *house.scribe.narrow.lock().unwrap() = Some((PLACES + 1, through.clone()));
    let event = text("Unew", "new", "q1");
    assert_eq!(house.post(body(&[event])).await, 200);
    house.sent(PLACES + 1).await;
    let first = house.scribe.sent.lock().unwrap()[PLACES]
        .conversation
        .clone();
    assert_eq!(
        first,
        customer(PLACES),
        "the first in line goes, not who came last"
    );
    through.add_permits(CUSTOMERS + 1);
    house.sent(CUSTOMERS + 1).await;
    assert_eq!(house.registry.shared().lines.held(), 0);
    assert_eq!(house.scribe.bodies("Unew").len(), 1);
}

#[actix_web::test]
async fn line_gone_in_a_campaign_does_not_shut_the_door() {
    let (house, through) = crowded().await;
    let shared = house.registry.shared();
    assert!(shared.is_full(&ChannelId::new("main"), 10));
    // LINE takes nothing any more, and all tokens die.
    *house.scribe.narrow.lock().unwrap() = None;
    *house.scribe.answer.lock().unwrap() = Outcome::NotSent;
    for past in [HELD.0, 60_000] {
        house.store.inner.set_now(Millis(START.0 + past));
        for n in 0..CUSTOMERS {
            house.registry.wake(&customer(n)).await.unwrap();
        }
    }
    assert_eq!(shared.lines.held(), 0);
    assert!(!shared.is_full(&ChannelId::new("main"), 10));
    drop(through);
}

#[actix_web::test]
async fn a_node_that_leaves_calls_nobody() {
    let (house, through) = crowded().await;
    house.registry.shared().lines.leave();
    through.add_permits(CUSTOMERS);
    for _ in 0..300 {
        tokio::task::yield_now().await;
    }
    assert_eq!(begun(&house), PLACES);
}

#[actix_web::test]
async fn more_may_be_held_back_while_line_takes_it_fast_enough() {
    let (house, through) = crowded().await;
    let channel = ChannelId::new("main");
    let shared = house.registry.shared();
    through.add_permits(2);
    house.sent(PLACES + 2).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // Two in this second are forty in the time an answer may wait; 54 are held back.
    assert!(shared.is_full(&channel, 10));
    through.add_permits(1);
    house.sent(PLACES + 3).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!shared.is_full(&channel, 10), "sixty, and 53 are");
    house.store.inner.set_now(Millis(START.0 + 6_000));
    assert!(
        shared.is_full(&channel, 10),
        "LINE has fallen silent: the least counts"
    );
}
