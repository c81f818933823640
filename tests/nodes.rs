//! Several routers over one Redis: the real program, killed, frozen and told to leave under load; the
//! ledger kept by the simulated LINE judges what became of every message.
//!
//! `cargo test --profile ci --features failpoints --test nodes`
#![cfg(feature = "failpoints")]

#[path = "store_support/redis.rs"]
mod redis;
mod support;

use redis::Server;
use std::thread;
use std::time::Duration;
use support::fleet::Fleet;
use support::load;
use support::world::World;

/// Longest wait for everything owed to be settled.
const SETTLE: Duration = Duration::from_secs(40);

fn on(server: &Server) -> String {
    format!(
        "kind = \"redis\"\nurl = \"{}\"\ndurability = \"fast\"\nspool = false",
        server.url()
    )
}

#[test]
fn three_nodes_answer_every_customer_once_and_in_order() {
    if !redis::installed() {
        return;
    }
    let server = Server::start();
    let mut world = World::new("three_nodes", false);
    let fleet = Fleet::start(&world, 3, &on(&server));
    let load = world.load(300, 800, load::usual);
    thread::sleep(Duration::from_secs(4));
    load.stop();
    let verdict = world.settled(SETTLE);
    println!("three_nodes: {verdict}");
    let waits = support::waits::waits(&world);
    println!("three_nodes: longest wait {:?}", waits.first());
    assert!(verdict.accepted > 2_000, "{verdict}");
    assert!(verdict.clean(), "{verdict}\n{}", world.trail(&verdict));
    drop(fleet);
}
