//! Laws of the way in: who is answered, in what time, and whom a bad event may hurt (nobody else).

mod house;

use actix::Actor as _;
use hotline::actors::{Inbound, Sweeper, quarantined};
use hotline::domain::conversation::{Kind, Received};
use hotline::domain::ids::{ChannelId, ChatId, ConversationKey, Fingerprint};
use hotline::domain::time::{Millis, Span};
use hotline::line::inbound::GroupPolicy;
use hotline::ports::messenger::Outcome::{InvalidReplyToken as RefusedToken, NotSent as NotTaken};
use hotline::ports::store::{
    Class, Commit, Cursor, EntityKey, EntityKind, Outcome, Revision, Store, Urgency, Write,
};
use hotline::store::memory::faults::Fault;
use house::{House, POISON, body, call, service, sign, text};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

fn quarantine(user: &str) -> EntityKey {
    EntityKey::new(EntityKind::Quarantine, &format!("main/{user}"))
}

#[actix_web::test]
async fn a_question_is_answered_and_acknowledged() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    house.sent(1).await;
    assert!(house.scribe.bodies("U1")[0].contains("\"a1\""));
}

#[actix_web::test]
async fn a_batch_with_one_stalled_conversation_is_answered_in_time_and_the_others_are_served() {
    let house = House::new(GroupPolicy::WhenAddressed, Some("U50"));
    let events: Vec<String> = (0..100)
        .map(|n| text(&format!("U{n}"), &format!("e{n}"), "q1"))
        .collect();
    let began = Instant::now();
    assert_eq!(
        house.post(body(&events)).await,
        503,
        "one event is not known to be durable"
    );
    assert!(
        began.elapsed().as_millis() < 2_000,
        "LINE waits two seconds"
    );
    house.sent(99).await;
    assert!(house.scribe.bodies("U50").is_empty());
}

#[actix_web::test]
async fn an_event_that_kills_the_core_is_quarantined_and_harms_nobody_else() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    let poison = format!("q{POISON}");
    let events = [
        text("U1", "e1", "q1"),
        text("U1", "e2", &poison),
        text("U1", "e3", "q3"),
        text("U2", "e4", "q4"),
    ];
    assert_eq!(
        house.post(body(&events)).await,
        200,
        "every event is durable, the poison as such"
    );
    house.sent(3).await;
    let one = house.scribe.bodies("U1").join("");
    assert!(one.contains("\"a1\"") && one.contains("\"a3\""), "{one}");
    assert!(house.scribe.bodies("U2")[0].contains("\"a4\""));
    let feed = house.store.feed(Cursor::default(), 1_000).await.unwrap();
    let kept = feed.iter().any(|record| {
        let payload = record.payload.as_deref().unwrap_or_default();
        String::from_utf8_lossy(payload).contains("\"fact\":\"quarantined\"")
    });
    assert!(kept, "the raw event is kept");
    let listed = quarantined(&*house.store).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&*listed[0].conversation, listed[0].events), ("main/U1", 1));
    assert_eq!(listed[0].types, ["message"]);
    let words = format!("{listed:?}");
    assert!(!words.contains(&poison), "{words}");
    // The same event again is known.
    assert_eq!(house.post(body(&[text("U1", "e2", &poison)])).await, 200);
}

#[actix_web::test]
async fn an_unsend_reaches_an_event_that_kills_before_and_after_it() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    let poison = format!("q{POISON:05}");
    assert_eq!(house.post(body(&[text("U1", "e1", &poison)])).await, 200);
    let kept = stored(&house, &["U1"]).await;
    assert_eq!(
        kept.matches(&*poison).count(),
        1,
        "listed without its words"
    );
    assert_eq!(house.post(body(&[unsend("U1", "e1")])).await, 200);
    assert_eq!(house.post(body(&[unsend("U1", "e2")])).await, 200);
    assert_eq!(house.post(body(&[text("U1", "e2", &poison)])).await, 200);
    assert!(!stored(&house, &["U1"]).await.contains(&poison));
}

