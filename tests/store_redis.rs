//! Laws that only a store on a Redis server has: answers that get lost, a server that forgets, stalls,
//! is full, dies, and several processes on one store. What every store keeps is in
//! `store_conformance.rs`.

#[path = "store_support/mod.rs"]
mod support;

#[path = "store_support/redis.rs"]
mod server;

#[path = "store_redis/proxy.rs"]
mod proxy;

#[path = "store_redis/ledger.rs"]
mod ledger;

use hotline::domain::ids::Fingerprint;
use hotline::domain::time::Millis;
use hotline::ports::store::*;
use hotline::store::redis::{OpenError, Options, Redis, slot, tags};
use proxy::Proxy;
use server::{Server, installed};
use std::collections::BTreeSet;
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
fn a_resent_commit_is_applied_once() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let proxy = Proxy::to(server.port());
    let options = Options {
        url: proxy.url(),
        ..server.options()
    };
    let store = Redis::open(options).unwrap();
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        for n in 2..=6u64 {
            // The upkeep's answer may be the one that is lost; then try again.
            let before = proxy.lost();
            proxy.lose_an_answer();
            let commit = put("a", Some(n - 1), n, "x").with_feed(&["said"]);
            landed(store.commit(commit).await, n);
            assert_eq!(proxy.lost(), before + 1);
        }
        assert_eq!(whole_feed(&store).await.len(), 5);
        // A create and a deletion, too.
        proxy.lose_an_answer();
        landed(store.commit(put("b", None, 1, "x").with_feed(&["said"])).await, 1);
        proxy.lose_an_answer();
        landed(store.commit(delete("b", Some(1), 2)).await, 2);
        assert_eq!(whole_feed(&store).await.len(), 6);
    });
}

#[test]
fn a_server_that_stalls_beyond_the_answers_time_applies_once() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let mut options = server.options();
    options.answer_timeout = Duration::from_millis(100);
    options.patience = Duration::from_secs(30);
    let store = Redis::open(options).unwrap();
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        assert_eq!(server.say(&["CLIENT", "PAUSE", "700", "WRITE"]), "+OK");
        let commits: Vec<_> = (0..20)
            .map(|n| store.commit(put(&format!("s{n}"), None, 1, "x").with_feed(&["said"])))
            .collect();
        for commit in commits {
            landed(commit.await, 1);
        }
        assert_eq!(whole_feed(&store).await.len(), 20);
    });
}

#[test]
fn script_flush_is_survived() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = server.open();
    run(async {
        let commit = put("a", None, 1, "x").with_feed(&["said"]).owing(5);
        landed(store.commit(commit).await, 1);
        assert_eq!(server.say(&["SCRIPT", "FLUSH"]), "+OK");
        landed(store.commit(put("a", Some(1), 2, "y").owing(5)).await, 2);
        assert_eq!(server.say(&["SCRIPT", "FLUSH"]), "+OK");
        assert_eq!(whole_feed(&store).await.len(), 1);
        assert_eq!(server.say(&["SCRIPT", "FLUSH"]), "+OK");
        let claimed = store.claim_due(Millis(9), Millis(99), 9).await.unwrap();
        assert_eq!(claimed, [due("a", 5)]);
    });
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
        let key = format!("hotline{{{tag}}}1:main/U0}}{{x}}");
        let slot = number(&server.say(&["CLUSTER", "KEYSLOT", &key]));
        assert_eq!(slot, p as i64 * 64);
    }
    assert_eq!(server.say(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]), "+OK");
    run(async {
        until(|| server.say(&["CLUSTER", "INFO"]).contains("cluster_state:ok")).await;
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
        assert_eq!(store.desk_generation().await.unwrap(), 40);
        let claimed = store.claim_due(Millis(9), Millis(99), 30).await.unwrap();
        assert_eq!(claimed.len(), 30);
        for last in whole_feed(&store).await {
            store.trim_feed(last.cursor).await.unwrap();
        }
        assert_eq!((whole_feed(&store).await.len(), words_held(&server)), (0, 0));
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
fn at_maxmemory_completing_commits_pass_and_accepting_ones_are_refused() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = server.open();
    run(async {
        let mut first = put("a", None, 1, "x").owing(5).with_feed(&["words"]);
        first.feed[0].erasable = Some(Fingerprint(1));
        landed(store.commit(first).await, 1);
        assert!(store.health().accepting());
        assert_eq!(server.say(&["CONFIG", "SET", "maxmemory", "1"]), "+OK");
        for commit in [put("a", Some(1), 2, "y"), put("b", None, 1, "y")] {
            let refused = store.commit(commit.with_feed(&["z"]).on_desk("r")).await;
            assert!(matches!(refused, Err(Error::Full { .. })), "{refused:?}");
        }
        assert_eq!(store.load(&key("a")).await.unwrap(), Some(stored(1, "x")));
        assert_eq!(store.load(&key("b")).await.unwrap(), None);
        assert_eq!(whole_feed(&store).await.len(), 1);
        until(|| !store.health().accepting()).await;
        let claimed = store.claim_due(Millis(9), Millis(99), 9).await.unwrap();
        assert_eq!(claimed, [due("a", 5)]);
        let mut settles = put("a", Some(1), 2, "y").with_feed(&["z"]).on_desk("r");
        settles.class = Class::Completing;
        landed(store.commit(settles).await, 2);
        let read = whole_feed(&store).await;
        assert_eq!(read.len(), 2);
        store.trim_feed(read[1].cursor).await.unwrap();
        assert_eq!(whole_feed(&store).await, []);
        assert_eq!(server.say(&["CONFIG", "SET", "maxmemory", "0"]), "+OK");
        landed(store.commit(put("b", None, 1, "y")).await, 1);
        until(|| store.health().accepting()).await;
    });
}

#[test]
fn the_server_gone_is_an_error_not_a_hang() {
    if !installed() {
        return;
    }
    let mut server = Server::start();
    let mut options = server.options();
    options.patience = Duration::from_millis(300);
    let store = Redis::open(options.clone()).unwrap();
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        server.kill();
        let unknown = store.commit(put("a", Some(1), 2, "y")).await;
        assert!(matches!(unknown, Err(Error::Io(_))), "{unknown:?}");
        assert!(matches!(store.load(&key("a")).await, Err(Error::Io(_))));
        let refused = Redis::open(options).err();
        assert!(matches!(refused, Some(OpenError::Server(_))), "{refused:?}");
        // It heals by itself. (This server kept nothing.)
        server.again();
        landed(store.commit(put("a", None, 3, "z")).await, 3);
        store.close().await.unwrap();
    });
}

#[test]
fn of_several_processes_each_due_item_goes_to_one() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let nodes = [server.open(), server.open(), server.open()];
    assert_eq!(nodes.iter().map(Store::incarnation).collect::<std::collections::HashSet<_>>().len(), 3);
    run(async {
        for n in 0..200u64 {
            let name = n.to_string();
            landed(nodes[0].commit(put(&name, None, 1, "x").owing(n)).await, 1);
        }
        let claims = nodes.iter().map(async |node| {
            let mut all = Vec::new();
            loop {
                let some = node.claim_due(Millis(500), Millis(9_000), 7).await.unwrap();
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
        assert_eq!(nodes[2].load(&key("7")).await.unwrap(), Some(stored(2, "y")));
        let late = conflict(nodes[0].commit(put("7", Some(1), 3, "z")).await);
        assert_eq!(late, Some(stored(2, "y")));
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
        let ask = "return redis.call('PTTL', redis.call('KEYS', '*}1:' .. ARGV[1])[1])";
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
