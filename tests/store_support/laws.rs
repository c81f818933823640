//! The laws themselves: each takes an empty store.

pub use super::pages::*;
use super::support::*;
use hotline::domain::ids::Fingerprint;
use hotline::domain::time::Millis;
use hotline::ports::store::*;

/// All partitions of the feed, one after the other.
pub async fn whole_feed(store: &dyn Store) -> Vec<FeedRecord> {
    let mut all = Vec::new();
    for partition in 0..store.feeds() {
        let read = store.feed(Cursor::before(partition), 10_000).await.unwrap();
        assert!(
            read.iter()
                .all(|record| record.cursor.partition == partition)
        );
        all.extend(read);
    }
    let beyond = store.feed(Cursor::before(store.feeds()), 9).await;
    assert_eq!(beyond.unwrap(), []);
    all
}

/// The only partition that anything is in.
pub async fn partition_of_the_feed(store: &dyn Store) -> u16 {
    whole_feed(store).await[0].cursor.partition
}

pub async fn commit_lands_once_when_sent_twice(store: &dyn Store) {
    let first = put("a", None, 1, "one").with_feed(&["said"]);
    landed(store.commit(first.clone()).await, 1);
    landed(store.commit(first.clone()).await, 1);
    landed(store.commit(put("a", Some(1), 2, "two")).await, 2);
    let late = conflict(store.commit(first).await);
    assert_eq!(late, Some(stored(2, "two")));
    assert_eq!(whole_feed(store).await.len(), 1);
}

pub async fn stale_revision_conflicts_with_the_stored_value(store: &dyn Store) {
    landed(store.commit(put("a", None, 1, "one")).await, 1);
    landed(store.commit(put("a", Some(1), 2, "two")).await, 2);
    let seen = conflict(store.commit(put("a", Some(1), 3, "three")).await);
    assert_eq!(seen, Some(stored(2, "two")));
    let seen = conflict(store.commit(put("a", None, 4, "four")).await);
    assert_eq!(seen, Some(stored(2, "two")));
    assert_eq!(store.load(&key("a")).await.unwrap(), Some(stored(2, "two")));
}

pub async fn unknown_entity_conflicts_with_nothing(store: &dyn Store) {
    assert_eq!(
        conflict(store.commit(put("a", Some(9), 1, "x")).await),
        None
    );
    assert_eq!(store.load(&key("a")).await.unwrap(), None);
}

pub async fn late_create_after_delete_does_not_resurrect(store: &dyn Store) {
    let create = put("a", None, 1, "one");
    landed(store.commit(create.clone()).await, 1);
    landed(store.commit(delete("a", Some(1), 2)).await, 2);
    let seen = conflict(store.commit(create).await).unwrap();
    assert_eq!((seen.revision, seen.value), (revision(2), None));
    let seen = store.load(&key("a")).await.unwrap().unwrap();
    assert_eq!(seen.value, None);
}

pub async fn a_new_beginning_names_the_tombstone(store: &dyn Store) {
    landed(store.commit(put("a", None, 1, "one")).await, 1);
    landed(store.commit(delete("a", Some(1), 2)).await, 2);
    landed(store.commit(put("a", Some(2), 3, "new")).await, 3);
    assert_eq!(store.load(&key("a")).await.unwrap(), Some(stored(3, "new")));
}

pub async fn commits_of_one_entity_apply_in_order(store: &dyn Store) {
    let mut waiting = Vec::new();
    for n in 1..=300u64 {
        let before = (n > 1).then(|| n - 1);
        waiting.push(store.commit(put("a", before, n, &n.to_string()).with_feed(&["x"])));
        waiting.push(store.commit(put(&format!("other{n}"), None, n, "o")));
    }
    for answer in waiting {
        assert!(matches!(answer.await, Ok(Outcome::Committed(_))));
    }
    let seen = store.load(&key("a")).await.unwrap();
    assert_eq!(seen, Some(stored(300, "300")));
}

pub async fn of_two_writers_one_wins(store: &dyn Store) {
    landed(store.commit(put("a", None, 1, "one")).await, 1);
    let rivals: Vec<_> = (10..20)
        .map(|n| store.commit(put("a", Some(1), n, &n.to_string())))
        .collect();
    let mut winners = Vec::new();
    let mut told = Vec::new();
    for rival in rivals {
        match rival.await.unwrap() {
            Outcome::Committed(proof) => winners.push(proof.revision()),
            Outcome::Conflict(seen) => told.push(seen.unwrap().revision),
        }
    }
    assert_eq!(winners.len(), 1);
    assert!(told.iter().all(|seen| *seen == winners[0]));
    let seen = store.load(&key("a")).await.unwrap().unwrap();
    assert_eq!(seen.revision, winners[0]);
}

