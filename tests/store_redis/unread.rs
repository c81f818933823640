//! Names in a store that this version cannot read stop nobody else.

use super::*;

/// Begins with the number of a kind that does not exist.
const NOBODY: &str = "\u{3f}nobody";

/// The keys of this name in every partition of a small store.
fn all(name: &str) -> impl Iterator<Item = String> {
    let tags = tags(16).into_iter();
    tags.map(move |tag| format!("hotline{{{tag}}}{name}"))
}

#[test]
fn a_name_that_cannot_be_read_stops_no_timer() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = server.open();
    run(async {
        for n in 0..60u64 {
            landed(
                store
                    .commit(put(&n.to_string(), None, 1, "x").owing(n))
                    .await,
                1,
            );
        }
        // More recent than all, and in each partition more than are looked at in one go.
        for key in all("due") {
            for n in 0..40 {
                let member = format!("{NOBODY}{n}");
                assert_eq!(server.say(&["ZADD", &key, "100", &member]), ":1");
            }
        }
        let mut at = Vec::new();
        while at.len() < 60 {
            let claimed = store.claim_due(Millis(500), Millis(999), 25).await.unwrap();
            assert!(claimed.complete && !claimed.items.is_empty());
            at.extend(claimed.items.iter().map(|due| due.at.0));
        }
        assert_eq!(at, (0..60).rev().collect::<Vec<_>>());
        let none = store.claim_due(Millis(500), Millis(999), 25).await.unwrap();
        assert_eq!(none.items, []);
    });
}

#[test]
fn a_name_that_cannot_be_read_keeps_nothing_from_the_archive_and_the_desk() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = server.open();
    run(async {
        for key in all("feed") {
            let add = ["XADD", &key, "1-1", "m", NOBODY, "w", "", "p", "{}"];
            assert_eq!(server.say(&add), "1-1");
        }
        for key in all("desk") {
            assert_eq!(server.say(&["HSET", &key, NOBODY, "row"]), ":1");
        }
        for n in 0..60u64 {
            let commit = put(&n.to_string(), None, 1, "x").with_feed(&["said"]);
            landed(store.commit(commit.on_desk("row")).await, 1);
        }
        assert_eq!(store.desk_rows().await.unwrap().len(), 60);
        let mut read = 0;
        for partition in 0..store.feeds() {
            let mut after = Cursor::before(partition);
            // One by one: an empty page is the end.
            while let Some(last) = store.feed(after, 1).await.unwrap().last() {
                read += 1;
                after = last.cursor;
            }
            store.trim_feed(after).await.unwrap();
        }
        assert_eq!(read, 60);
        assert_eq!(whole_feed(&store).await, []);
    });
}
