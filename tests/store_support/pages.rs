//! Laws of what is read in pages: the feed behind and beyond what is trimmed, large records, long lists.

use super::laws::{partition_of_the_feed, whole_feed};
use super::support::*;
use hotline::domain::ids::Fingerprint;
use hotline::ports::store::*;

pub async fn a_reader_behind_the_trimmed_goes_on_after_it(store: &dyn Store) {
    for n in 1..=4u64 {
        let before = (n > 1).then(|| n - 1);
        landed(
            store
                .commit(put("a", before, n, "x").with_feed(&["1", "2"]))
                .await,
            n,
        );
    }
    let all = whole_feed(store).await;
    // In the middle of a batch: it is forgotten as a whole.
    store.trim_feed(all[2].cursor).await.unwrap();
    for behind in [
        Cursor::before(all[0].cursor.partition),
        all[0].cursor,
        all[2].cursor,
    ] {
        assert_eq!(store.feed(behind, 99).await.unwrap(), all[4..]);
    }
    // Whoever knows a batch only, reads after the whole of it.
    let batch = Cursor {
        index: u32::MAX,
        ..all[4].cursor
    };
    assert_eq!(store.feed(batch, 99).await.unwrap(), all[6..]);
    store.trim_feed(batch).await.unwrap();
    assert_eq!(store.feed(batch, 99).await.unwrap(), all[6..]);
    store.trim_feed(all[7].cursor).await.unwrap();
    assert_eq!(store.feed(all[0].cursor, 99).await.unwrap(), []);
    landed(
        store
            .commit(put("a", Some(4), 5, "x").with_feed(&["new"]))
            .await,
        5,
    );
    let read = store.feed(all[0].cursor, 99).await.unwrap();
    assert_eq!(
        read.iter().map(words).collect::<Vec<_>>(),
        [Some("new".into())]
    );
    assert!(read[0].cursor > all[7].cursor);
}

pub async fn a_feed_of_large_records_is_read_to_its_end(store: &dyn Store) {
    let mut expected = Vec::new();
    for n in 1..=30u64 {
        let sizes = [0, 1, 65_536, 40_000 + n as usize, 65_536];
        let words = sizes.map(|size| "x".repeat(size));
        let before = (n > 1).then(|| n - 1);
        let mut commit = put("a", before, n, "x").with_feed(&words.each_ref().map(|w| &**w));
        commit.feed[3].erasable = Some(Fingerprint(n));
        landed(store.commit(commit).await, n);
        expected.extend(sizes);
    }
    let mut after = Cursor::before(partition_of_the_feed(store).await);
    let mut sizes = Vec::new();
    loop {
        let page = store.feed(after, 100).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.cursor;
        sizes.extend(page.iter().filter_map(|r| Some(r.payload.as_ref()?.len())));
    }
    assert_eq!(sizes, expected);
}

pub async fn all_of_a_kind_are_listed_however_many_and_large(store: &dyn Store) {
    let large = "x".repeat(60_000);
    let mut expected = Vec::new();
    for n in 0..600u64 {
        let name = format!("main/U{n:032x}");
        let value = if n % 9 == 0 { &large } else { "x" };
        let commit = Commit {
            key: EntityKey::new(EntityKind::Quarantine, &name),
            ..put("", None, 1, value).on_desk("row")
        };
        landed(store.commit(commit).await, 1);
        expected.push((name, value.len()));
    }
    let all = store.all(EntityKind::Quarantine).await.unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|(key, v)| (key.id.to_string(), v.len()))
        .collect();
    assert_eq!(all, expected);
    let mut rows = store.desk_rows().await.unwrap();
    rows.sort();
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(key, _)| key.id.to_string())
        .collect();
    assert_eq!(
        rows,
        expected
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    );
}
