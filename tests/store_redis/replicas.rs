//! Replicas that do not follow, and servers that say so.

use super::server::{Server, installed, wait};
use super::support::*;
use super::topology::pair;
use hotline::ports::store::*;
use hotline::store::redis::{Durability, OpenError, Options, Redis};
use std::time::Duration;

#[test]
fn a_commit_that_no_replica_holds_is_not_acknowledged() {
    if !installed() {
        return;
    }
    let [master, replica] = pair();
    let store = Redis::open(Options {
        durability: Durability::Replicated,
        ..master.options()
    })
    .unwrap();
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        replica.freeze();
        let unknown = store.commit(put("a", Some(1), 2, "y")).await;
        let said = format!("{:?}", unknown.unwrap_err());
        assert!(said.contains("0 of 1 replicas"), "{said}");
        // It is written on the master all the same: unknown is the truth.
        assert_eq!(store.load(&key("a")).await.unwrap(), Some(stored(2, "y")));
        replica.thaw();
        landed(store.commit(put("a", Some(1), 2, "y")).await, 2);
        // A commit that conflicts has nothing to wait for.
        replica.freeze();
        let seen = conflict(store.commit(put("a", Some(1), 3, "z")).await);
        assert_eq!(seen, Some(stored(2, "y")));
        replica.thaw();
    });
}

#[test]
fn a_commit_sent_again_is_acknowledged_only_when_replicas_hold_it() {
    if !installed() {
        return;
    }
    let [master, replica] = pair();
    let options = Options {
        durability: Durability::Replicated,
        ..master.options()
    };
    let first = Redis::open(options.clone()).unwrap();
    run(async {
        replica.freeze();
        let unknown = first.commit(put("a", None, 1, "x")).await;
        assert!(matches!(unknown, Err(Error::Io(_))), "{unknown:?}");
        // Another connection wrote nothing of its own: its WAIT must not be content with that.
        let other = Redis::open(options).unwrap();
        let unknown = other.commit(put("a", None, 1, "x")).await;
        assert!(matches!(unknown, Err(Error::Io(_))), "{unknown:?}");
        replica.thaw();
        landed(other.commit(put("a", None, 1, "x")).await, 1);
    });
}

#[test]
fn disk_is_refused_where_writes_are_not_synced() {
    if !installed() {
        return;
    }
    let server = Server::with(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let mut options = server.options();
    options.durability = Durability::Disk;
    let refused = Redis::open(options.clone()).err();
    assert!(
        matches!(refused, Some(OpenError::Durability { .. })),
        "{refused:?}"
    );
    options.assume_settings = true;
    let store = Redis::open(options.clone()).unwrap();
    assert_eq!(store.warnings().len(), 1, "{:?}", store.warnings());
    assert!(store.health().promise.contains("two seconds"));
    assert_eq!(
        server.say(&["CONFIG", "SET", "appendfsync", "always"]),
        "+OK"
    );
    options.assume_settings = false;
    let store = Redis::open(options).unwrap();
    assert!(store.warnings().is_empty(), "{:?}", store.warnings());
    assert!(store.health().promise.contains("power cut"));
}

/// A server that says no for a while: the commit waits, and lands when it says yes again.
fn waits_out(server: &Server, code: &str, no: impl FnOnce(), yes: &[&str]) {
    let mut options = server.options();
    options.patience = Duration::from_secs(20);
    let store = Redis::open(options).unwrap();
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        no();
        let waiting = store.commit(put("a", Some(1), 2, "y").with_feed(&["said"]));
        wait(code, || server.say(&["INFO", "errorstats"]).contains(code));
        assert_eq!(server.say(yes), "+OK");
        landed(waiting.await, 2);
        let seen = store.load(&key("a")).await.unwrap();
        assert_eq!(seen, Some(stored(2, "y")));
    });
}

#[test]
fn too_few_replicas_are_waited_for() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let no = || {
        assert_eq!(
            server.say(&["CONFIG", "SET", "min-replicas-to-write", "1"]),
            "+OK"
        )
    };
    let yes = ["CONFIG", "SET", "min-replicas-to-write", "0"];
    waits_out(&server, "NOREPLICAS", no, &yes);
}

#[test]
fn a_server_that_takes_no_writes_is_waited_for() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let no = || assert_eq!(server.say(&["REPLICAOF", "127.0.0.1", "1"]), "+OK");
    waits_out(&server, "READONLY", no, &["REPLICAOF", "NO", "ONE"]);
}

#[test]
fn a_server_whose_disk_fails_is_waited_for() {
    if !installed() {
        return;
    }
    let server = Server::with(&["--enable-protected-configs", "yes"]);
    std::fs::create_dir(server.folder().join("taken.rdb")).unwrap();
    std::fs::write(server.folder().join("taken.rdb/x"), "x").unwrap();
    let no = || {
        server.say(&["CONFIG", "SET", "dbfilename", "taken.rdb"]);
        server.say(&["CONFIG", "SET", "save", "3600 1"]);
        server.say(&["BGSAVE"]);
        wait("it cannot save", || {
            server
                .say(&["INFO", "persistence"])
                .contains("rdb_last_bgsave_status:err")
        });
    };
    let yes = ["CONFIG", "SET", "stop-writes-on-bgsave-error", "no"];
    waits_out(&server, "MISCONF", no, &yes);
}

#[test]
fn a_server_that_loads_is_waited_for() {
    if !installed() {
        return;
    }
    let mut server = Server::start();
    let mut options = server.options();
    options.patience = Duration::from_secs(20);
    let store = Redis::open(options).unwrap();
    run(async {
        for n in 0..300 {
            landed(store.commit(put(&n.to_string(), None, 1, "x")).await, 1);
        }
    });
    assert_eq!(server.say(&["SAVE"]), "+OK");
    server.kill();
    server.set(&["--key-load-delay", "3000"]);
    server.set(&["--loading-process-events-interval-bytes", "1024"]);
    std::thread::scope(|scope| {
        let commit = scope.spawn(|| run(store.commit(put("0", Some(1), 2, "y"))));
        server.again();
        landed(commit.join().unwrap(), 2);
    });
    assert!(server.say(&["INFO", "errorstats"]).contains("LOADING"));
}