pub async fn claimed_due_item_comes_back(store: &dyn Store) {
    landed(store.commit(put("a", None, 1, "x").owing(1_000)).await, 1);
    let claim = |now| store.claim_due(Millis(now), Millis(now + 50), 10);
    assert_eq!(claim(999).await.unwrap().items, []);
    assert_eq!(claim(1_000).await.unwrap().items, [due("a", 1_000)]);
    assert_eq!(claim(1_049).await.unwrap().items, []);
    assert_eq!(claim(1_050).await.unwrap().items, [due("a", 1_050)]);
}

pub async fn newest_due_is_claimed_first(store: &dyn Store) {
    for (name, at) in [("a", 10), ("b", 30), ("c", 20), ("d", 99)] {
        landed(store.commit(put(name, None, at, "x").owing(at)).await, at);
    }
    let claimed = store
        .claim_due(Millis(50), Millis(150), 2)
        .await
        .unwrap()
        .items;
    assert_eq!(claimed, [due("b", 30), due("c", 20)]);
    let claimed = store
        .claim_due(Millis(50), Millis(150), 2)
        .await
        .unwrap()
        .items;
    assert_eq!(claimed, [due("a", 10)]);
}

pub async fn only_a_commit_settles_its_due_time(store: &dyn Store) {
    landed(store.commit(put("a", None, 1, "x").owing(10)).await, 1);
    landed(store.commit(put("b", None, 1, "x").owing(20)).await, 1);
    store.claim_due(Millis(50), Millis(55), 9).await.unwrap();
    landed(store.commit(put("a", Some(1), 2, "x")).await, 2);
    landed(store.commit(put("b", Some(1), 2, "x").owing(40)).await, 2);
    let claimed = store
        .claim_due(Millis(90), Millis(95), 9)
        .await
        .unwrap()
        .items;
    assert_eq!(claimed, [due("b", 40)]);
    conflict(store.commit(put("b", Some(1), 3, "stale")).await);
    let claimed = store
        .claim_due(Millis(200), Millis(205), 9)
        .await
        .unwrap()
        .items;
    assert_eq!(claimed.len(), 1);
}

pub async fn feed_is_read_in_order_without_gaps(store: &dyn Store) {
    let mut waiting = Vec::new();
    for n in 1..=40u64 {
        let before = (n > 1).then(|| n - 1);
        let (one, two) = (format!("{n}-1"), format!("{n}-2"));
        waiting.push(store.commit(put("a", before, n, "x").with_feed(&[&one, &two])));
    }
    for answer in waiting {
        answer.await.unwrap();
    }
    let mut after = Cursor::before(partition_of_the_feed(store).await);
    let mut read = Vec::new();
    loop {
        let page = store.feed(after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 7);
        for pair in page.windows(2) {
            assert!(pair[0].cursor < pair[1].cursor && pair[0].at <= pair[1].at);
        }
        assert!(page[0].cursor > after);
        after = last.cursor;
        read.extend(page);
    }
    let words: Vec<String> = read.iter().filter_map(words).collect();
    let expected: Vec<String> = (1..=40)
        .flat_map(|n| [format!("{n}-1"), format!("{n}-2")])
        .collect();
    assert_eq!(words, expected);
    assert!(read.iter().all(|record| record.key == key("a")));
}

pub async fn erased_words_are_not_read(store: &dyn Store) {
    let secret = Fingerprint(7);
    let mut first = put("a", None, 1, "x").with_feed(&["hello", "secret"]);
    first.feed[1].erasable = Some(secret);
    landed(store.commit(first).await, 1);
    let mut other = put("b", None, 1, "x").with_feed(&["neighbour"]);
    other.feed[0].erasable = Some(secret);
    landed(store.commit(other).await, 1);
    let mut unsend = put("a", Some(1), 2, "x").with_feed(&["unsent", "own"]);
    unsend.feed[1].erasable = Some(secret);
    unsend.erase = vec![secret];
    landed(store.commit(unsend).await, 2);
    let mut later = put("a", Some(2), 3, "x").with_feed(&["later"]);
    later.feed[0].erasable = Some(secret);
    landed(store.commit(later).await, 3);
    for _ in 0..2 {
        let read = whole_feed(store).await;
        let seen = |name: &str| -> Vec<_> {
            let of = read.iter().filter(|record| record.key == key(name));
            of.map(words).collect()
        };
        let some = |text: &str| Some(text.to_owned());
        let expected = [some("hello"), None, some("unsent"), None, some("later")];
        assert_eq!(seen("a"), expected);
        assert_eq!(seen("b"), [some("neighbour")]);
        store.compact().await.unwrap();
    }
}

