//! A server that loses answers, stalls, forgets, is full, is gone.

use super::chains::Load;
use super::proxy::Proxy;
use super::support::*;
use super::{Server, installed, until, whole_feed};
use hotline::domain::ids::Fingerprint;
use hotline::domain::time::Millis;
use hotline::ports::store::*;
use hotline::store::redis::{Figures, OpenError, Options, Redis, Servers};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn a_resent_commit_is_applied_once() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let proxy = Proxy::to(server.port());
    let options = Options {
        servers: Servers::One(proxy.url()),
        ..server.options()
    };
    let store = Redis::open(options).unwrap();
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        for n in 2..=6u64 {
            // Nearly always the commit's; a look at the server's clock may be lost instead.
            let before = proxy.lost();
            proxy.lose_an_answer();
            let commit = put("a", Some(n - 1), n, "x").with_feed(&["said"]);
            landed(store.commit(commit).await, n);
            assert_eq!(proxy.lost(), before + 1);
        }
        assert_eq!(whole_feed(&store).await.len(), 5);
        // A create and a deletion, too.
        proxy.lose_an_answer();
        landed(
            store
                .commit(put("b", None, 1, "x").with_feed(&["said"]))
                .await,
            1,
        );
        proxy.lose_an_answer();
        landed(store.commit(delete("b", Some(1), 2)).await, 2);
        assert_eq!(whole_feed(&store).await.len(), 6);
    });
}

#[test]
fn a_claim_whose_answer_was_lost_hands_out_what_it_moved() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let proxy = Proxy::to(server.port());
    let options = Options {
        servers: Servers::One(proxy.url()),
        ..server.options()
    };
    let (store, other) = (Redis::open(options).unwrap(), server.open());
    run(async {
        for (name, at) in [("a", 5), ("b", 6)] {
            landed(store.commit(put(name, None, 1, "x").owing(at)).await, 1);
        }
        proxy.lose_the_answer_to("123456789");
        let claimed = store.claim_due(Millis(9), Millis(123_456_789), 9).await;
        assert_eq!(claimed.unwrap().items, [due("b", 6), due("a", 5)]);
        assert_eq!(proxy.lost(), 1);
        let none = other.claim_due(Millis(9), Millis(123_456_789), 9).await;
        assert_eq!(none.unwrap().items, []);
        // They are due from the very millisecond on.
        let again = |at| other.claim_due(Millis(at), Millis(200_000_000), 9);
        assert_eq!(again(123_456_788).await.unwrap().items, []);
        assert_eq!(again(123_456_789).await.unwrap().items.len(), 2);
    });
}

/// What was reported: commits, conflicts, resends.
#[derive(Default)]
struct Counted([AtomicUsize; 3]);

impl Figures for Counted {
    fn pipeline(&self, commits: usize, seconds: f64) {
        assert!((0.0..60.0).contains(&seconds));
        self.0[0].fetch_add(commits, Ordering::SeqCst);
    }
    fn conflict(&self) {
        self.0[1].fetch_add(1, Ordering::SeqCst);
    }
    fn resent(&self) {
        self.0[2].fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn commits_conflicts_and_resends_are_reported() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let proxy = Proxy::to(server.port());
    let counted = Arc::new(Counted::default());
    let options = Options {
        servers: Servers::One(proxy.url()),
        figures: counted.clone(),
        ..server.options()
    };
    let store = Redis::open(options).unwrap();
    let counted = || counted.0.each_ref().map(|n| n.load(Ordering::SeqCst));
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        assert_eq!(counted(), [1, 0, 0]);
        conflict(store.commit(put("a", None, 2, "x")).await);
        assert_eq!(counted(), [2, 1, 0]);
        proxy.lose_the_answer_to("the-third");
        landed(store.commit(put("b", None, 3, "the-third")).await, 3);
        assert_eq!(counted(), [3, 1, 1]);
    });
}

#[test]
fn a_store_says_so_while_its_server_holds_another() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = server.open();
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        assert_eq!(store.health().closed, None);
        assert_eq!(server.say(&["SWAPDB", "0", "1"]), "+OK");
        until(|| store.health().closed.is_some()).await;
        let health = store.health();
        assert!(!health.accepting());
        assert!(health.closed.unwrap().contains("NOSTORE"));
        assert!(store.commit(put("b", None, 1, "x")).await.is_err());
        // The right one is back.
        assert_eq!(server.say(&["SWAPDB", "0", "1"]), "+OK");
        until(|| store.health().closed.is_none()).await;
        assert!(store.health().accepting());
        landed(store.commit(put("b", None, 1, "x")).await, 1);
        store.close().await.unwrap();
        assert!(store.health().closed.is_some());
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
        let claimed = store
            .claim_due(Millis(9), Millis(99), 9)
            .await
            .unwrap()
            .items;
        assert_eq!(claimed, [due("a", 5)]);
    });
}

