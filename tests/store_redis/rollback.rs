//! A server that has lost the newest commits, as a replica that is promoted may have: readers of the
//! feed miss nothing, nothing that was not archived is trimmed, the desk is seen to have changed. And
//! what was half done: a trim that died, a claim of which a part failed.

use super::support::*;
use super::{Server, installed, number, whole_feed, words_held};
use hotline::domain::ids::Fingerprint;
use hotline::domain::time::Millis;
use hotline::ports::store::*;
use hotline::store::redis::{Options, Redis, tags};

/// A store of one partition on a server, so that all records are in one feed.
fn single(server: &Server) -> Redis {
    Redis::open(Options {
        partitions: 1,
        ..server.options()
    })
    .unwrap()
}

/// A key of the only partition.
fn of(name: &str) -> String {
    format!("hotline{{{}}}{name}", tags(1)[0])
}

fn said(records: &[FeedRecord]) -> Vec<String> {
    records.iter().filter_map(words).collect()
}

/// Commits number `n` of an entity, with its number in the feed, on the one before.
async fn say(store: &dyn Store, before: u64, n: u64) {
    let before = (before > 0).then_some(before);
    let commit = put("a", before, n, "x").with_feed(&[&n.to_string()]);
    landed(store.commit(commit).await, n);
}

/// A history of five records, the first one trimmed, of which the server loses the last two, and
/// whose clock is a minute behind the one that wrote them. Returns what was read last.
async fn rolled_back(server: &mut Server, store: &Redis) -> Cursor {
    for n in 1..=3 {
        say(store, n - 1, n).await;
    }
    let read = whole_feed(store).await;
    store.trim_feed(read[0].cursor).await.unwrap();
    assert_eq!(server.say(&["SAVE"]), "+OK");
    let ahead = read[2].cursor.batch + 60_000_000;
    server.say(&["HSET", &of("meta"), "batch", &ahead.to_string()]);
    for n in 4..=5 {
        say(store, n - 1, n).await;
    }
    let read = whole_feed(store).await;
    assert_eq!(said(&read), ["2", "3", "4", "5"]);
    server.kill();
    server.again();
    read[3].cursor
}

#[test]
fn a_reader_whose_place_was_lost_reads_again_and_misses_nothing() {
    if !installed() {
        return;
    }
    let mut server = Server::start();
    let store = single(&server);
    run(async {
        let lost = rolled_back(&mut server, &store).await;
        // Called by less than what the reader has seen.
        say(&store, 3, 6).await;
        let read = store.feed(lost, 99).await.unwrap();
        assert_eq!(said(&read), ["2", "3", "6"]);
        assert!(read[2].cursor < lost);
        assert_eq!(store.feed(read[2].cursor, 99).await.unwrap(), []);
        // From then on by more: for whoever else has seen as much.
        say(&store, 6, 7).await;
        let next = store.feed(read[2].cursor, 99).await.unwrap();
        assert_eq!(said(&next), ["7"]);
        assert!(next[0].cursor > lost);
        // A reader that pages one by one goes the same way.
        let (mut after, mut all) = (lost, Vec::new());
        while let [record] = &store.feed(after, 1).await.unwrap()[..] {
            all.extend(words(record));
            after = record.cursor;
        }
        assert_eq!(all, ["2", "3", "6", "7"]);
    });
}

#[test]
fn what_was_archived_on_a_lost_server_trims_nothing_that_was_written_since() {
    if !installed() {
        return;
    }
    let mut server = Server::start();
    let store = single(&server);
    run(async {
        let lost = rolled_back(&mut server, &store).await;
        say(&store, 3, 6).await;
        store.trim_feed(lost).await.unwrap();
        assert_eq!(said(&whole_feed(&store).await), ["2", "3", "6"]);
        let read = store.feed(lost, 99).await.unwrap();
        store.trim_feed(read[1].cursor).await.unwrap();
        assert_eq!(said(&whole_feed(&store).await), ["6"]);
    });
}