#[actix_web::test]
async fn an_answer_in_flight_when_its_actor_dies_is_settled_by_its_own_token() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    // LINE took the first call; its answer is lost with the actor. The second use is refused.
    *house.scribe.script.lock().unwrap() = [None, Some(RefusedToken)].into();
    let events = [
        text("U1", "e1", "q1"),
        text("U1", "e2", &format!("q{POISON}")),
    ];
    assert_eq!(house.post(body(&events)).await, 200);
    house.sent(2).await;
    let bodies = house.scribe.bodies("U1");
    assert_eq!(bodies[0], bodies[1], "the same token and the same words");
    assert_eq!(house.post(body(&[text("U1", "e3", "q2")])).await, 200);
    house.sent(3).await;
    let third = &house.scribe.bodies("U1")[2];
    assert!(
        third.contains("\"a2\"") && !third.contains("\"a1\""),
        "not answered again: {third}"
    );
    assert!(in_feed(&house, "\"ending\":\"presumed\"").await);
}

#[actix_web::test]
async fn an_outcome_survives_a_commit_that_was_refused() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    *house.scribe.script.lock().unwrap() = [Some(RefusedToken)].into();
    // The second commit, which carries the outcome, is refused; then the store is well again.
    house.store.inner.arrange([Fault::None, Fault::LostBefore]);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    house.sent(1).await;
    let waiting = async {
        while !in_feed(&house, "\"fact\":\"awaits_token\"").await {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let told = tokio::time::timeout(std::time::Duration::from_secs(5), waiting).await;
    assert!(told.is_ok(), "the refused token was forgotten");
    assert_eq!(house.post(body(&[text("U1", "e2", "q2")])).await, 200);
    house.sent(2).await;
    assert!(
        house.scribe.bodies("U1")[1].contains("\"a1\""),
        "it goes free with the next token"
    );
}

async fn in_feed(house: &House, what: &str) -> bool {
    let feed = house.store.feed(Cursor::default(), 1_000).await.unwrap();
    let has = |payload: Option<Box<[u8]>>| {
        String::from_utf8_lossy(&payload.unwrap_or_default()).contains(what)
    };
    feed.into_iter().any(|record| has(record.payload))
}

#[actix_web::test]
async fn an_event_that_kills_the_intent_worker_is_answered_by_the_fallback() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    assert_eq!(house.post(body(&[text("U1", "e1", "hang-up")])).await, 200);
    house.sent(1).await;
    assert!(house.scribe.bodies("U1")[0].contains("fallback"));
    // The supervisor replaces the worker: soon questions are understood again.
    for n in 0..5_000 {
        // A customer each: one who wrote hundreds of times in a moment would be late by now.
        let user = format!("U2-{n}");
        assert_eq!(
            house
                .post(body(&[text(&user, &format!("again{n}"), "q2")]))
                .await,
            200
        );
        house.sent(2 + n).await;
        if house.scribe.bodies(&user).join("").contains("\"a2\"") {
            return;
        }
    }
    panic!("the intent worker was not replaced");
}

#[actix_web::test]
async fn a_value_that_cannot_be_read_parks_its_conversation_and_keeps_its_events() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    store_garbage(&house, "main/U1").await;
    let events = [text("U1", "e1", "q1"), text("U2", "e2", "q2")];
    assert_eq!(house.post(body(&events)).await, 200, "kept raw is durable");
    house.sent(1).await;
    assert!(house.scribe.bodies("U1").is_empty());
    assert!(house.scribe.bodies("U2")[0].contains("\"a2\""));
    let kept = house
        .store
        .load(&quarantine("U1"))
        .await
        .unwrap()
        .unwrap()
        .value
        .unwrap();
    assert!(
        String::from_utf8_lossy(&kept).contains("\"e1\\\""),
        "the raw event is kept"
    );
}

#[actix_web::test]
async fn a_conversation_that_was_woken_well_is_parked_shortly_the_next_time() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    house.store.inner.set_now(Millis(1_800_000_000_000));
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    house.sent(1).await;
    let key = ConversationKey::new(ChannelId::new("main"), ChatId::new("U1"));
    let entity = EntityKey::new(EntityKind::Conversation, "main/U1");
    out_of_memory(&house).await;
    let good = house.store.load(&entity).await.unwrap().unwrap();
    let good = good.value.unwrap();
    for revision in [9, 11] {
        put(&house, "main/U1", &[1, 9, 200], revision).await;
        house.registry.wake(&key).await.unwrap();
        let until = house.store.now() + Span::secs(5);
        let parked = house.registry.parked();
        assert_eq!((parked.len(), parked[0].1), (1, until), "{parked:?}");
        house.store.inner.set_now(until);
        put(&house, "main/U1", &good, revision + 1).await;
        house.registry.wake(&key).await.unwrap();
        out_of_memory(&house).await;
    }
}

