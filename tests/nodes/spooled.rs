//! Redis is away and nobody is refused: what comes is kept on the nodes' own disks.
//!
//! What one node keeps it hands over in order. What a customer wrote to several nodes meanwhile has no
//! order (ADR 018), so that is measured.

use crate::server;
use crate::standalone::Disk;
use crate::support::load;
use crate::support::world::World;
use crate::trial::{Outcome, Setting};
use std::collections::HashMap;
use std::time::Duration;

/// Longest wait for the spools to be empty before everybody writes once more.
const HANDED_OVER: Duration = Duration::from_secs(25);
/// Requests under way when Redis goes may run into LINE's two seconds on a busy machine: so long after
/// the fault, and not later, that is nobody's fault. Milliseconds.
const SWITCH: u64 = 3_000;

/// Who gets the webhooks while Redis is away.
#[derive(Clone, Copy, PartialEq)]
enum Turn {
    /// Every node in turn.
    All,
    /// One node.
    One,
}

fn away(seconds: u64, turn: Turn) -> Outcome {
    let disk = Disk::Always;
    let mut server = disk.server();
    let store = disk.lines(&server.url());
    let fault = match (seconds, turn) {
        (60, _) => "Redis away for 60 s, spool on",
        (_, Turn::All) => "Redis away for 6 s, spool on",
        (_, Turn::One) => "Redis away for 6 s, spool on, one node of three takes all",
    };
    let store = store.replace("spool = false", "spool = true");
    let setting = Setting::of(fault, disk.name(), store, &server);
    // Each writes now and then: hardly one has more answers waiting at the end than are kept (20).
    let customers = (100 * seconds as usize).max(1_000);
    let mut trial = setting.customers(customers).begin();
    let others = match turn {
        Turn::One => vec![(1, trial.fleet.take(1)), (2, trial.fleet.take(2))],
        Turn::All => Vec::new(),
    };
    trial.on_for(300);
    trial.strike(|_| server.kill());
    trial.on_for(1_000 * seconds);
    server.again();
    trial.on_for(6_000);
    for (n, node) in others {
        trial.fleet.put_back(n, node);
    }
    trial.on_for(1_000);
    trial.hush();
    if seconds > 30 {
        // Who writes before everything is handed over has his answers with the rest.
        trial.world.settled(HANDED_OVER);
        say_more(&trial.world, customers);
    }
    trial.over()
}

/// Reply tokens die after about a minute; an answer without one waits for the customer's next message
/// (`sending.late_answers = "wait"`). Everybody writes once more.
fn say_more(world: &World, customers: usize) {
    let mut next: HashMap<String, usize> = HashMap::new();
    for question in world.asked.lock().expect("no thread panics").iter() {
        *next.entry(question.customer.clone()).or_default() += 1;
    }
    for customer in 0..customers {
        if let Some(n) = next.get(&load::name(customer)) {
            load::say(world.platform(), &world.asked, customer, *n);
        }
    }
}

/// What was answered to nobody must be what the nodes say nobody knows of. A call whose commit was under way
/// when Redis went may have been begun: after half a minute it is called unconfirmed and not made again.
fn nobody_was_refused(outcome: &Outcome, unconfirmed: usize) {
    outcome.met_work();
    let verdict = &outcome.verdict;
    let (lost, doubled) = (verdict.lost + verdict.unconfirmed, verdict.doubled);
    outcome.demand(lost as usize == unconfirmed, "complete");
    outcome.demand(doubled + verdict.violations == 0, "answered once");
    let (refused, until) = (outcome.healing.refused, outcome.healing.refused_until);
    outcome.demand(
        refused <= 64 && until < SWITCH,
        "taken while Redis was away",
    );
}

#[test]
fn redis_away_for_6_s_with_the_spool_on_refuses_and_loses_nothing() {
    if !server::installed() {
        return;
    }
    nobody_was_refused(&away(6, Turn::All), 0);
}

#[test]
fn what_one_node_spools_keeps_its_order() {
    if !server::installed() {
        return;
    }
    let outcome = away(6, Turn::One);
    nobody_was_refused(&outcome, 0);
    outcome.clean();
}

#[test]
#[ignore = "scripts/faults --full"]
fn redis_away_for_60_s_with_the_spool_on_refuses_and_loses_nothing() {
    if !server::installed() {
        return;
    }
    let outcome = away(60, Turn::All);
    let unconfirmed = outcome.world().told("\"ending\":\"Unconfirmed\"");
    println!("unconfirmed, as the nodes say: {unconfirmed}");
    nobody_was_refused(&outcome, unconfirmed);
}