pub async fn trimmed_feed_is_forgotten(store: &dyn Store) {
    for n in 1..=5u64 {
        let before = (n > 1).then(|| n - 1);
        let commit = put("a", before, n, "x").with_feed(&[&n.to_string(), "more"]);
        landed(store.commit(commit).await, n);
    }
    let all = whole_feed(store).await;
    let third = all[4].cursor;
    store.trim_feed(third).await.unwrap();
    let left = whole_feed(store).await;
    assert_eq!(left, all[6..]);
    store.trim_feed(all[0].cursor).await.unwrap();
    assert_eq!(whole_feed(store).await, left);
}

pub async fn desk_generation_is_another_after_a_change_and_only_then(store: &dyn Store) {
    let mut known = vec![store.desk_generation().await.unwrap()];
    landed(store.commit(put("a", None, 1, "x")).await, 1);
    assert_eq!(store.desk_generation().await.unwrap(), known[0]);
    let waiting = |before, n, value| put("a", Some(before), n, value).on_desk("waiting");
    let changes = [
        waiting(1, 2, "x"),
        put("a", Some(2), 3, "x"),
        // The row is again what it was once, the generation is not.
        waiting(3, 4, "x"),
        put("b", None, 5, "x").on_desk("other"),
    ];
    for (n, change) in (2..).zip(changes) {
        // Sent twice, it changes once.
        landed(store.commit(change.clone()).await, n);
        let generation = store.desk_generation().await.unwrap();
        landed(store.commit(change).await, n);
        assert_eq!(store.desk_generation().await.unwrap(), generation);
        assert!(!known.contains(&generation), "{n}: {generation:?}");
        known.push(generation);
    }
    landed(store.commit(waiting(4, 6, "y")).await, 6);
    landed(store.commit(put("c", None, 7, "y")).await, 7);
    conflict(
        store
            .commit(put("a", Some(4), 8, "late").on_desk("gone"))
            .await,
    );
    assert_eq!(store.desk_generation().await.unwrap(), known[4]);
    let mut rows = store.desk_rows().await.unwrap();
    rows.sort();
    let row = |name, text: &str| (key(name), text.as_bytes().into());
    assert_eq!(rows, [row("a", "waiting"), row("b", "other")]);
    landed(store.commit(delete("a", Some(6), 9)).await, 9);
    assert!(!known.contains(&store.desk_generation().await.unwrap()));
    assert_eq!(store.desk_rows().await.unwrap(), [row("b", "other")]);
}

pub async fn reads_see_what_was_acknowledged(store: &dyn Store) {
    for n in 1..=60u64 {
        let before = (n > 1).then(|| n - 1);
        landed(store.commit(put("a", before, n, &n.to_string())).await, n);
        let seen = store.load(&key("a")).await.unwrap();
        assert_eq!(seen, Some(stored(n, &n.to_string())));
    }
}

pub async fn two_kinds_may_share_an_id(store: &dyn Store) {
    let mut ticket = put("a", None, 5, "ticket");
    ticket.key = EntityKey::new(EntityKind::Ticket, "a");
    landed(store.commit(put("a", None, 1, "talk")).await, 1);
    landed(store.commit(ticket.clone()).await, 5);
    assert_eq!(
        store.load(&ticket.key).await.unwrap(),
        Some(stored(5, "ticket"))
    );
    assert_eq!(
        store.load(&key("a")).await.unwrap(),
        Some(stored(1, "talk"))
    );
}

pub async fn all_of_a_kind_are_listed_and_no_others(store: &dyn Store) {
    let quarantined = |name: &str, before, n, value: &str| Commit {
        key: EntityKey::new(EntityKind::Quarantine, name),
        ..put(name, before, n, value)
    };
    landed(store.commit(put("a", None, 1, "talk")).await, 1);
    for (name, n) in [("b", 2), ("a", 3), ("c", 4)] {
        landed(store.commit(quarantined(name, None, n, "one")).await, n);
    }
    store.compact().await.unwrap();
    landed(store.commit(quarantined("a", Some(3), 5, "two")).await, 5);
    let gone = Commit {
        write: Write::Delete,
        ..quarantined("b", Some(2), 6, "")
    };
    landed(store.commit(gone).await, 6);
    landed(store.commit(quarantined("d", None, 7, "new")).await, 7);
    for _ in 0..2 {
        let all = store.all(EntityKind::Quarantine).await.unwrap();
        let all: Vec<(&str, &[u8])> = all.iter().map(|(key, v)| (&*key.id, &**v)).collect();
        assert_eq!(all, [("a", &b"two"[..]), ("c", b"one"), ("d", b"new")]);
        assert_eq!(store.all(EntityKind::Ticket).await.unwrap(), []);
        store.compact().await.unwrap();
    }
}

