//! The drainer: it tries the store steadily, survives what it meets and blocks no thread.

use crate::hall::*;
use crate::house::{Trouble, body, text};
use std::sync::atomic::Ordering;

#[actix_web::test]
async fn a_single_customers_event_is_tried_as_steadily_as_a_crowds() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::Refuse);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    // Eight tries in a row. With pauses that grow the last would come after more than 20 s.
    until("it is tried until the store counts as away", || {
        is_away(&house)
    })
    .await;
    turn(&house, Trouble::None);
    drained(&house).await;
    answered(&house, "U1", 1).await;
}

#[actix_web::test]
async fn a_fault_while_draining_costs_a_try_and_no_event() {
    let folder = folder();
    let (house, spool) = tricky(&folder);
    spool.deadly_reads.store(1, Ordering::Relaxed);
    spool.deadly_removals.store(1, Ordering::Relaxed);
    turn(&house, Trouble::Refuse);
    for round in 1..=2 {
        for n in 0..5 {
            let event = text(
                &format!("U{n}"),
                &format!("{round}-{n}"),
                &format!("q{round}"),
            );
            assert_eq!(house.post(body(&[event])).await, 200);
        }
    }
    turn(&house, Trouble::None);
    drained(&house).await;
    for n in 0..5 {
        answered(&house, &format!("U{n}"), 2).await;
        assert_eq!(answers(&house, &format!("U{n}")), [1, 2]);
    }
    assert_eq!(spool.deadly_reads.load(Ordering::Relaxed), 0);
    assert_eq!(spool.deadly_removals.load(Ordering::Relaxed), 0);
}

#[actix_web::test]
async fn a_drainer_that_dies_begins_again() {
    let folder = folder();
    let (house, spool) = tricky(&folder);
    spool.deadly_compactions.store(1, Ordering::Relaxed);
    until("it died", || {
        spool.deadly_compactions.load(Ordering::Relaxed) == 0
    })
    .await;
    turn(&house, Trouble::Refuse);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    turn(&house, Trouble::None);
    drained(&house).await;
    answered(&house, "U1", 1).await;
}

#[actix_web::test]
async fn the_disk_is_not_read_on_a_thread_that_serves() {
    let folder = folder();
    let (house, spool) = tricky(&folder);
    turn(&house, Trouble::Refuse);
    for n in 0..20 {
        let event = text(&format!("U{n}"), &format!("e{n}"), "q1");
        assert_eq!(house.post(body(&[event])).await, 200);
    }
    turn(&house, Trouble::None);
    drained(&house).await;
    assert!(spool.reads.load(Ordering::Relaxed) >= 20);
    assert_eq!(spool.reads_here.load(Ordering::Relaxed), 0);
}

#[actix_web::test]
async fn a_channel_that_is_owed_too_many_answers_waits_unread() {
    let folder = folder();
    let (house, spool) = tricky(&folder);
    turn(&house, Trouble::Refuse);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    house.scribe.pretend_owed(100_000);
    turn(&house, Trouble::None);
    let read = spool.reads.load(Ordering::Relaxed);
    // Nobody tries: the store's troubles, if any, were before.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(
        spool.reads.load(Ordering::Relaxed) <= read + 1,
        "one was under way"
    );
    assert_eq!(waiting(&house), 1);
    house.scribe.pretend_owed(0);
    drained(&house).await;
    answered(&house, "U1", 1).await;
}
