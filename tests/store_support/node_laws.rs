//! Laws of what the nodes on one store share; with one node they hold just so.

use super::support::*;
use futures_util::future::join_all;
use hotline::domain::time::Span;
use hotline::ports::store::*;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const MINUTE: Span = Span::mins(1);

pub async fn this_node_is_there_and_never_gone(store: &dyn Store) {
    let own = store.incarnation();
    assert!(!store.is_gone(own));
    let nodes = store.nodes();
    assert_eq!(nodes.len(), 1);
    assert_eq!((nodes[0].incarnation, nodes[0].level), (own, FORMAT_LEVEL));
    assert_eq!((store.level(), store.departures()), (FORMAT_LEVEL, 0));
}

pub async fn a_lease_has_one_holder_until_it_lapses_or_is_given_back(store: &dyn Store) {
    let (one, two) = (revision(1), revision(2));
    let hold = |who, life| store.hold("pool", who, Span(life));
    let begun = Instant::now();
    assert!(hold(one, 400).await.unwrap());
    assert!(hold(one, 400).await.unwrap(), "renewed");
    assert!(store.hold("other", two, MINUTE).await.unwrap());
    while !hold(two, MINUTE.0).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_millis(395), "{waited:?}");
    assert!(!hold(one, 400).await.unwrap());
    store.let_go("pool", one).await.unwrap();
    assert!(
        !hold(one, 400).await.unwrap(),
        "it was not his to give back"
    );
    store.let_go("pool", two).await.unwrap();
    store.let_go("pool", two).await.unwrap();
    assert!(hold(one, MINUTE.0).await.unwrap());
}

pub async fn a_lease_is_given_for_no_longer_than_is_allowed(store: &dyn Store) {
    let (one, two) = (revision(1), revision(2));
    assert!(store.hold("pool", one, Span(0)).await.unwrap());
    while !store.hold("pool", two, Span(u64::MAX)).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!store.hold("pool", one, Span(0)).await.unwrap());
    assert_eq!(lease_life(Span(0)), Span(1));
    assert_eq!(lease_life(Span(u64::MAX)), LEASE_MAX);
}

pub async fn an_operation_is_counted_once(store: &dyn Store) {
    assert_eq!(store.count("tickets", 2, revision(1)).await.unwrap(), 2);
    assert_eq!(store.count("tickets", 2, revision(1)).await.unwrap(), 2);
    assert_eq!(store.count("tickets", 3, revision(2)).await.unwrap(), 5);
    assert_eq!(store.count("tickets", 2, revision(1)).await.unwrap(), 2);
    assert_eq!(store.count("others", 1, revision(1)).await.unwrap(), 1);
    // It is an entity: whatever copies or lists them has it.
    assert_eq!(store.all(EntityKind::Counter).await.unwrap().len(), 2);
}

pub async fn many_count_at_once_and_no_two_get_the_same(store: &dyn Store) {
    let asked = (1..=40).map(|n| store.count("tickets", 1, revision(n)));
    let told: BTreeSet<u64> = join_all(asked).await.into_iter().flatten().collect();
    assert_eq!(told, (1..=40).collect());
}

pub async fn a_counter_that_forgets_nothing_early_says_busy(store: &dyn Store) {
    let most = OPERATIONS_MAX as u64;
    // Written as a store does: version, count, then operations of this moment.
    let mut form = vec![1];
    form.extend(most.to_le_bytes());
    for n in 1..=most {
        form.extend(revision(n).0);
        form.extend(n.to_le_bytes());
        form.extend(store.now().0.to_le_bytes());
    }
    let mut commit = put("count/tickets", None, 77, "");
    commit.key.kind = EntityKind::Counter;
    commit.write = Write::Put(form.into());
    landed(store.commit(commit).await, 77);
    let more = store.count("tickets", 1, revision(most + 1)).await;
    assert!(matches!(more, Err(Error::Busy { .. })), "{more:?}");
    assert_eq!(store.count("tickets", 1, revision(7)).await.unwrap(), 7);
}

pub async fn a_budget_gives_no_more_than_its_rate_and_burst(store: &dyn Store) {
    let rate = Rate {
        per_second: 100,
        burst: 20,
    };
    let begun = Instant::now();
    let first = store.draw("main", 50, rate).await.unwrap();
    assert_eq!(first.granted, 20);
    assert!(first.until <= store.now() + GRANT_LIFE);
    let mut all = first.granted;
    while all < 40 {
        let grant = store.draw("main", 3, rate).await.unwrap();
        assert!(grant.granted <= 3);
        all += grant.granted;
        // Clocks tick in whole milliseconds, at either end.
        let most = 20.0 + (begun.elapsed().as_secs_f64() + 0.002) * 100.0;
        assert!(f64::from(all) <= most, "{all} of {most}");
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    assert_eq!(store.draw("other", 9, rate).await.unwrap().granted, 9);
}

pub async fn a_refusal_slows_a_budget(store: &dyn Store) {
    let rate = Rate {
        per_second: 1_000,
        burst: 1_000,
    };
    assert_eq!(store.draw("main", 10, rate).await.unwrap().granted, 10);
    let begun = Instant::now();
    store.shrink("main").await.unwrap();
    store.shrink("main").await.unwrap();
    let mut all = 0;
    while begun.elapsed() < Duration::from_millis(200) {
        all += store.draw("main", 1_000, rate).await.unwrap().granted;
        let most = (begun.elapsed().as_secs_f64() + 0.002) * 500.0;
        assert!(f64::from(all) <= most, "{all} of {most}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(all > 0, "slowed, not stopped");
}

pub async fn hints_are_heard_by_all_who_listen(store: &dyn Store) {
    store.hint("desk", b"nobody listens yet");
    let (mut one, mut two) = (store.hints(), store.hints());
    store.hint(&"t".repeat(MAX_TOPIC_BYTES + 1), b"too long");
    store.hint("desk", &vec![0; MAX_HINT_BYTES + 1]);
    store.hint("desk", b"row");
    for listener in [&mut one, &mut two] {
        let hint = listener.recv().await.unwrap();
        assert_eq!((&*hint.topic, &*hint.payload), ("desk", &b"row"[..]));
        assert_eq!(hint.from, store.incarnation());
    }
}

pub async fn a_closed_store_holds_no_lease_and_grants_nothing(store: &dyn Store) {
    store.close().await.unwrap();
    let rate = Rate {
        per_second: 1,
        burst: 1,
    };
    assert!(store.hold("pool", revision(1), MINUTE).await.is_err());
    assert!(store.let_go("pool", revision(1)).await.is_err());
    assert!(store.draw("main", 1, rate).await.is_err());
    assert!(store.shrink("main").await.is_err());
    assert!(store.count("tickets", 1, revision(1)).await.is_err());
}