/// Waits until every conversation has left memory.
async fn out_of_memory(house: &House) {
    let waiting = async {
        while house.registry.live() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            house.registry.retire_all_idle();
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert!(gone.is_ok(), "{} in memory", house.registry.live());
}

#[actix_web::test]
async fn an_unsend_reaches_what_is_kept_in_quarantine() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    store_garbage(&house, "main/U1").await;
    assert_eq!(house.post(body(&[text("U1", "e1", "秘密")])).await, 200);
    let kept =
        |value: Option<&[u8]>| String::from_utf8_lossy(value.unwrap_or_default()).contains("秘密");
    let stored = house.store.load(&quarantine("U1")).await.unwrap().unwrap();
    assert!(kept(stored.value.as_deref()));
    let unsend = r#"{"type":"unsend","mode":"active","timestamp":1700000000001,"webhookEventId":"u1",
        "source":{"type":"user","userId":"U1"},"unsend":{"messageId":"me1"}}"#;
    assert_eq!(house.post(body(&[unsend.into()])).await, 200);
    let stored = house.store.load(&quarantine("U1")).await.unwrap().unwrap();
    assert!(!kept(stored.value.as_deref()));
    for record in house.store.feed(Cursor::default(), 100).await.unwrap() {
        assert!(
            !kept(record.payload.as_deref()),
            "nor is it read from the feed"
        );
    }
}

#[actix_web::test]
async fn an_unsend_that_met_an_unreadable_conversation_is_done_when_it_can_be_read() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    assert_eq!(house.post(body(&[text("U1", "e1", "秘密")])).await, 200);
    house.sent(1).await;
    let key = EntityKey::new(EntityKind::Conversation, "main/U1");
    let good = house
        .store
        .load(&key)
        .await
        .unwrap()
        .unwrap()
        .value
        .unwrap();
    put(&house, "main/U1", &[1, 9, 200], 9).await;
    assert_eq!(house.post(body(&[unsend("U1", "e1")])).await, 200);
    assert!(
        stored(&house, &["U1"]).await.contains("秘密"),
        "nobody could"
    );
    // A program that can read it is started.
    put(&house, "main/U1", &good, 10).await;
    let later = house.store.now() + Span::mins(11);
    house.store.inner.set_now(later);
    let _sweeper = Sweeper::new(house.registry.clone()).start();
    let waiting = async {
        while stored(&house, &["U1"]).await.contains("秘密") {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let erased = tokio::time::timeout(std::time::Duration::from_secs(10), waiting).await;
    assert!(erased.is_ok(), "the unsend was forgotten");
    let quarantine = house.store.load(&quarantine("U1")).await.unwrap().unwrap();
    let told = said(quarantine.value.as_deref());
    assert!(!told.contains("\"unsent\""), "told once: {told}");
}

#[actix_web::test]
async fn words_that_were_unsent_before_they_came_are_not_kept_in_quarantine() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    store_garbage(&house, "main/U1").await;
    let first = [unsend("U1", "e1"), text("U1", "e1", "秘密")];
    assert_eq!(house.post(body(&first)).await, 200);
    let again = text("U1", "e1", "秘密").replace("\"e1\"", "\"e2\"");
    assert_eq!(house.post(body(&[again])).await, 200);
    assert!(!stored(&house, &["U1"]).await.contains("秘密"));
    let kept = house.store.load(&quarantine("U1")).await.unwrap().unwrap();
    assert!(kept.value.is_some(), "that something came is kept");
}

#[actix_web::test]
async fn an_unsend_reaches_what_quarantine_keeps_in_the_feed_only() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    store_garbage(&house, "main/U1").await;
    assert_eq!(house.post(body(&[text("U1", "e0", "秘密")])).await, 200);
    // More than one value holds: the first goes.
    for n in 1..9 {
        let long = text("U1", &format!("e{n}"), &"x".repeat(12_000));
        assert_eq!(house.post(body(&[long])).await, 200);
    }
    let kept = house.store.load(&quarantine("U1")).await.unwrap().unwrap();
    assert!(!said(kept.value.as_deref()).contains("秘密"));
    assert!(
        stored(&house, &["U1"]).await.contains("秘密"),
        "in the feed"
    );
    assert_eq!(house.post(body(&[unsend("U1", "e0")])).await, 200);
    assert!(!stored(&house, &["U1"]).await.contains("秘密"));
}

