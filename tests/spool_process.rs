//! The real program, a real Redis that goes away under load, and the ledger kept by the simulated
//! LINE: nothing is lost, doubled or out of order, also when the program is killed with a full spool.
//!
//! `cargo test --profile ci --features failpoints --test spool_process`
#![cfg(feature = "failpoints")]
// The tests' own threads: no arbiter is blocked.
#![allow(clippy::disallowed_methods)]

#[path = "store_support/redis.rs"]
mod redis;
mod support;

use redis::Server;
use std::thread;
use std::time::{Duration, Instant};
use support::admin::ask;
use support::fleet::Fleet;
use support::load;
use support::world::World;

/// Longest wait for everything owed to be settled.
const SETTLE: Duration = Duration::from_secs(60);

/// A server whose acknowledged writes survive its death.
fn careful() -> Server {
    Server::with(&["--appendonly", "yes", "--appendfsync", "always"])
}

fn on(server: &Server) -> String {
    format!(
        "kind = \"redis\"\nurl = \"{}\"\ndurability = \"disk\"",
        server.url()
    )
}

/// A figure of the spool, as `/readyz?verbose` tells it.
fn figure(fleet: &Fleet, name: &str) -> u64 {
    let told = ask(&fleet.folder(0).join("hotline.sock"), "GET /readyz?verbose");
    let body = told.split("\r\n\r\n").nth(1).unwrap_or_default();
    let begin = body.find('{').unwrap_or(0);
    let end = body.rfind('}').map_or(body.len(), |at| at + 1);
    let told: serde_json::Value = serde_json::from_str(&body[begin..end]).expect(body);
    assert_eq!(told["ready"], true, "{body}");
    told["spool"][name].as_u64().expect(body)
}

fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_true() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_redis_that_is_away_for_a_while_costs_time_and_no_message() {
    if !redis::installed() {
        return;
    }
    let mut server = careful();
    let mut world = World::new("redis_away", false);
    let fleet = Fleet::start(&world, 1, &on(&server));
    let load = world.load(300, 300, load::usual);
    thread::sleep(Duration::from_secs(2));
    server.kill();
    thread::sleep(Duration::from_secs(8));
    let kept = figure(&fleet, "events");
    server.again();
    let healed = Instant::now();
    until("the spool is drained", || figure(&fleet, "events") == 0);
    let drained = healed.elapsed();
    thread::sleep(Duration::from_secs(2));
    load.stop();
    let verdict = world.settled(SETTLE);
    println!("redis_away: {kept} spooled, drained in {drained:?}: {verdict}");
    assert!(kept > 1_000, "only {kept} were spooled");
    assert!(verdict.clean(), "{verdict}\n{}", world.trail(&verdict));
}

#[test]
fn a_redis_that_freezes_costs_time_and_no_message() {
    if !redis::installed() {
        return;
    }
    let server = careful();
    let mut world = World::new("redis_frozen", false);
    let fleet = Fleet::start(&world, 1, &on(&server));
    let load = world.load(300, 300, load::usual);
    thread::sleep(Duration::from_secs(2));
    // It takes connections and says nothing.
    server.freeze();
    thread::sleep(Duration::from_secs(6));
    let kept = figure(&fleet, "events");
    server.thaw();
    until("the spool is drained", || figure(&fleet, "events") == 0);
    thread::sleep(Duration::from_secs(2));
    load.stop();
    let verdict = world.settled(SETTLE);
    println!("redis_frozen: {kept} spooled: {verdict}");
    assert!(kept > 500, "only {kept} were spooled");
    assert!(verdict.clean(), "{verdict}\n{}", world.trail(&verdict));
}

#[test]
fn a_program_killed_with_a_full_spool_delivers_it_in_its_next_life() {
    if !redis::installed() {
        return;
    }
    let mut server = careful();
    let mut world = World::new("killed_with_spool", false);
    let mut fleet = Fleet::start(&world, 1, &on(&server));
    let load = world.load(300, 300, load::usual);
    thread::sleep(Duration::from_secs(2));
    server.kill();
    until("events are spooled", || figure(&fleet, "events") > 600);
    // Under load: requests are between the spool's disk and their 200.
    fleet.kill(0);
    load.stop();
    server.again();
    fleet.up(0);
    until("the spool is drained", || figure(&fleet, "events") == 0);
    let verdict = world.settled(SETTLE);
    println!("killed_with_spool: {verdict}");
    assert!(verdict.clean(), "{verdict}\n{}", world.trail(&verdict));
}
