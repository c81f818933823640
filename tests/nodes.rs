//! Several routers over one Redis: the real program, killed, frozen and told to leave under load, and
//! Redis as ill as it can be; the ledger kept by the simulated LINE judges what became of every message.
//!
//! `cargo test --profile ci --features failpoints --test nodes`; every fault in every mode, and the
//! figures as a table: `scripts/faults --full`.
#![cfg(feature = "failpoints")]
#![allow(clippy::disallowed_methods)] // threads of the test's own: no arbiter is blocked

#[path = "store_support/redis.rs"]
mod server;
mod support;

#[path = "nodes/bursts.rs"]
mod bursts;
#[path = "store_support/topology.rs"]
mod topology;

#[path = "nodes/customers.rs"]
mod customers;
#[path = "nodes/failover.rs"]
mod failover;
#[path = "nodes/pressure.rs"]
mod pressure;
#[path = "nodes/redis_down.rs"]
mod redis_down;
#[path = "nodes/routers.rs"]
mod routers;
#[path = "nodes/spooled.rs"]
mod spooled;
#[path = "nodes/stale.rs"]
mod stale;
#[path = "nodes/standalone.rs"]
mod standalone;
#[path = "nodes/strait.rs"]
mod strait;
#[path = "nodes/time.rs"]
mod time;
#[path = "nodes/trial.rs"]
mod trial;
#[path = "nodes/versions.rs"]
mod versions;

use standalone::Disk;
use trial::Setting;

#[test]
fn three_nodes_answer_every_customer_once_and_in_order() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let mut trial = Setting::of("none", Disk::Always.name(), store, &server).begin();
    trial.strike(|_| ());
    trial.on_for(2_500);
    let outcome = trial.over();
    outcome.met_work();
    outcome.clean();
}
