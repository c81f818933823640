//! Nodes that die, freeze and leave, while the others go on.

use crate::server;
use crate::standalone::Disk;
use crate::support::load;
use crate::support::waits;
use crate::trial::{Outcome, Setting};
use hotline::simulator::What;
use rustix::process::Signal;
use std::time::Duration;

/// A drain that takes longer did not end by itself.
const DRAIN: Duration = Duration::from_secs(10);
/// Customers who write for the first time right after a death.
const NEWCOMERS: usize = 60;
/// Their numbers begin where those of the load end.
const FIRST_NEWCOMER: usize = 5_000;

#[test]
fn a_killed_node_loses_nothing_and_the_others_answer_at_once() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let mut trial = Setting::of("router: kill -9", Disk::Always.name(), store, &server).begin();
    trial.strike(|fleet| fleet.kill(0));
    for newcomer in 0..NEWCOMERS {
        let (platform, asked) = (trial.world.platform(), &trial.world.asked);
        load::say(platform, asked, FIRST_NEWCOMER + newcomer, 0);
    }
    trial.on_for(3_000);
    trial.fleet.up(0);
    trial.on_for(2_000);
    let outcome = trial.over();
    outcome.met_work();
    outcome.clean();
    // Those the dead node knew nothing of.
    let newcomer = |customer: &str| {
        let number = usize::from_str_radix(customer.trim_start_matches('U'), 16);
        number.is_ok_and(|number| number >= FIRST_NEWCOMER)
    };
    let waits = waits::waits(outcome.world());
    let theirs: Vec<u64> = waits
        .iter()
        .filter(|wait| newcomer(&wait.customer))
        .map(|wait| wait.waited)
        .collect();
    println!(
        "newcomers after the kill: {} of {NEWCOMERS} accepted and answered, longest wait {:?} ms",
        theirs.len(),
        theirs.first()
    );
    // A request that was on its way to the dead node is the client's to repeat.
    assert!(theirs.len() * 10 >= NEWCOMERS * 9, "{}", theirs.len());
    assert!(theirs.iter().all(|wait| *wait < 2_000), "{theirs:?}");
    // What it had in flight: noticed after four seconds, finished by another.
    let healed = outcome.healing.healed_after;
    outcome.demand(healed < 10_000, "finished within 10 s");
}

#[test]
fn a_node_frozen_for_10_s_wakes_up_and_harms_nobody() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let setting = Setting::of(
        "router: SIGSTOP 10 s, CONT",
        Disk::Always.name(),
        store,
        &server,
    );
    let mut trial = setting.redelivered().begin();
    trial.strike(|fleet| fleet.nodes[0].as_ref().expect("up").signal(Signal::STOP));
    // What a balancer's health check takes to notice.
    trial.on_for(700);
    let frozen = trial.fleet.take(0);
    trial.on_for(9_300);
    frozen.signal(Signal::CONT);
    trial.on_for(300);
    trial.fleet.put_back(0, frozen);
    trial.on_for(2_000);
    let outcome = trial.over();
    outcome.met_work();
    outcome.clean();
}

/// Restarts the nodes one after the other; returns how many webhooks were refused meanwhile.
fn rolling(fault: &'static str, told: bool) -> (Outcome, usize) {
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let mut trial = Setting::of(fault, Disk::Always.name(), store, &server).begin();
    let begun = trial.world.platform().journal().last_seq();
    trial.strike(|_| ());
    for n in 0..3 {
        let mut leaving = match told {
            true => trial.fleet.take(n),
            false => trial.fleet.nodes[n].take().expect("up"),
        };
        leaving.signal(Signal::TERM);
        let status = leaving
            .ended(DRAIN)
            .expect("it leaves long before its time is over");
        assert_eq!(status.code(), Some(0), "{}", leaving.last_words());
        trial.on_for(500);
        trial.fleet.up(n);
        trial.on_for(700);
    }
    let outcome = trial.over();
    let entries = outcome.world().platform().journal().entries_since(begun);
    let refused = entries.iter().filter(|entry| match &entry.what {
        What::Webhook(webhook) => !webhook.acknowledged(),
        What::Call(_) => false,
    });
    let refused = refused.count();
    (outcome, refused)
}

#[test]
fn a_rolling_restart_under_load_refuses_and_loses_nothing() {
    if !server::installed() {
        return;
    }
    let (outcome, refused) = rolling("rolling restart, taken out of the turn first", true);
    outcome.met_work();
    outcome.clean();
    assert_eq!(refused, 0, "webhooks were refused");
}

/// The balancer finds out by connections that are not taken. What it had handed over by then may be
/// answered 502: measured.
#[test]
#[ignore = "scripts/faults --full"]
fn a_rolling_restart_that_the_balancer_is_not_told_of_loses_nothing() {
    if !server::installed() {
        return;
    }
    let (outcome, _) = rolling("rolling restart, the balancer is not told", false);
    outcome.met_work();
    outcome.clean();
}
