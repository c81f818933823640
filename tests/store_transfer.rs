//! A deployment moves between stores, into a file and back, and is the same afterwards.

#[path = "store_support/mod.rs"]
mod support;

#[path = "store_support/redis.rs"]
mod server;

use hotline::ports::store::Store;
use hotline::store::embedded::Embedded;
use hotline::store::memory::Memory;
use hotline::store::transfer::{self, Kept, Reader, Tally, Writer};
use support::*;

async fn fill(store: &dyn Store) {
    for n in 0..2_500u64 {
        let name = format!("main/U{n:032x}");
        let mut commit = put(&name, None, n, &format!("value {n}")).with_feed(&["said"]);
        if n % 5 == 0 {
            commit = commit.owing(n).on_desk(&name);
        }
        landed(store.commit(commit).await, n);
    }
    for n in 0..10u64 {
        let name = format!("main/U{n:032x}");
        landed(
            store.commit(delete(&name, Some(n), 5_000 + n)).await,
            5_000 + n,
        );
    }
}

async fn copied(from: &dyn Store, to: &dyn Store) -> (Tally, Tally) {
    assert!(transfer::is_empty(to).await.unwrap());
    let put = async |rows| transfer::put_all(to, rows).await;
    let (read, damaged) = transfer::read_all(from, put).await.unwrap();
    assert_eq!(damaged, 0);
    let (arrived, _) = transfer::read_all(to, async |_| Ok(())).await.unwrap();
    (read, arrived)
}

#[test]
fn a_copy_holds_what_its_source_holds() {
    run(async {
        let from = Memory::new();
        fill(&from).await;
        let folder = tempfile::tempdir().unwrap();
        let embedded = Embedded::open(options(folder.path())).unwrap();
        let (read, arrived) = copied(&from, &embedded).await;
        assert_eq!(read, arrived);
        assert_eq!((read.total(), read.tombstones, read.desk), (2_490, 10, 498));
        if !server::installed() {
            return;
        }
        let server = server::Server::start();
        let redis = server.open();
        let (read, arrived) = copied(&embedded, &redis).await;
        assert_eq!(read, arrived);
        let back = Memory::new();
        let (read, arrived) = copied(&redis, &back).await;
        assert_eq!(read, arrived);
        let due = |claimed: Vec<hotline::ports::store::Due>| {
            let mut due: Vec<_> = claimed.into_iter().map(|due| (due.at, due.key)).collect();
            due.sort();
            due
        };
        let upto = hotline::domain::time::Millis(1_000_000);
        let of_source = from.claim_due(upto, upto, 9_999).await.unwrap().items;
        let of_copy = back.claim_due(upto, upto, 9_999).await.unwrap().items;
        assert_eq!(due(of_source), due(of_copy));
    });
}

#[test]
fn a_copy_begun_twice_is_one_and_overwrites_nothing() {
    run(async {
        let (from, to) = (Memory::new(), Memory::new());
        fill(&from).await;
        copied(&from, &to).await;
        let again = async |rows| transfer::put_all(&to, rows).await;
        transfer::read_all(&from, again).await.unwrap();
        let name = format!("main/U{:032x}", 77);
        landed(
            to.commit(put(&name, Some(77), 9_999, "moved on")).await,
            9_999,
        );
        let again = async |rows| transfer::put_all(&to, rows).await;
        let refused = transfer::read_all(&from, again).await.unwrap_err();
        assert!(
            refused.contains(&name) && refused.contains("allowed"),
            "{refused}"
        );
        let kept = to.load(&key(&name)).await.unwrap();
        assert_eq!(kept, Some(stored(9_999, "moved on")));
    });
}

#[test]
fn a_backup_restores_what_was_saved() {
    run(async {
        let (from, to) = (Memory::new(), Memory::new());
        fill(&from).await;
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("backup");
        let mut writer = Writer::create(&place).unwrap();
        let (read, _) = transfer::read_all(&from, async |rows| {
            let mut written = rows.into_iter().map(|row| writer.row(row));
            written.try_for_each(|end| end.map_err(|error| error.to_string()))
        })
        .await
        .unwrap();
        let records = transfer::records(&from, async |records| {
            let mut written = records.into_iter().map(|record| writer.record(record));
            written.try_for_each(|end| end.map_err(|error| error.to_string()))
        });
        assert_eq!(records.await.unwrap(), 2_500);
        let saved = writer.finish().unwrap();
        assert_eq!((&saved.rows, saved.records), (&read, 2_500));
        let mut reader = Reader::open(&place).unwrap();
        let mut rows = Vec::new();
        while let Some(kept) = reader.next().unwrap() {
            match kept {
                Kept::Row(row) => rows.push(row),
                Kept::Record(_) => {}
            }
        }
        transfer::put_all(&to, rows).await.unwrap();
        let (arrived, _) = transfer::read_all(&to, async |_| Ok(())).await.unwrap();
        assert_eq!(arrived, read);
    });
}
