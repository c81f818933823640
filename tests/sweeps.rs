//! Laws of the sweeper: what is owed is woken, once at a time, and a refusal is not for long.
//!
//! Store time stands still unless the test moves it.

mod house;

use hotline::actors::Sweeps;
use hotline::domain::ids::Incarnation;
use hotline::domain::time::{Millis, Span};
use hotline::line::inbound::GroupPolicy;
use hotline::ports::store::{Due, EntityKey, EntityKind, Store};
use hotline::store::memory::faults::Fault;
use house::{House, Trouble, body, text};
use std::time::Duration;

const START: Millis = Millis(1_800_000_000_000);

fn entity(user: &str) -> EntityKey {
    EntityKey::new(EntityKind::Conversation, &format!("main/{user}"))
}

/// A life that ended with so many calls to LINE under way.
async fn died_with_calls(customers: usize) -> House {
    let house = House::new(GroupPolicy::All, None);
    house.store.inner.set_now(START);
    house
        .scribe
        .script
        .lock()
        .unwrap()
        .extend((0..customers).map(|_| None));
    let users: Vec<usize> = (0..customers).collect();
    for some in users.chunks(100) {
        let events: Vec<String> = some
            .iter()
            .map(|n| text(&format!("U{n}"), &format!("e{n}"), "q1"))
            .collect();
        assert_eq!(house.post(body(&events)).await, 200);
    }
    house.sent(customers).await;
    house
}

/// Waits until every wake was served or refused.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(in_time.is_ok(), "{what}");
}

#[actix_web::test]
async fn recovery_takes_every_call_over_at_once_and_wakes_nobody_twice() {
    const MANY: usize = 700;
    let before = died_with_calls(MANY).await;
    for (later, answers) in [(Span(0), false), (Span(1), false), (Span::secs(1), true)] {
        before.store.inner.set_now(before.store.now() + later);
        let house = before.next_life(None);
        if !answers {
            let never = (0..MANY).map(|_| None);
            house.scribe.script.lock().unwrap().extend(never);
        }
        let sweeps = Sweeps::new(house.registry.clone());
        let woken = sweeps.look().await;
        // In the same moment what was taken over is due when what was left behind is: another look
        // at it is owed, and begins nothing.
        assert!(
            woken == MANY || (later == Span(0) && woken > MANY),
            "{woken}"
        );
        house.sent(MANY).await;
        until("wakes are served", || sweeps.in_hand() == 0).await;
        assert_eq!(sweeps.look().await, 0);
        let sent = house.scribe.sent.lock().unwrap();
        assert_eq!(sent.len(), MANY);
    }
}

#[actix_web::test]
async fn a_claim_comes_back_half_a_minute_after_it_was_made() {
    let before = died_with_calls(1).await;
    let house = before.next_life(Some(entity("U0")));
    let sweeps = Sweeps::new(house.registry.clone());
    // Due ten seconds from now, claimed now.
    assert_eq!(sweeps.look().await, 1);
    let next = START + Span::secs(30);
    let claim = |upto: Millis| house.store.claim_due(upto, upto + Span::secs(30), 9);
    assert_eq!(claim(next - Span(1)).await.unwrap().items, []);
    let due = Due {
        key: entity("U0"),
        at: next,
    };
    assert_eq!(claim(next).await.unwrap().items, [due]);
}

#[actix_web::test]
async fn nobody_is_woken_again_while_his_wake_is_being_served() {
    let before = died_with_calls(3).await;
    let house = before.next_life(Some(entity("U1")));
    let sweeps = Sweeps::new(house.registry.clone());
    assert_eq!(sweeps.look().await, 3);
    house.sent(2).await;
    until("two are served", || sweeps.in_hand() == 1).await;
    for minute in 1..4 {
        house.store.inner.set_now(START + Span::mins(minute));
        assert_eq!(sweeps.look().await, 0, "minute {minute}");
    }
    assert_eq!(sweeps.in_hand(), 1);
}

#[actix_web::test]
async fn a_refused_wake_is_tried_again_within_seconds() {
    let before = died_with_calls(1).await;
    let house = before.next_life(None);
    house.store.inner.arrange([Fault::LostBefore]);
    let sweeps = Sweeps::new(house.registry.clone());
    assert_eq!(sweeps.look().await, 1);
    until("the wake is refused", || sweeps.refused() == 1).await;
    house.store.inner.set_now(START + Span::secs(1));
    assert_eq!((sweeps.look().await, sweeps.in_hand()), (0, 1));
    house.store.inner.set_now(START + Span::secs(3));
    assert_eq!(sweeps.look().await, 1);
    house.sent(1).await;
    until("the wake is served", || sweeps.in_hand() == 0).await;
}

#[actix_web::test]
async fn recovery_wakes_whom_it_claims_even_if_he_is_live() {
    // Due ten seconds from now; the claim makes it thirty.
    let house = died_with_calls(3).await;
    let sweeps = Sweeps::new(house.registry.clone());
    assert_eq!(sweeps.look().await, 3);
    until("wakes are served", || sweeps.in_hand() == 0).await;
    // Nothing is begun twice.
    assert_eq!(house.scribe.sent.lock().unwrap().len(), 3);
    assert_eq!(sweeps.look().await, 0);
}

#[actix_web::test]
async fn recovery_goes_on_with_what_a_claim_left_out() {
    let before = died_with_calls(3).await;
    let house = before.next_life(None);
    house.store.trouble.send_replace(Trouble::LeaveOut);
    let sweeps = Sweeps::new(house.registry.clone());
    assert_eq!(sweeps.look().await, 1);
    assert_eq!(sweeps.look().await, 1);
    house.store.trouble.send_replace(Trouble::None);
    // Not due by itself for another ten seconds.
    assert_eq!(sweeps.look().await, 1);
    house.sent(3).await;
    until("wakes are served", || sweeps.in_hand() == 0).await;
    assert_eq!(sweeps.look().await, 0);
}

#[actix_web::test]
async fn when_a_node_is_gone_the_first_of_the_others_looks_and_they_a_little_later() {
    for (other, is_first) in [(Incarnation(u64::MAX), true), (Incarnation(0), false)] {
        let before = died_with_calls(2).await;
        let house = before.next_life(None);
        // It comes to where another works already.
        *house.store.other.lock().unwrap() = Some((other, 0));
        let sweeps = Sweeps::new(house.registry.clone());
        assert_eq!(sweeps.look().await, 0);
        *house.store.other.lock().unwrap() = Some((other, 1));
        let later = Span(if is_first { 0 } else { 3_000 });
        if !is_first {
            assert_eq!(sweeps.look().await, 0, "it was only seen to be gone");
            house.store.inner.set_now(START + later - Span(1));
            assert_eq!(sweeps.look().await, 0, "not before");
        }
        house.store.inner.set_now(START + later);
        assert_eq!(sweeps.look().await, 2, "{other:?}");
        until("wakes are served", || sweeps.in_hand() == 0).await;
    }
}
