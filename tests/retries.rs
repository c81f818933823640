//! Laws of answers that LINE did not take at once: when it is well they leave promptly, in the
//! order of their waiting, and no faster than it accepts.
//!
//! Store time stands still, so no pause between tries ever ends by itself.

mod house;

use hotline::domain::time::Millis;
use hotline::line::inbound::GroupPolicy;
use hotline::ports::messenger::Outcome;
use house::{House, body, text};
use std::collections::HashMap;

const CUSTOMERS: usize = 60;

async fn not_taken(outcome: Outcome) -> House {
    let house = House::new(GroupPolicy::All, None);
    house.store.inner.set_now(Millis(1_800_000_000_000));
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