/// A value no build wrote.
async fn store_garbage(house: &House, key: &str) {
    put(house, key, &[1, 9, 200], 9).await;
}

/// Stores a conversation's value past the conversation.
async fn put(house: &House, key: &str, value: &[u8], revision: u8) {
    let key = EntityKey::new(EntityKind::Conversation, key);
    let expected = house.store.load(&key).await.unwrap();
    let broken = Commit {
        key,
        expected: expected.map(|stored| stored.revision),
        proposed: Revision([revision; 16]),
        write: Write::Put(value.into()),
        due: None,
        desk: None,
        feed: Vec::new(),
        erase: Vec::new(),
        class: Class::Accepting,
        urgency: Urgency::Now,
    };
    assert!(matches!(
        house.store.commit(broken).await,
        Ok(Outcome::Committed(_))
    ));
}

#[actix_web::test]
async fn messages_to_one_conversation_while_it_passivates_are_never_lost() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    let key = ConversationKey::new(ChannelId::new("main"), ChatId::new("U1"));
    for n in 0..300u64 {
        let inbound = Inbound {
            received: Received {
                id: Fingerprint(n + 1),
                at: Millis(1_700_000_000_000 + n),
                received: house.store.now(),
                standby: false,
                redelivered: false,
                token: None,
                kind: Kind::Noted {
                    event_type: "beacon".into(),
                    raw: "{}".into(),
                },
            },
            raw: bytes::Bytes::from_static(b"{}"),
            event_type: "beacon".into(),
        };
        let registry = house.registry.clone();
        let delivery = registry.deliver(&key, vec![inbound]);
        // Idle after zero seconds: every look may retire the actor between two deliveries.
        let retire = async { house.registry.retire_all_idle() };
        let (delivered, ()) = futures_util::future::join(delivery, retire).await;
        delivered.unwrap();
    }
    let feed = house.store.feed(Cursor::default(), 10_000).await.unwrap();
    assert_eq!(feed.len(), 300);
}

#[actix_web::test]
async fn an_actor_that_died_alone_leaves_no_place_behind() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    *house.scribe.answer.lock().unwrap() = NotTaken;
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    house.sent(1).await;
    turns().await;
    // In the turn of the timer that ends the pause: nobody waits for it.
    house.book.deaths.store(1, Ordering::Relaxed);
    let waiting = async {
        while house.book.deaths.load(Ordering::Relaxed) > 0 || house.registry.live() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            house.registry.retire_all_idle();
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert!(gone.is_ok(), "{} in memory", house.registry.live());
}

#[actix_web::test]
async fn an_unsend_that_kills_its_conversation_twice_is_done_when_it_does_not() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    house.store.inner.set_now(Millis(1_800_000_000_000));
    assert_eq!(house.post(body(&[text("U1", "e1", "秘密")])).await, 200);
    house.sent(1).await;
    turns().await;
    house.book.deaths.store(2, Ordering::Relaxed);
    assert_eq!(house.post(body(&[unsend("U1", "e1")])).await, 200);
    assert!(
        stored(&house, &["U1"]).await.contains("秘密"),
        "nobody could"
    );
    let key = ConversationKey::new(ChannelId::new("main"), ChatId::new("U1"));
    // It kills once more when it is told.
    house.book.deaths.store(1, Ordering::Relaxed);
    house.registry.catch_up(&key).await.unwrap();
    assert_eq!(house.book.deaths.load(Ordering::Relaxed), 0);
    assert!(house.registry.parked().is_empty(), "others are served");
    house.registry.catch_up(&key).await.unwrap();
    let remembered = |told: &str| told.contains("\"unsent\":[");
    let kept = house.store.load(&quarantine("U1")).await.unwrap().unwrap();
    assert!(remembered(&said(kept.value.as_deref())), "after a pause");
    let later = house.store.now() + Span::secs(5);
    house.store.inner.set_now(later);
    house.registry.catch_up(&key).await.unwrap();
    assert!(!stored(&house, &["U1"]).await.contains("秘密"));
    let kept = house.store.load(&quarantine("U1")).await.unwrap().unwrap();
    assert!(!remembered(&said(kept.value.as_deref())), "told once");
}

