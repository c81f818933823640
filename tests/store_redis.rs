//! Laws that only a store on a Redis server has: answers that get lost, a server that forgets, stalls,
//! is full, dies, and several processes on one store. What every store keeps is in
//! `store_conformance.rs`.

#[path = "store_support/mod.rs"]
mod support;

#[path = "store_support/redis.rs"]
mod server;

#[path = "store_redis/proxy.rs"]
mod proxy;

#[path = "store_redis/chains.rs"]
mod chains;

#[path = "store_redis/faults.rs"]
mod faults;

#[path = "store_redis/ledger.rs"]
mod ledger;

#[path = "store_redis/differential.rs"]
mod differential;

#[path = "store_redis/nodes.rs"]
mod nodes;

#[path = "store_redis/memory.rs"]
mod memory;

#[path = "store_redis/unread.rs"]
mod unread;

#[path = "store_redis/rollback.rs"]
mod rollback;

use hotline::domain::ids::Fingerprint;
use hotline::domain::time::Millis;
use hotline::ports::store::*;
use hotline::store::redis::{OpenError, Options, Redis, slot, tags};
use server::{Server, installed};
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;
use support::*;

/// Everything in the feed.
async fn whole_feed(store: &dyn Store) -> Vec<FeedRecord> {
    let mut all = Vec::new();
    for partition in 0..store.feeds() {
        all.extend(store.feed(Cursor::before(partition), 10_000).await.unwrap());
    }
    all
}

/// Asks again until it is so.
async fn until(mut so: impl FnMut() -> bool) {
    while !so() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn number(said: &str) -> i64 {
    let number = said.strip_prefix(':').and_then(|n| n.parse().ok());
    number.unwrap_or_else(|| panic!("expected a number, got {said}"))
}

/// What is held beside the feed, of all partitions.
fn words_held(server: &Server) -> i64 {
    let count = "local n = 0 for _, k in ipairs(redis.call('KEYS', '*}words')) do \
                 n = n + redis.call('HLEN', k) end return n";
    number(&server.say(&["EVAL", count, "0"]))
}

#[test]
fn tags_spread_evenly() {
    for partitions in [16u16, 256, 1_024] {
        let tags = tags(partitions);
        for masters in 1..=16usize {
            // As `redis-cli --cluster create` divides the slots.
            let mut load = vec![0usize; masters];
            for tag in &tags {
                load[usize::from(slot(tag.as_bytes())) * masters / 16_384] += 1;
            }
            let fair = usize::from(partitions) / masters;
            assert!(
                load.iter().all(|n| (fair..=fair + 1).contains(n)),
                "{partitions} partitions on {masters} masters: {load:?}"
            );
        }
    }
}

#[test]
fn the_server_reckons_slots_as_we_do_and_no_command_crosses_them() {
    if !installed() {
        return;
    }
    // A cluster of one: it takes all slots and still refuses what touches two.
    let server = Server::with(&["--cluster-enabled", "yes"]);
    for (p, tag) in tags(256).iter().enumerate().step_by(17) {
        let key = format!("hotline{{{tag}}}\u{1}main/U0}}{{x}}");
        let slot = number(&server.say(&["CLUSTER", "KEYSLOT", &key]));
        assert_eq!(slot, p as i64 * 64);
    }
    assert_eq!(
        server.say(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]),
        "+OK"
    );
    run(async {
        until(|| {
            server
                .say(&["CLUSTER", "INFO"])
                .contains("cluster_state:ok")
        })
        .await;
        let store = server.open();
        for n in 0..40u64 {
            let mut commit = put(&n.to_string(), None, 1, "x");
            commit.key.kind = EntityKind::Ticket;
            let mut commit = commit.with_feed(&["one", "two"]).owing(5).on_desk("row");
            commit.feed[1].erasable = Some(Fingerprint(7));
            landed(store.commit(commit).await, 1);
        }
        assert_eq!(whole_feed(&store).await.len(), 80);
        assert_eq!(store.all(EntityKind::Ticket).await.unwrap().len(), 40);
        assert_eq!(store.desk_rows().await.unwrap().len(), 40);
        let claimed = store.claim_due(Millis(9), Millis(99), 30).await.unwrap();
        assert_eq!(claimed.items.len(), 30);
        for n in 0..40 {
            let name = n.to_string();
            let life = hotline::domain::time::Span::secs(9);
            assert!(store.hold(&name, revision(n), life).await.unwrap());
            assert_eq!(store.count(&name, 1, revision(n)).await.unwrap(), 1);
            store.shrink(&name).await.unwrap();
        }
        for last in whole_feed(&store).await {
            store.trim_feed(last.cursor).await.unwrap();
        }
        assert_eq!(
            (whole_feed(&store).await.len(), words_held(&server)),
            (0, 0)
        );
    });
}

#[test]
fn a_store_with_another_partition_count_is_refused() {
    if !installed() {
        return;
    }
    let server = Server::start();
    run(async {
        landed(server.open().commit(put("a", None, 1, "x")).await, 1);
        let other = Options {
            partitions: 32,
            ..server.options()
        };
        let refused = Redis::open(other.clone()).err();
        let expected = OpenError::Partitions {
            prefix: "hotline".into(),
            found: 16,
            asked: 32,
        };
        assert_eq!(refused, Some(expected));
        // The one next door is free to have what it wants, and knows nothing of this one.
        let next_door = Redis::open(Options {
            prefix: "hotline:2".into(),
            ..other
        });
        assert_eq!(next_door.unwrap().load(&key("a")).await.unwrap(), None);
        let seen = server.open().load(&key("a")).await.unwrap();
        assert_eq!(seen, Some(stored(1, "x")));
    });
}

