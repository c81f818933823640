//! Laws of what a copy or a backup takes.

use super::support::*;
use hotline::domain::time::Millis;
use hotline::ports::store::*;
use std::collections::BTreeMap;

/// Every entity as the scan met it last.
async fn scanned(store: &dyn Store, limit: usize) -> BTreeMap<EntityKey, Row> {
    let mut met = BTreeMap::new();
    let mut place = None;
    loop {
        let page = store.scan(place, limit).await.unwrap();
        assert_eq!(page.damaged, 0);
        met.extend(page.rows.into_iter().map(|row| (row.key.clone(), row)));
        place = page.next;
        if place.is_none() {
            return met;
        }
    }
}

pub async fn a_scan_meets_every_entity_whole(store: &dyn Store) {
    assert!(scanned(store, 10).await.is_empty());
    for n in 0..60 {
        let name = format!("c{n}");
        let mut commit = put(&name, None, n, &name).with_feed(&["said"]);
        if n % 3 == 0 {
            commit = commit.owing(1_000 + n);
        }
        if n % 4 == 0 {
            commit = commit.on_desk(&name);
        }
        landed(store.commit(commit).await, n);
    }
    landed(store.commit(delete("c7", Some(7), 1_007)).await, 1_007);
    landed(
        store.commit(put("c8", Some(8), 1_008, "eight")).await,
        1_008,
    );
    for limit in [1, 7, 1_000] {
        let met = scanned(store, limit).await;
        assert_eq!(met.len(), 60, "with pages of {limit}");
        for (key, row) in &met {
            let stored = store.load(key).await.unwrap();
            assert_eq!(Some(&row.stored), stored.as_ref(), "{key:?}");
        }
        let row = |name: &str| met[&key(name)].clone();
        assert_eq!(row("c12").due, Some(Millis(1_012)));
        assert_eq!(row("c12").desk.as_deref(), Some(&b"c12"[..]));
        assert_eq!((row("c13").due, row("c13").desk), (None, None));
        assert_eq!(row("c7").stored.value, None);
        assert_eq!(row("c8").desk, None, "the last commit took it away");
    }
}

pub async fn a_scan_loses_nothing_to_commits_meanwhile(store: &dyn Store) {
    for n in 0..50 {
        landed(store.commit(put(&format!("c{n}"), None, n, "old")).await, n);
    }
    let mut met = BTreeMap::new();
    let (mut place, mut turn) = (None, 0);
    loop {
        let page = store.scan(place, 5).await.unwrap();
        for row in page.rows {
            met.insert(row.key.clone(), row.stored.revision);
        }
        let n = turn % 50;
        let stored = store.load(&key(&format!("c{n}"))).await.unwrap().unwrap();
        let mut change = put(&format!("c{n}"), None, 100 + turn, "new");
        change.expected = Some(stored.revision);
        landed(store.commit(change).await, 100 + turn);
        let comes = put(&format!("a{turn}"), None, 900 + turn, "comes");
        landed(store.commit(comes).await, 900 + turn);
        turn += 1;
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    assert!((0..50).all(|n| met.contains_key(&key(&format!("c{n}")))));
}
