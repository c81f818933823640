//! The store is away: each event is taken, in order, once.

use crate::hall::*;
use crate::house::{House, Trouble, body, text};
use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::store::spool::FolderSpool;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[actix_web::test]
async fn events_survive_an_outage_of_the_store() {
    let folder = folder();
    let house = house(&folder);
    for trouble in [Trouble::Refuse, Trouble::Hang] {
        turn(&house, trouble);
        let name = |n: usize| format!("U{trouble:?}{n}");
        for round in 1..=3 {
            let events: Vec<String> = (0..40)
                .map(|n| {
                    text(
                        &name(n),
                        &format!("{trouble:?}{round}-{n}"),
                        &format!("q{round}"),
                    )
                })
                .collect();
            let began = Instant::now();
            assert_eq!(house.post(body(&events)).await, 200);
            assert!(began.elapsed() < Duration::from_secs(2), "LINE waits 2 s");
        }
        assert_eq!(waiting(&house), 120);
        assert!(is_away(&house));
        assert!(answers(&house, &name(0)).is_empty());
        turn(&house, Trouble::None);
        drained(&house).await;
        for n in 0..40 {
            answered(&house, &name(n), 3).await;
            assert_eq!(answers(&house, &name(n)), [1, 2, 3], "{}", name(n));
        }
        assert!(!is_away(&house));
    }
}

#[actix_web::test]
async fn order_is_kept_across_the_switch_both_ways() {
    let folder = folder();
    let house = house(&folder);
    let customers: Vec<String> = (0..20).map(|n| format!("U{n}")).collect();
    for round in 1..=12u32 {
        match round {
            3 => turn(&house, Trouble::Refuse),
            7 => turn(&house, Trouble::None),
            _ => {}
        }
        let posts = customers.iter().map(|user| {
            let event = text(user, &format!("{user}-{round}"), &format!("q{round}"));
            house.post(body(&[event]))
        });
        let codes = futures_util::future::join_all(posts).await;
        assert!(codes.iter().all(|code| *code == 200), "{codes:?}");
    }
    drained(&house).await;
    for user in &customers {
        answered(&house, user, 12).await;
        assert_eq!(
            answers(&house, user),
            (1..=12).collect::<Vec<_>>(),
            "{user}"
        );
    }
}

#[actix_web::test]
async fn what_came_after_a_failed_event_does_not_overtake_it() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::Hang);
    let first = house.post(body(&[text("U1", "e1", "q1")]));
    let second = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        house.post(body(&[text("U1", "e2", "q2")])).await
    };
    let heals = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        // The commit of the first fails; the store would take the second at once.
        turn(&house, Trouble::None);
    };
    let (first, second, ()) = tokio::join!(first, second, heals);
    assert_eq!((first, second), (200, 200));
    drained(&house).await;
    answered(&house, "U1", 2).await;
    assert_eq!(answers(&house, "U1"), [1, 2]);
}

#[actix_web::test]
async fn an_event_that_was_committed_and_spooled_is_answered_once() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::LoseAnswer);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    assert_eq!(house.post(body(&[text("U1", "e2", "q2")])).await, 200);
    assert!(waiting(&house) >= 1);
    turn(&house, Trouble::None);
    drained(&house).await;
    // LINE delivers it again, too.
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    answered(&house, "U1", 2).await;
    let key = ConversationKey::new(ChannelId::new("main"), ChatId::new("U1"));
    house.settled(&key).await;
    assert_eq!(answers(&house, "U1"), [1, 2]);
    let received = feed(&house).await;
    let received = received
        .iter()
        .filter(|f| f.contains("\"fact\":\"received\""));
    assert_eq!(received.count(), 2, "each event is applied once");
}

#[actix_web::test]
async fn events_that_cannot_be_read_go_through_the_spool_as_they_are() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::Refuse);
    // Half a surrogate pair: no text.
    let broken = text("U1", "e1", "\\ud83e");
    assert_eq!(house.post(body(&[broken])).await, 200);
    turn(&house, Trouble::None);
    drained(&house).await;
    let told = feed(&house).await.join("\n");
    assert!(told.contains("\"fact\":\"quarantined\""), "{told}");
}

#[actix_web::test]
async fn the_next_life_delivers_what_this_one_kept() {
    let folder = folder();
    let first = house(&folder);
    let memory = first.store.inner.clone();
    turn(&first, Trouble::Refuse);
    for n in 0..10 {
        let events = [
            text(&format!("U{n}"), &format!("a{n}"), "q1"),
            text(&format!("U{n}"), &format!("b{n}"), "q2"),
        ];
        assert_eq!(first.post(body(&events)).await, 200);
    }
    let spooling = first.spooling.clone().unwrap();
    spooling.leave();
    spooling.close().await;
    drop((first, spooling));
    let path = folder.path().join("spool");
    let mut again = None;
    until("the folder is free", || {
        again = FolderSpool::open(&path, ROOM, 0).ok();
        again.is_some()
    })
    .await;
    memory.restart();
    let next = House::spooled(memory, Arc::new(again.unwrap()));
    // Whoever writes before the spool is drained does not overtake himself.
    assert_eq!(next.post(body(&[text("U3", "c3", "q3")])).await, 200);
    drained(&next).await;
    answered(&next, "U3", 3).await;
    assert_eq!(answers(&next, "U3"), [1, 2, 3]);
    answered(&next, "U9", 2).await;
    assert_eq!(answers(&next, "U9"), [1, 2]);
}