#[test]
fn a_desk_that_lost_a_change_has_a_generation_never_seen_after_the_next() {
    if !installed() {
        return;
    }
    let mut server = Server::start();
    let store = single(&server);
    run(async {
        let row = |before, n, text| put("a", before, n, "x").on_desk(text);
        landed(store.commit(row(None, 1, "one")).await, 1);
        let before = store.desk_generation().await.unwrap();
        assert_eq!(server.say(&["SAVE"]), "+OK");
        landed(store.commit(row(Some(1), 2, "lost")).await, 2);
        let lost = store.desk_generation().await.unwrap();
        server.kill();
        server.again();
        assert_eq!(store.desk_generation().await.unwrap(), before);
        landed(store.commit(row(Some(1), 3, "another")).await, 3);
        let after = store.desk_generation().await.unwrap();
        assert!(after != before && after != lost);
    });
}

#[test]
fn a_trim_that_died_hides_all_of_it_and_is_finished_by_any_other() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = single(&server);
    let held = || number(&server.say(&["XLEN", &of("feed")]));
    run(async {
        for n in 1..=400u64 {
            let mut commit = put("a", (n > 1).then(|| n - 1), n, "x").with_feed(&["words"]);
            commit.feed[0].erasable = Some(Fingerprint(n));
            landed(store.commit(commit).await, n);
        }
        let all = whole_feed(&store).await;
        // The first thing a trim does, and the last this one did.
        let mark = all[299].cursor.batch.to_string();
        server.say(&["HSET", &of("meta"), "archived", &mark]);
        assert_eq!(whole_feed(&store).await, all[300..]);
        assert_eq!(store.feed(all[7].cursor, 999).await.unwrap(), all[300..]);
        assert_eq!((held(), words_held(&server)), (400, 400));
        // Another, that knows of less.
        store.trim_feed(all[3].cursor).await.unwrap();
        assert_eq!((held(), words_held(&server)), (100, 100));
        assert_eq!(whole_feed(&store).await, all[300..]);
    });
}

#[test]
fn a_claim_of_which_a_part_fails_hands_out_the_rest() {
    if !installed() {
        return;
    }
    let server = Server::start();
    if server.say(&["INFO", "server"]).contains("redis_version:6") {
        println!("SKIPPED: this server has no rights by key");
        return;
    }
    let store = Redis::open(Options {
        partitions: 64,
        ..server.options()
    })
    .unwrap();
    let tags = tags(64);
    let owing = |p: &usize| {
        let key = format!("hotline{{{}}}due", tags[*p]);
        number(&server.say(&["ZCARD", &key])) as usize
    };
    run(async {
        for n in 0..400u64 {
            let name = n.to_string();
            landed(store.commit(put(&name, None, 1, "x").owing(n)).await, 1);
        }
        // One partition may be looked at and not be changed; another not even looked at, which costs
        // those that are looked at with it.
        let answering: usize = (0..32).filter(|p| *p != 5).map(|p| owing(&p)).sum();
        let rights = (0..64).map(|p| match p {
            5 => format!("%R~hotline{{{}}}*", tags[p]),
            40 => "~none".to_owned(),
            _ => format!("~hotline{{{}}}*", tags[p]),
        });
        let rights: Vec<_> = rights.chain(["~hotline:*".into()]).collect();
        let mut say = vec!["ACL", "SETUSER", "default", "resetkeys"];
        say.extend(rights.iter().map(|right| &**right));
        assert_eq!(server.say(&say), "+OK");
        let claim = |now| store.claim_due(Millis(now), Millis(9_000), 999);
        let Claimed {
            items: mut claimed,
            complete,
        } = claim(500).await.unwrap();
        assert!(!complete, "some partitions were left out");
        assert!(claimed.is_sorted_by_key(|due| std::cmp::Reverse(due.at)));
        assert_eq!(claimed.len(), answering);
        // Nothing is left that could be moved: now it is an error.
        let refused = format!("{:?}", claim(500).await.unwrap_err());
        assert!(refused.contains("NOPERM"), "{refused}");
        let say = ["ACL", "SETUSER", "default", "allkeys"];
        assert_eq!(server.say(&say), "+OK");
        claimed.extend(claim(500).await.unwrap().items);
        let mut at: Vec<u64> = claimed.iter().map(|due| due.at.0).collect();
        at.sort_unstable();
        assert_eq!(at, (0..400).collect::<Vec<_>>());
    });
}
