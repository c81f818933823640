//! Redis dies and comes back with what its disk has.

use crate::server;
use crate::standalone::Disk;
use crate::trial::{Outcome, Setting};
use std::time::Duration;

fn killed(disk: Disk) -> Outcome {
    let mut server = disk.server();
    let store = disk.lines(&server.url());
    let mut trial = Setting::of("Redis: kill -9, restart", disk.name(), store, &server).begin();
    trial.strike(|_| server.kill());
    trial.on_for(1_000);
    server.again();
    trial.on_for(4_000);
    trial.over()
}

#[test]
fn redis_killed_with_every_write_on_disk_loses_nothing() {
    if !server::installed() {
        return;
    }
    let outcome = killed(Disk::Always);
    outcome.met_work();
    outcome.clean();
}

/// A killed process has handed everything it answered to the system: only a power cut loses the
/// last second. Not promised, so the loss is measured.
#[test]
#[ignore = "scripts/faults --full"]
fn redis_killed_with_a_flush_a_second_doubles_nothing() {
    if !server::installed() {
        return;
    }
    let outcome = killed(Disk::Everysec);
    outcome.met_work();
    outcome.nothing_doubled();
}

/// Everything is gone, and the nodes notice that the server does not hold their store any more: they
/// take nothing until they are started again.
#[test]
#[ignore = "scripts/faults --full"]
fn redis_that_comes_back_empty_is_refused_until_the_nodes_are_restarted() {
    if !server::installed() {
        return;
    }
    let disk = Disk::Off;
    let mut server = disk.server();
    let store = disk.lines(&server.url());
    let setting = Setting::of(
        "Redis: kill -9, restart, nodes restarted after 5 s",
        disk.name(),
        store,
        &server,
    );
    let mut trial = setting.owing().begin();
    trial.strike(|_| server.kill());
    trial.on_for(500);
    server.again();
    trial.on_for(4_500);
    for n in 0..3 {
        trial.fleet.kill(n);
    }
    for n in 0..3 {
        trial.fleet.up(n);
    }
    let seq = trial.world.platform().journal().last_seq();
    trial.on_for(3_000);
    let patience = Duration::from_secs(20);
    assert!(
        trial.world.answers_since(seq, 500, patience),
        "no answers after the restart"
    );
    let outcome = trial.lossy().over();
    outcome.met_work();
    outcome.nothing_doubled();
}
