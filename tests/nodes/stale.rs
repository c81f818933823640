//! A replica that has not heard of the last seconds becomes the master: what was acknowledged in them
//! is gone. Replication without waiting promises no better; what is promised is that nothing is answered
//! twice, out of order, or stuck.

use crate::server::{self, Server};
use crate::standalone::Disk;
use crate::strait::Strait;
use crate::trial::Setting;
use std::time::{Duration, Instant};

fn replication(server: &Server) -> String {
    server.say(&["INFO", "replication"])
}

fn wait(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(Instant::now() < end, "not within 20 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_stale_replica_that_is_promoted_doubles_nothing_and_wedges_nobody() {
    if !server::installed() {
        return;
    }
    let prompt = ["--appendonly", "no", "--repl-diskless-sync-delay", "0"];
    let (mut master, replica) = (Server::with(&prompt), Server::with(&prompt));
    let between = Strait::to(master.port());
    let way = Strait::to(master.port());
    let port = between.port().to_string();
    assert_eq!(replica.say(&["REPLICAOF", "127.0.0.1", &port]), "+OK");
    wait("the replica follows", || {
        replication(&replica).contains("master_link_status:up")
    });
    let setting = Setting::of(
        "a replica 2 s behind is promoted",
        "replica, asynchronous",
        Disk::Off.lines(&way.url()),
        &replica,
    );
    let mut trial = setting.owing().begin();
    let heard = replication(&replica);
    assert!(heard.contains("master_link_status:up"), "{heard}");
    between.cut();
    trial.on_for(2_000);
    trial.strike(|_| master.kill());
    assert_eq!(replica.say(&["REPLICAOF", "NO", "ONE"]), "+OK");
    trial.on_for(300);
    way.lead_to(replica.port());
    trial.on_for(3_000);
    let seq = trial.world.platform().journal().last_seq();
    let patience = Duration::from_secs(20);
    assert!(trial.world.answers_since(seq, 500, patience), "wedged");
    let outcome = trial.over();
    outcome.met_work();
    outcome.nothing_doubled();
}
