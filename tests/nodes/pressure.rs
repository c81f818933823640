//! Redis that forgets its scripts, is full, or far away.

use crate::server;
use crate::standalone::Disk;
use crate::strait::Strait;
use crate::trial::Setting;
use std::time::{Duration, Instant};

#[test]
fn scripts_flushed_every_100_ms_lose_nothing() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let setting = Setting::of(
        "SCRIPT FLUSH every 100 ms for 4 s",
        Disk::Always.name(),
        store,
        &server,
    );
    let mut trial = setting.begin();
    trial.strike(|_| ());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        assert_eq!(server.say(&["SCRIPT", "FLUSH"]), "+OK");
        trial.on_for(100);
    }
    trial.on_for(500);
    let outcome = trial.over();
    outcome.met_work();
    outcome.clean();
}

#[test]
fn a_full_server_takes_nothing_new_and_finishes_what_it_has() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let setting = Setting::of(
        "maxmemory reached for 3 s",
        Disk::Always.name(),
        store,
        &server,
    );
    let mut trial = setting.begin();
    trial.strike(|_| {
        assert_eq!(server.say(&["CONFIG", "SET", "maxmemory", "1"]), "+OK");
    });
    trial.on_for(3_000);
    assert_eq!(server.say(&["CONFIG", "SET", "maxmemory", "0"]), "+OK");
    trial.on_for(3_000);
    let outcome = trial.over();
    outcome.met_work();
    outcome.demand(outcome.healing.refused > 100, "full");
    outcome.clean();
}

#[test]
fn a_server_600_ms_away_for_5_s_loses_nothing() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let strait = Strait::to(server.port());
    let store = Disk::Always.lines(&strait.url());
    let setting = Setting::of(
        "600 ms of added latency for 5 s",
        Disk::Always.name(),
        store,
        &server,
    );
    let mut trial = setting.begin();
    trial.strike(|_| strait.delay(Duration::from_millis(600)));
    trial.on_for(5_000);
    strait.delay(Duration::ZERO);
    trial.on_for(4_000);
    let outcome = trial.over();
    outcome.met_work();
    outcome.clean();
}
