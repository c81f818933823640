//! A cluster: masters that die, slots that move.

use super::chains::Load;
use super::server::{Server, installed, wait};
use super::support::*;
use super::topology::Cluster;
use hotline::ports::store::*;
use hotline::store::redis::{Durability, Options, Redis, tags};

#[test]
fn a_master_that_dies_under_load_is_replaced_and_nothing_acknowledged_is_lost() {
    if !installed() {
        return;
    }
    let mut cluster = Cluster::start();
    let store = Redis::open(cluster.options(Durability::Replicated)).unwrap();
    let load = Load::during(&store, |load| {
        load.more(500);
        cluster.nodes[1].kill();
        wait("its replica is promoted", || {
            cluster.nodes[4]
                .say(&["INFO", "replication"])
                .contains("role:master")
        });
        // The new master has no replica until the old one is back.
        cluster.nodes[1].again();
        wait("it follows", || {
            cluster.nodes[4]
                .say(&["INFO", "replication"])
                .contains("state=online")
        });
        load.more(500);
    });
    load.check(&store);
}

/// The keys of a slot on a server.
fn keys(server: &Server, slot: &str) -> Vec<String> {
    let words = ["CLUSTER", "GETKEYSINSLOT", slot, "1000"];
    server.ask(&words).unwrap()
}

/// Begins to move a slot, and moves its keys.
fn carry(from: &Server, to: &Server, slot: &str) {
    let (source, target) = (from.say(&["CLUSTER", "MYID"]), to.say(&["CLUSTER", "MYID"]));
    let said = to.say(&["CLUSTER", "SETSLOT", slot, "IMPORTING", &source]);
    assert_eq!(said, "+OK");
    let said = from.say(&["CLUSTER", "SETSLOT", slot, "MIGRATING", &target]);
    assert_eq!(said, "+OK");
    let port = to.port().to_string();
    loop {
        let keys = keys(from, slot);
        if keys.is_empty() {
            return;
        }
        let mut words = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        words.extend(keys.iter().map(String::as_str));
        let said: String = from.ask(&words).unwrap();
        assert!(["OK", "NOKEY"].contains(&&*said), "{said}");
    }
}

/// Says whose the slot is now.
fn settle(from: &Server, to: &Server, slot: &str) {
    let target = to.say(&["CLUSTER", "MYID"]);
    for server in [to, from] {
        let said = server.say(&["CLUSTER", "SETSLOT", slot, "NODE", &target]);
        assert_eq!(said, "+OK");
    }
}

#[test]
fn slots_that_move_under_load_take_everything_with_them() {
    if !installed() {
        return;
    }
    let cluster = Cluster::start();
    let store = Redis::open(cluster.options(Durability::Replicated)).unwrap();
    // Partition p of 16 has slot 1024 p; the first master has the first five.
    let load = Load::during(&store, |load| {
        for partition in [0, 2, 4] {
            load.more(100);
            let slot = (partition * 1_024).to_string();
            let (from, to) = (&cluster.nodes[0], &cluster.nodes[2]);
            carry(from, to, &slot);
            settle(from, to, &slot);
        }
        load.more(300);
    });
    load.check(&store);
    let met = cluster.nodes[0].say(&["INFO", "errorstats"]);
    assert!(met.contains("MOVED"), "{met}");
    assert!(keys(&cluster.nodes[0], "2048").is_empty());
    assert!(!keys(&cluster.nodes[2], "2048").is_empty());
}

#[test]
fn what_has_moved_already_is_read_where_it_is() {
    if !installed() {
        return;
    }
    let cluster = Cluster::start();
    let store = Redis::open(Options {
        partitions: 1,
        ..cluster.options(Durability::Replicated)
    })
    .unwrap();
    assert_eq!(tags(1).len(), 1);
    let (from, to) = (&cluster.nodes[0], &cluster.nodes[1]);
    run(async {
        for n in 0..20 {
            landed(store.commit(put(&n.to_string(), None, 1, "x")).await, 1);
        }
        carry(from, to, "0");
        // Everything is there, and the slot is still here.
        for n in 0..20 {
            let seen = store.load(&key(&n.to_string())).await.unwrap();
            assert_eq!(seen, Some(stored(1, "x")));
        }
        let asked = from.say(&["INFO", "errorstats"]);
        assert!(asked.contains("ASK"), "{asked}");
        // Keys that were never there make a commit wait until the slot has moved.
        let waits = store.commit(put("0", Some(1), 2, "y").with_feed(&["said"]));
        wait("it was tried", || {
            to.say(&["INFO", "errorstats"]).contains("TRYAGAIN")
                || from.say(&["INFO", "errorstats"]).contains("TRYAGAIN")
        });
        settle(from, to, "0");
        landed(waits.await, 2);
        landed(store.commit(put("0", Some(2), 3, "z")).await, 3);
    });
}
