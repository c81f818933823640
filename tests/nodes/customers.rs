//! Customers and LINE at their worst: the same webhook twice, many messages at once.

use crate::server;
use crate::standalone::Disk;
use crate::trial::Setting;

#[test]
fn a_webhook_delivered_to_two_nodes_at_once_is_answered_once() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let setting = Setting::of(
        "every webhook to two nodes at once, redelivered",
        Disk::Always.name(),
        store,
        &server,
    );
    let mut trial = setting.redelivered().begin();
    trial.strike(|fleet| {
        fleet.balancer.deliver_twice();
        fleet.balancer.deny_every(10);
    });
    trial.on_for(4_000);
    let outcome = trial.over();
    outcome.met_work();
    outcome.clean();
    outcome.demand(outcome.healing.refused > 100, "redelivered");
}
