//! Many requests at once: who waits for the store, who goes to the disk, who is refused.

use crate::hall::*;
use crate::house::{House, Trouble, body, text};
use hotline::line::webhook::{AT_THE_DISK, DEADLINE};
use hotline::store::memory::Memory;
use std::time::{Duration, Instant};

#[actix_web::test]
async fn a_store_that_is_away_keeps_nobody_waiting() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::Hang);
    // 64 requests at once are allowed, half of them crowd: with a store that is silent, the others
    // do not wait for it.
    let posts =
        (0..60).map(|n| house.post(body(&[text(&format!("U{n}"), &format!("e{n}"), "q1")])));
    assert!(
        futures_util::future::join_all(posts)
            .await
            .iter()
            .all(|code| *code == 200)
    );
    assert!(is_away(&house));
    // Many more than could wait out the store's silence side by side.
    let began = Instant::now();
    for round in 0..20 {
        let posts = (0..50).map(|n| {
            let id = format!("{round}-{n}");
            house.post(body(&[text(&format!("V{id}"), &format!("f{id}"), "q2")]))
        });
        assert!(
            futures_util::future::join_all(posts)
                .await
                .iter()
                .all(|code| *code == 200)
        );
    }
    assert!(
        began.elapsed() < DEADLINE * 10,
        "20 rounds did not wait one by one"
    );
    assert_eq!(waiting(&house), 1_060);
    turn(&house, Trouble::None);
    drained(&house).await;
    answered(&house, "V19-49", 1).await;
}

#[actix_web::test]
async fn beyond_its_bound_the_webhook_is_refused_and_heals() {
    let folder = folder();
    let house = House::spooled(Memory::new(), spool(folder.path(), 16 * 1024));
    turn(&house, Trouble::Refuse);
    let mut codes = Vec::new();
    for n in 0..40 {
        codes.push(
            house
                .post(body(&[text(&format!("U{n}"), &format!("e{n}"), "q1")]))
                .await,
        );
    }
    let taken = codes.iter().filter(|code| **code == 200).count();
    assert!((10..40).contains(&taken), "{codes:?}");
    assert!(codes[taken..].iter().all(|code| *code == 503), "{codes:?}");
    assert_eq!(waiting(&house), taken);
    turn(&house, Trouble::None);
    drained(&house).await;
    assert_eq!(house.post(body(&[text("U39", "again", "q2")])).await, 200);
    answered(&house, "U39", 1).await;
    assert_eq!(answers(&house, "U39"), [2], "what was refused was not kept");
    assert_eq!(answers(&house, "U0"), [1]);
    turn(&house, Trouble::Refuse);
    assert_eq!(
        house.post(body(&[text("U0", "room", "q3")])).await,
        200,
        "there is room again"
    );
}

#[actix_web::test]
async fn a_store_slower_than_requests_come_refuses_nobody_while_the_disk_has_room() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::Slow);
    // Its commits land, so it is not away; 400 a second need more than 64 places to wait in.
    let rounds = (0..12).map(|round| {
        let house = &house;
        async move {
            tokio::time::sleep(Duration::from_millis(100) * round).await;
            let posts = (0..40).map(|n| {
                let id = format!("{round}-{n}");
                house.post(body(&[text(&format!("U{id}"), &id, "q1")]))
            });
            futures_util::future::join_all(posts).await
        }
    });
    let codes = futures_util::future::join_all(rounds).await.concat();
    assert_eq!(codes.len(), 480);
    assert!(codes.iter().all(|code| *code == 200), "{codes:?}");
    turn(&house, Trouble::None);
    drained(&house).await;
    for round in 0..12 {
        answered(&house, &format!("U{round}-39"), 1).await;
    }
}

#[actix_web::test]
async fn a_crowd_that_the_disk_cannot_take_either_is_refused() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::Slow);
    let most = 64 * AT_THE_DISK;
    let posts =
        (0..most + 40).map(|n| house.post(body(&[text(&format!("U{n}"), &format!("e{n}"), "q1")])));
    let codes = futures_util::future::join_all(posts).await;
    assert!(codes[..most].iter().all(|code| *code == 200), "{codes:?}");
    assert!(codes[most..].iter().all(|code| *code == 503), "{codes:?}");
}

#[actix_web::test]
async fn a_crowd_waits_for_a_slow_store_when_the_spool_is_full() {
    let folder = folder();
    let house = House::spooled(Memory::new(), spool(folder.path(), 0));
    turn(&house, Trouble::Slow);
    let posts =
        (0..60).map(|n| house.post(body(&[text(&format!("U{n}"), &format!("e{n}"), "q1")])));
    let codes = futures_util::future::join_all(posts).await;
    let refused = codes.iter().filter(|code| **code == 503).count();
    // The first learns that the spool is full; the others have places to wait in, as without one.
    assert_eq!(refused, 1, "{codes:?}");
    assert!(!house.spooling.as_ref().unwrap().is_taking());
    let posts =
        (0..70).map(|n| house.post(body(&[text(&format!("V{n}"), &format!("f{n}"), "q1")])));
    let codes = futures_util::future::join_all(posts).await;
    let refused = codes.iter().filter(|code| **code == 503).count();
    assert_eq!(refused, 6, "64 are allowed");
}