/// Lets what was begun come home.
async fn turns() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn an_unsend_before_its_message_still_wins() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    let unsend = r#"{"type":"unsend","mode":"active","timestamp":1700000000001,"webhookEventId":"u1",
        "source":{"type":"user","userId":"U1"},"unsend":{"messageId":"me1"}}"#;
    assert_eq!(house.post(body(&[unsend.into()])).await, 200);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    assert!(house.scribe.bodies("U1").is_empty());
    let feed = house.store.feed(Cursor::default(), 100).await.unwrap();
    let said = |record: &hotline::ports::store::FeedRecord| {
        String::from_utf8_lossy(record.payload.as_deref().unwrap_or_default()).contains("q1")
    };
    assert!(!feed.iter().any(said), "the words were never stored");
}

#[actix_web::test]
async fn unsent_words_vanish_from_the_feed() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1 秘密")])).await, 200);
    let unsend = r#"{"type":"unsend","mode":"active","timestamp":1700000000001,"webhookEventId":"u1",
        "source":{"type":"user","userId":"U1"},"unsend":{"messageId":"me1"}}"#;
    assert_eq!(house.post(body(&[unsend.into()])).await, 200);
    for record in house.store.feed(Cursor::default(), 100).await.unwrap() {
        let payload = record.payload.unwrap_or_default();
        assert!(!String::from_utf8_lossy(&payload).contains("秘密"));
    }
}

#[actix_web::test]
async fn standby_events_are_recorded_and_never_answered() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    let standby = text("U1", "e1", "q1").replace("\"active\"", "\"standby\"");
    assert_eq!(house.post(body(&[standby])).await, 200);
    assert_eq!(house.post(body(&[text("U2", "e2", "q2")])).await, 200);
    house.sent(1).await;
    assert!(house.scribe.bodies("U1").is_empty());
    let feed = house.store.feed(Cursor::default(), 100).await.unwrap();
    assert!(feed.iter().any(|record| record.key.id.ends_with("U1")));
}

#[actix_web::test]
async fn group_talk_is_taken_only_when_addressed() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    let group = |id: &str, words: &str, mention: &str| {
        text("U1", id, words)
            .replace(
                "\"type\":\"user\",",
                "\"type\":\"group\",\"groupId\":\"C9\",",
            )
            .replace(
                "\"quoteToken\":\"q\"",
                &format!("\"quoteToken\":\"q\"{mention}"),
            )
    };
    let mention =
        r#","mention":{"mentionees":[{"index":0,"length":3,"type":"user","isSelf":true}]}"#;
    let events = [
        group("g1", "q1", ""),
        group("g2", "q2", mention),
        group("g3", "小幫手 q3", ""),
    ];
    assert_eq!(house.post(body(&events)).await, 200);
    house.sent(1).await;
    let all = house.scribe.bodies("C9").join("");
    assert!(!all.contains("\"a1\""), "not addressed: {all}");
    assert!(all.contains("\"a2\""));
    let feed = house.store.feed(Cursor::default(), 100).await.unwrap();
    let committed = |record: &hotline::ports::store::FeedRecord| {
        String::from_utf8_lossy(record.payload.as_deref().unwrap_or_default()).contains("\"q1\"")
    };
    assert!(
        !feed.iter().any(committed),
        "what is not for us is not stored"
    );
}

