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

/// Nobody is refused while Redis is away: what comes is kept on the nodes' own disks.
fn spooled(away_ms: u64) -> Outcome {
    let disk = Disk::Always;
    let mut server = disk.server();
    let store = disk
        .lines(&server.url())
        .replace("spool = false", "spool = true");
    let fault = match away_ms {
        60_000 => "Redis away for 60 s, spool on",
        _ => "Redis away for 6 s, spool on",
    };
    let setting = Setting::of(fault, disk.name(), store, &server);
    // Each writes now and then: hardly one has more answers waiting at the end than are kept (20).
    let mut trial = setting
        .customers(if away_ms > 10_000 { 6_000 } else { 1_000 })
        .begin();
    trial.strike(|_| server.kill());
    trial.on_for(away_ms);
    server.again();
    trial.on_for(5_000);
    trial.over()
}

#[test]
fn redis_away_for_6_s_refuses_and_loses_nothing_with_the_spool_on() {
    if !server::installed() {
        return;
    }
    let outcome = spooled(6_000);
    outcome.met_work();
    outcome.clean();
    outcome.demand(
        outcome.healing.refused <= 32 * 20,
        "taken while Redis was away",
    );
}

#[test]
#[ignore = "scripts/faults --full"]
fn redis_away_for_60_s_refuses_and_loses_nothing_with_the_spool_on() {
    if !server::installed() {
        return;
    }
    let outcome = spooled(60_000);
    outcome.met_work();
    outcome.clean();
}