#[test]
fn a_server_that_throws_keys_away_is_refused() {
    if !installed() {
        return;
    }
    let server = Server::with(&["--maxmemory-policy", "allkeys-lru"]);
    let refused = Redis::open(server.options()).err();
    assert_eq!(refused, Some(OpenError::Evicts("allkeys-lru".into())));
}

#[test]
fn of_several_processes_each_due_item_goes_to_one() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let nodes = [server.open(), server.open(), server.open()];
    assert_eq!(
        nodes
            .iter()
            .map(Store::incarnation)
            .collect::<HashSet<_>>()
            .len(),
        3
    );
    run(async {
        for n in 0..200u64 {
            let name = n.to_string();
            landed(nodes[0].commit(put(&name, None, 1, "x").owing(n)).await, 1);
        }
        let claims = nodes.iter().map(async |node| {
            let mut all = Vec::new();
            loop {
                let some = node.claim_due(Millis(500), Millis(9_000), 7).await.unwrap();
                assert!(some.complete);
                let some = some.items;
                let done = some.len() < 7;
                all.extend(some.into_iter().map(|due| due.key.id.to_string()));
                if done {
                    return all;
                }
            }
        });
        let claimed = futures_util::future::join_all(claims).await.concat();
        assert_eq!(claimed.len(), 200);
        assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 200);
        // What one has committed the others see, and only one of two decisions lands.
        landed(nodes[1].commit(put("7", Some(1), 2, "y")).await, 2);
        assert_eq!(
            nodes[2].load(&key("7")).await.unwrap(),
            Some(stored(2, "y"))
        );
        let late = conflict(nodes[0].commit(put("7", Some(1), 3, "z")).await);
        assert_eq!(late, Some(stored(2, "y")));
    });
}

#[test]
fn the_freshest_of_all_partitions_come_first_however_many_are_due() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = Redis::open(Options {
        partitions: 4,
        ..server.options()
    })
    .unwrap();
    run(async {
        for n in 1..=300u64 {
            let commit = put(&n.to_string(), None, 1, "x").with_feed(&["said"]);
            landed(store.commit(commit).await, 1);
        }
        // Partition by partition: the freshest are all in the last one.
        for (at, record) in (1..).zip(whole_feed(&store).await) {
            let commit = put(&record.key.id, Some(1), 2, "x").owing(at);
            landed(store.commit(commit).await, 2);
        }
        let mut left = 300;
        for limit in [1, 20, 60, 7, 212] {
            let claimed = store.claim_due(Millis(500), Millis(999), limit).await;
            let at: Vec<u64> = claimed.unwrap().items.iter().map(|due| due.at.0).collect();
            let expected: Vec<u64> = (left - limit as u64 + 1..=left).rev().collect();
            assert_eq!(at, expected);
            left -= limit as u64;
        }
        assert_eq!(
            store.claim_due(Millis(500), Millis(999), 9).await.unwrap(),
            Claimed {
                items: Vec::new(),
                complete: true
            }
        );
    });
}

#[test]
fn no_value_looks_like_a_tombstone() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = server.open();
    run(async {
        for (n, value) in ["", "\0", "\0\0", "\0x", "x\0", "x"]
            .into_iter()
            .enumerate()
        {
            let name = n.to_string();
            landed(store.commit(put(&name, None, 1, value)).await, 1);
            let seen = store.load(&key(&name)).await.unwrap();
            assert_eq!(seen, Some(stored(1, value)));
            let seen = conflict(store.commit(put(&name, None, 2, "y")).await);
            assert_eq!(seen, Some(stored(1, value)));
        }
    });
}

#[test]
fn a_tombstone_ends_by_itself_unless_it_owes_something() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = server.open();
    let life = |name: &str| {
        let ask = "return redis.call('PTTL', redis.call('KEYS', '*}\\1' .. ARGV[1])[1])";
        number(&server.say(&["EVAL", ask, "0", name]))
    };
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        assert_eq!(life("a"), -1);
        landed(store.commit(delete("a", Some(1), 2).owing(5)).await, 2);
        assert_eq!(life("a"), -1);
        landed(store.commit(delete("a", Some(2), 3)).await, 3);
        let whole = TOMBSTONE_LIFE.0 as i64;
        assert!((whole - 60_000..=whole).contains(&life("a")));
        landed(store.commit(put("a", Some(3), 4, "again")).await, 4);
        assert_eq!(life("a"), -1);
    });
}

#[test]
fn words_leave_the_server_with_the_commit_that_erases_them_and_with_the_feed() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = server.open();
    let say = |n: u64, mark: u64| {
        let mut commit = put("a", (n > 1).then(|| n - 1), n, "x").with_feed(&["words"]);
        commit.feed[0].erasable = Some(Fingerprint(mark));
        commit
    };
    run(async {
        for (n, mark) in [(1, 1), (2, 2), (3, 2), (4, 3)] {
            landed(store.commit(say(n, mark)).await, n);
        }
        assert_eq!(words_held(&server), 3);
        let mut unsend = put("a", Some(4), 5, "x");
        unsend.erase = vec![Fingerprint(1), Fingerprint(99)];
        landed(store.commit(unsend).await, 5);
        assert_eq!(words_held(&server), 2);
        // The second record of a message stays when the first is trimmed.
        let read = whole_feed(&store).await;
        store.trim_feed(read[1].cursor).await.unwrap();
        let left: Vec<_> = whole_feed(&store).await.iter().map(words).collect();
        assert_eq!(left, [Some("words".into()), Some("words".into())]);
        store.trim_feed(read[3].cursor).await.unwrap();
        assert_eq!(words_held(&server), 0);
    });
}