pub async fn conversations_are_not_listed(store: &dyn Store) {
    for n in 0..2 {
        let refused = store.all(EntityKind::Conversation).await;
        let Err(Error::Io(why)) = refused else {
            panic!("expected a refusal, got {refused:?}");
        };
        assert!(why.contains("Conversation"), "{why}");
        landed(store.commit(put(&n.to_string(), None, 1, "talk")).await, 1);
        store.compact().await.unwrap();
    }
    // A question that is refused is no failure of the store.
    assert_eq!(store.all(EntityKind::Ticket).await.unwrap(), []);
}

pub async fn a_lazy_commit_lands_without_company(store: &dyn Store) {
    let mut lazy = put("a", None, 1, "x");
    lazy.urgency = Urgency::Lazy;
    landed(store.commit(lazy).await, 1);
    let mut lazy = put("a", Some(1), 2, "x");
    lazy.urgency = Urgency::Lazy;
    let waiting = store.commit(lazy);
    store.nudge();
    landed(waiting.await, 2);
}

pub async fn a_dropped_future_does_not_cancel(store: &dyn Store) {
    drop(store.commit(put("a", None, 1, "x")));
    landed(store.commit(put("a", Some(1), 2, "y")).await, 2);
}

pub async fn a_closed_store_refuses(store: &dyn Store) {
    landed(store.commit(put("a", None, 1, "x")).await, 1);
    store.close().await.unwrap();
    let refused = store.commit(put("a", Some(1), 2, "y")).await;
    assert!(matches!(refused, Err(Error::Closed(_))));
    assert!(matches!(store.load(&key("a")).await, Err(Error::Closed(_))));
}

pub async fn store_time_never_runs_backwards(store: &dyn Store) {
    let mut before = store.now();
    for _ in 0..1_000 {
        let now = store.now();
        assert!(now >= before);
        before = now;
    }
}

pub async fn compaction_keeps_what_lives(store: &dyn Store) {
    for n in 1..=20u64 {
        let commit = put(&n.to_string(), None, n, "v").with_feed(&["f"]).owing(n);
        landed(store.commit(commit.on_desk("row")).await, n);
    }
    landed(store.commit(delete("3", Some(3), 100)).await, 100);
    store.compact().await.unwrap();
    for n in 1..=20u64 {
        let seen = store.load(&key(&n.to_string())).await.unwrap().unwrap();
        assert_eq!(seen.value.is_none(), n == 3);
    }
    assert_eq!(whole_feed(store).await.len(), 20);
    assert_eq!(store.desk_rows().await.unwrap().len(), 19);
    let claimed = store
        .claim_due(Millis(99), Millis(100), 99)
        .await
        .unwrap()
        .items;
    assert_eq!(claimed.len(), 19);
    landed(store.commit(put("3", Some(100), 101, "again")).await, 101);
}

pub async fn many_threads_commit_at_once(store: &dyn Store) {
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            scope.spawn(move || run(chains(store, thread)));
        }
    });
    for name in (0..4).flat_map(|t| (0..8).map(move |n| format!("{t}-{n}"))) {
        let seen = store.load(&key(&name)).await.unwrap();
        assert_eq!(seen, Some(stored(25, &name)));
    }
    let all = whole_feed(store).await;
    assert_eq!(all.len(), 4 * 8 * 25);
}

/// Eight entities side by side on one thread, every third commit lazy.
async fn chains(store: &dyn Store, thread: u64) {
    let chain = async |n: u64| {
        let name = format!("{thread}-{n}");
        for round in 1..=25u64 {
            let before = (round > 1).then(|| round - 1);
            let mut commit = put(&name, before, round, &name).with_feed(&["x"]);
            if round % 3 == 0 {
                commit.urgency = Urgency::Lazy;
            }
            landed(store.commit(commit).await, round);
        }
    };
    futures_util::future::join_all((0..8).map(chain)).await;
}

pub async fn what_a_load_saw_does_not_bind_later_commits(store: &dyn Store) {
    for n in 0..10u64 {
        let name = n.to_string();
        assert_eq!(store.load(&key(&name)).await.unwrap(), None);
        landed(store.commit(put(&name, None, 1, "one")).await, 1);
        for other in 0..30 {
            let other = format!("{n}-{other}");
            landed(store.commit(put(&other, None, 7, "x")).await, 7);
        }
        landed(store.commit(put(&name, Some(1), 2, "two")).await, 2);
    }
}
