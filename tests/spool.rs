//! Laws of the spool: what the store does not take is taken all the same, in order, once.

mod house;

use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::domain::time::Span;
use hotline::line::webhook::DEADLINE;
use hotline::ports::store::{Cursor, Store as _};
use hotline::store::memory::Memory;
use hotline::store::spool::FolderSpool;
use house::{House, Trouble, body, text};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ROOM: u64 = 64 << 20;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn spool(folder: &Path, max: u64) -> Arc<FolderSpool> {
    Arc::new(FolderSpool::open(&folder.join("spool"), max, 0).unwrap())
}

fn house(folder: &TempDir) -> House {
    House::spooled(Memory::new(), spool(folder.path(), ROOM))
}

fn waiting(house: &House) -> usize {
    house.spooling.as_ref().unwrap().figures().events
}

fn is_away(house: &House) -> bool {
    house.spooling.as_ref().unwrap().figures().store_away
}

async fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let waiting = async {
        while !is_true() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(in_time.is_ok(), "{what}");
}

fn turn(house: &House, trouble: Trouble) {
    house.store.trouble.send_replace(trouble);
}

async fn drained(house: &House) {
    until("the spool is drained", || waiting(house) == 0).await;
}

/// The answers a customer was sent, in order, by their numbers.
fn answers(house: &House, user: &str) -> Vec<u32> {
    let bodies = house.scribe.bodies(user).join(" ");
    let told = bodies.split("\"text\":\"a").skip(1);
    told.map(|rest| rest.split('"').next().unwrap().parse().unwrap())
        .collect()
}

/// Waits until a customer was sent so many answers.
async fn answered(house: &House, user: &str, count: usize) {
    until(&format!("{user} gets {count} answers"), || {
        answers(house, user).len() >= count
    })
    .await;
}

async fn feed(house: &House) -> Vec<String> {
    let records = house.store.feed(Cursor::default(), 100_000).await.unwrap();
    let payload = |record: &hotline::ports::store::FeedRecord| {
        String::from_utf8_lossy(record.payload.as_deref().unwrap_or_default()).into_owned()
    };
    records.iter().map(payload).collect()
}

fn unsend(user: &str, id: &str, message: &str) -> String {
    format!(
        r#"{{"type":"unsend","mode":"active","timestamp":1700000000000,"webhookEventId":"{id}",
        "source":{{"type":"user","userId":"{user}"}},"deliveryContext":{{"isRedelivery":false}},
        "unsend":{{"messageId":"{message}"}}}}"#
    )
}

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
async fn what_waited_too_long_is_recorded_and_not_answered() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::Refuse);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    let now = house.store.now();
    house
        .store
        .inner
        .set_now(now + Span::mins(20) + Span::secs(30));
    assert_eq!(house.post(body(&[text("U1", "e2", "q2")])).await, 200);
    turn(&house, Trouble::None);
    drained(&house).await;
    answered(&house, "U1", 1).await;
    assert_eq!(answers(&house, "U1"), [2]);
    let late: Vec<String> = feed(&house).await;
    let late: Vec<&String> = late
        .iter()
        .filter(|f| f.contains("\"late\":true"))
        .collect();
    assert_eq!(late.len(), 1);
    assert!(
        late[0].contains("q1"),
        "recorded with its words: {}",
        late[0]
    );
}

#[actix_web::test]
async fn a_message_that_was_unsent_in_the_spool_leaves_no_words_and_gets_no_answer() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::Refuse);
    let said = text("U1", "e1", "secret-words");
    assert_eq!(house.post(body(&[said])).await, 200);
    assert_eq!(house.post(body(&[unsend("U1", "e2", "me1")])).await, 200);
    turn(&house, Trouble::None);
    drained(&house).await;
    let told = feed(&house).await.join("\n");
    assert!(
        told.contains("unsent") && !told.contains("secret-words"),
        "{told}"
    );
    assert!(house.scribe.bodies("U1").is_empty());
    // The drainer compacts after the last entry: the words leave the folder, too.
    let path = folder.path().join("spool");
    until("no words in the spool's files", || {
        !holds(&path, b"secret-words")
    })
    .await;
}

fn holds(folder: &Path, words: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        bytes.windows(words.len()).any(|window| window == words)
    })
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