#[test]
fn scripts_that_are_forgotten_under_load_cost_nothing_acknowledged() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = server.open();
    let load = Load::during(&store, |load| {
        for _ in 0..20 {
            load.more(50);
            assert_eq!(server.say(&["SCRIPT", "FLUSH"]), "+OK");
        }
        load.more(50);
    });
    assert!(server.say(&["INFO", "errorstats"]).contains("NOSCRIPT"));
    load.check(&store);
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
        let claimed = store
            .claim_due(Millis(9), Millis(99), 9)
            .await
            .unwrap()
            .items;
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
    options.connect_timeout = Duration::from_millis(100);
    options.answer_timeout = Duration::from_millis(100);
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
        // This server kept nothing: what was acknowledged is not there, and must not begin anew.
        server.again();
        let refused = store.commit(put("a", None, 3, "z")).await;
        let said = format!("{:?}", refused.unwrap_err());
        assert!(said.contains("NOSTORE"), "{said}");
        store.close().await.unwrap();
    });
}

#[test]
fn a_server_that_was_emptied_takes_no_more_writes() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = Redis::open(server.options()).unwrap();
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        server.say(&["FLUSHALL"]);
        // At once, and in every partition.
        for n in 0..64 {
            let commit = put(&format!("b{n}"), None, n, "y");
            let refused = store.commit(commit).await;
            let said = format!("{:?}", refused.unwrap_err());
            assert!(said.contains("NOSTORE"), "{said}");
        }
        assert_eq!(server.say(&["DBSIZE"]), ":0");
        // Nor is it written to by one that opens a store of its own there.
        let other = server.open();
        landed(other.commit(put("a", None, 1, "z")).await, 1);
        let refused = store.commit(put("c", None, 1, "y")).await;
        assert!(matches!(refused, Err(Error::Io(_))), "{refused:?}");
        store.close().await.unwrap();
    });
}

#[test]
fn when_too_much_waits_new_work_is_refused_and_old_is_settled() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let mut options = server.options();
    options.waiting_max = 4;
    let store = Redis::open(options).unwrap();
    run(async {
        assert_eq!(server.say(&["CLIENT", "PAUSE", "300", "WRITE"]), "+OK");
        let name = |n: u64| n.to_string();
        let taken: Vec<_> = (0..4)
            .map(|n| store.commit(put(&name(n), None, 1, "x")))
            .collect();
        let refused = store.commit(put("new", None, 1, "x")).await;
        assert!(
            matches!(refused, Err(Error::Busy { waiting: 4 })),
            "{refused:?}"
        );
        let mut settles = put("0", Some(1), 2, "y");
        settles.class = Class::Completing;
        landed(store.commit(settles).await, 2);
        for commit in taken {
            landed(commit.await, 1);
        }
        landed(store.commit(put("new", None, 1, "x")).await, 1);
    });
}

#[test]
fn a_server_clock_that_was_ahead_does_not_date_what_follows() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = Redis::open(server.options()).unwrap();
    run(async {
        landed(
            store
                .commit(put("a", None, 1, "x").with_feed(&["one"]))
                .await,
            1,
        );
        let find = "for _, k in ipairs(redis.call('KEYS', '*meta')) do \
                    if redis.call('HEXISTS', k, 'batch') == 1 then return k end end";
        let meta = server.say(&["EVAL", find, "0"]);
        // Batches are called by µs.
        let ahead = (store.now().0 + 365 * 86_400_000) * 1_000;
        server.say(&["HSET", meta.trim(), "batch", &ahead.to_string()]);
        for n in 2..=3 {
            let commit = put("a", Some(n - 1), n, "x").with_feed(&["more"]);
            landed(store.commit(commit).await, n);
        }
        let records = whole_feed(&store).await;
        assert_eq!(records.len(), 3);
        assert!(
            records.is_sorted_by_key(|record| record.cursor),
            "in order all the same"
        );
        assert!(records[2].cursor.batch > ahead);
        let latest = Millis(store.now().0 + 60_000);
        assert!(
            records.iter().all(|record| record.at < latest),
            "{records:?}"
        );
        store.close().await.unwrap();
    });
}

#[test]
fn no_answer_is_larger_than_a_connection_may_hold_back() {
    if !installed() {
        return;
    }
    // Redis closes connections for which it has more than this to say; on managed servers, too.
    let server = Server::with(&["--client-output-buffer-limit", "normal 3mb 0 0"]);
    let mut options = server.options();
    options.partitions = 2;
    let store = Redis::open(options).unwrap();
    let large = "x".repeat(MAX_VALUE_BYTES);
    run(async {
        for n in 0..200u64 {
            let words: &[&str] = if n % 2 == 0 { &[&large] } else { &[] };
            let mut commit = put("", None, 1, &large).with_feed(words);
            commit.key = EntityKey::new(EntityKind::Quarantine, &n.to_string());
            landed(store.commit(commit.on_desk(&large[..9_000])).await, 1);
        }
        assert_eq!(store.all(EntityKind::Quarantine).await.unwrap().len(), 200);
        assert_eq!(store.desk_rows().await.unwrap().len(), 200);
        let (mut after, mut found) = (None, 0);
        loop {
            let page = store.scan(after, 10_000).await.unwrap();
            found += page.rows.len();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, 200);
        let mut read = 0;
        for partition in 0..2 {
            let mut after = Cursor::before(partition);
            while let Some(last) = store.feed(after, 10_000).await.unwrap().last() {
                read += 1;
                after = last.cursor;
            }
            store.trim_feed(after).await.unwrap();
        }
        // Pages of about 4 MB.
        assert!((2..=6).contains(&read), "{read} pages");
        assert_eq!(whole_feed(&store).await, []);
    });
}