#[actix_web::test]
async fn bad_requests_get_their_own_status() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    let good = body(&[text("U1", "e1", "q1")]).into_bytes();
    let path = "/line/main/webhook";
    let signed = sign(&good);
    assert_eq!(house.post_raw(path, good.clone(), None).await, 401);
    assert_eq!(house.post_raw(path, good.clone(), Some("AAAA")).await, 401);
    assert_eq!(
        house
            .post_raw(path, good.clone(), Some(&sign(b"other")))
            .await,
        401
    );
    assert_eq!(
        house
            .post_raw("/line/nobody/webhook", good, Some(&signed))
            .await,
        404
    );
    assert_eq!(house.post(vec![b' '; 64 * 1024 + 1]).await, 413);
    for bad in [
        "",
        "[]",
        "17",
        "{",
        "{\"events\":7}",
        "{\"destination\":\"U0\"}",
        "\u{feff}{}",
    ] {
        assert_eq!(house.post(bad).await, 400, "{bad:?}");
    }
    assert_eq!(
        house.post("{\"destination\":\"U0\",\"events\":[]}").await,
        200,
        "LINE's own check"
    );
    assert!(house.scribe.sent.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn too_much_owed_is_refused_before_anything_is_stored() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    house.scribe.pretend_owed(1_001);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 503);
    assert!(
        house
            .store
            .feed(Cursor::default(), 10)
            .await
            .unwrap()
            .is_empty()
    );
    house.scribe.pretend_owed(0);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
}

#[actix_web::test]
async fn below_the_free_space_floor_new_work_is_refused() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    house.store.inner.set_full(true);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 503);
    house.store.inner.set_full(false);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
}

#[actix_web::test]
async fn a_broken_event_is_kept_and_its_neighbours_are_served() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    let lone_surrogate = text("U1", "e1", "\\ud83e");
    let events = [lone_surrogate, "17".into(), text("U2", "e2", "q2")];
    assert_eq!(house.post(body(&events)).await, 200);
    house.sent(1).await;
    assert!(house.scribe.bodies("U2")[0].contains("\"a2\""));
    let feed = house.store.feed(Cursor::default(), 100).await.unwrap();
    let kept = |chat: &str| {
        let own = feed.iter().filter(|record| record.key.id.ends_with(chat));
        own.map(|record| said(record.payload.as_deref()))
            .collect::<String>()
    };
    assert!(
        kept("/U1").contains("ud83e"),
        "kept raw where its unsend will look"
    );
    assert!(kept("/_channel").contains("shape"), "kept without a chat");
}

fn said(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

/// Everything the store holds: the feed, and what it knows of these conversations.
async fn stored(house: &House, chats: &[&str]) -> String {
    let mut all = String::new();
    for record in house.store.feed(Cursor::default(), 1_000).await.unwrap() {
        all += &said(record.payload.as_deref());
    }
    for chat in chats {
        for kind in [EntityKind::Conversation, EntityKind::Quarantine] {
            let entity = EntityKey::new(kind, &format!("main/{chat}"));
            let stored = house.store.load(&entity).await.unwrap();
            all += &said(stored.and_then(|stored| stored.value).as_deref());
        }
    }
    all
}

fn unsend(user: &str, id: &str) -> String {
    format!(
        r#"{{"type":"unsend","mode":"active","timestamp":1700000000001,"webhookEventId":"u{id}",
        "source":{{"type":"user","userId":"{user}"}},"unsend":{{"messageId":"m{id}"}}}}"#
    )
}

#[actix_web::test]
async fn an_unsend_reaches_a_message_that_could_not_be_read() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    let broken = |id: &str| text("U1", id, "秘密\\ud83e");
    assert_eq!(house.post(body(&[broken("e1")])).await, 200);
    let again = broken("e1").replace("\"isRedelivery\":false", "\"isRedelivery\":true");
    assert_eq!(house.post(body(&[again])).await, 200);
    let kept = stored(&house, &["U1", "_channel"]).await;
    assert_eq!(
        kept.matches("秘密").count(),
        1,
        "a redelivery is recognised"
    );
    assert_eq!(house.post(body(&[unsend("U1", "e1")])).await, 200);
    assert!(!stored(&house, &["U1", "_channel"]).await.contains("秘密"));
    // Before its message it wins, too.
    assert_eq!(house.post(body(&[unsend("U1", "e2")])).await, 200);
    assert_eq!(house.post(body(&[broken("e2")])).await, 200);
    assert!(!stored(&house, &["U1", "_channel"]).await.contains("秘密"));
}

#[actix_web::test]
async fn of_a_broken_event_that_no_unsend_could_reach_no_words_are_kept() {
    let house = House::new(GroupPolicy::WhenAddressed, None);
    let broken = text("U1", "e1", "秘密\\ud83e");
    let group = broken.replace(
        "\"type\":\"user\",",
        "\"type\":\"group\",\"groupId\":\"C9\",",
    );
    let events = [
        broken.replace("\"userId\":\"U1\"", "\"userId\":7"),
        broken.replace("\"id\":\"me1\"", "\"id\":7"),
        broken.replace("\"type\":\"message\"", "\"type\":7,\"type\":8"),
        "\"秘密\"".into(),
        group,
    ];
    assert_eq!(house.post(body(&events)).await, 200);
    let kept = stored(&house, &["U1", "C9", "_channel"]).await;
    assert!(!kept.contains("秘密"), "{kept}");
    assert_eq!(
        kept.matches("\\\"shape\\\"").count(),
        5,
        "each is told of: {kept}"
    );
}

/// 10⁶ bodies made by damaging good ones: never a panic, never a 5xx.
#[actix_web::test]
async fn a_million_mutated_bodies_are_answered() {
    let seeds = seeds();
    let house = House::new(GroupPolicy::All, None);
    let app = service(house.webhook.clone()).await;
    let mut draw = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        draw ^= draw << 13;
        draw ^= draw >> 7;
        draw ^= draw << 17;
        (draw % below.max(1) as u64) as usize
    };
    let mut by_status = std::collections::BTreeMap::new();
    for round in 0..1_000_000usize {
        let mut mutated = seeds[next(seeds.len())].clone();
        for _ in 0..=next(4) {
            damage(&mut mutated, &mut next, &seeds);
        }
        // Most go through the parser alone; every fiftieth goes the whole way, signed.
        if round % 50 == 0 {
            mutated.truncate(60 * 1024);
            let signature = sign(&mutated);
            let status = call(&app, "/line/main/webhook", mutated, Some(&signature)).await;
            *by_status.entry(status).or_insert(0) += 1;
        } else if let Ok(split) = hotline::line_wire::event::split(&mutated) {
            for raw in split.events {
                let _ = hotline::line_wire::event::read(raw);
            }
        }
    }
    assert!(
        by_status.keys().all(|status| [200, 400].contains(status)),
        "{by_status:?}"
    );
    assert!(
        by_status[&200] > 1_000 && by_status[&400] > 1_000,
        "both kinds were met: {by_status:?}"
    );
}

fn seeds() -> Vec<Vec<u8>> {
    let postback = r#"{"type":"postback","replyToken":"t","source":{"type":"user","userId":"U1"},
        "timestamp":1,"postback":{"data":"a=1","params":{"date":"2026-01-01"}}}"#;
    let sticker = r#"{"type":"message","source":{"type":"room","roomId":"R1"},"message":
        {"type":"sticker","id":"1","packageId":"2","stickerId":"3","stickerResourceType":"NEW"}}"#;
    let follow = r#"{"type":"follow","source":{"userId":"U1"},"follow":{"isUnblocked":true}}"#;
    [
        body(&[text("U1", "e1", "q1")]),
        body(&[
            text("U1", "e1", "\\u8336\\n🍵"),
            postback.into(),
            sticker.into(),
        ]),
        body(&[
            follow.into(),
            text("U2", "e9", "q2"),
            text("U3", "e8", "小幫手"),
        ]),
        "{\"destination\":\"U0\",\"events\":[]}".to_string(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

fn damage(body: &mut Vec<u8>, next: &mut impl FnMut(usize) -> usize, seeds: &[Vec<u8>]) {
    let at = next(body.len());
    match next(8) {
        0 => body.truncate(at),
        1 if !body.is_empty() => body[at] ^= 1 << next(8),
        2 if !body.is_empty() => body[at] = b"{}[]\",:\\0n-e"[next(12)],
        3 => body.insert(at, next(256) as u8),
        4 if !body.is_empty() => {
            body.remove(at);
        }
        5 => {
            let other = &seeds[next(seeds.len())];
            let from = next(other.len());
            let piece = other[from..(from + next(40)).min(other.len())].to_vec();
            body.splice(at..at, piece);
        }
        6 => {
            let words: [&[u8]; 6] = [
                b"null",
                b"{\"type\":",
                b"\"\\ud800\"",
                b"[[[[[[[[",
                b"1e999",
                b"\"message\":7",
            ];
            body.splice(at..at, words[next(6)].iter().copied());
        }
        _ => {
            let end = (at + next(30)).min(body.len());
            body.drain(at..end);
        }
    }
}
