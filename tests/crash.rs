//! The crash proof: the real program is killed, frozen and told to leave under load, and a ledger
//! kept by the simulated LINE judges what became of every message.
//!
//! `cargo test --profile ci --features failpoints --test crash`
#![cfg(feature = "failpoints")]

mod support;

use hotline::simulator::{Fault, Faults, Verdict};
use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt as _;
use std::thread;
use std::time::Duration;
use support::kills::{self, InFlight, Kill};
use support::load::{self, sends};
use support::rng::Rng;
use support::world::World;

/// Longest wait for everything owed to be settled.
const SETTLE: Duration = Duration::from_secs(40);
/// A restart that took longer could age reply tokens beyond certainty.
const RESTART: Duration = Duration::from_secs(20);
/// Half of the drain timeout: a drain that uses it up did not end by itself.
const DRAIN: Duration = Duration::from_secs(10);

/// Prints what a test found; `cargo test -- --nocapture` shows it.
fn report(test: &str, kills: &[InFlight], verdict: &Verdict) {
    let busy = kills.iter().filter(|kill| kill.any()).count();
    println!("{test}: kills={} with_work_in_flight={busy}", kills.len());
    for (n, kill) in kills.iter().enumerate() {
        println!("{test}: kill {}: {kill}", n + 1);
    }
    println!("{test}: {verdict}");
}

/// Ends the test when `fine` is not true, with all a person needs to find the cause.
fn demand(world: &World, verdict: &Verdict, fine: bool, what: &str) {
    assert!(fine, "not {what}: {verdict}\n{}", world.trail(verdict));
}

fn assert_clean(world: &World, verdict: &Verdict) {
    demand(world, verdict, verdict.accepted > 500, "under load");
    demand(world, verdict, verdict.clean(), "clean");
    demand(world, verdict, verdict.billed == 0, "free of charge");
}

/// At least `wanted` kills met work in flight; else the run proves nothing.
fn assert_valid(test: &str, kills: &[InFlight], wanted: usize) {
    let busy = kills.iter().filter(|kill| kill.any()).count();
    assert!(
        busy >= wanted,
        "{test}: INVALID, only {busy} kills met work: {kills:?}"
    );
}

fn random_kills(test: &str, redelivery: bool) {
    const KILLS: usize = 18;
    let mut world = World::new(test, redelivery);
    let mut hotline = world.serve(&[]);
    let load = world.load(600, 800, load::usual);
    let mut moments: Vec<Kill> = Vec::new();
    for _ in 0..KILLS {
        thread::sleep(Duration::from_millis(world.rng.within(150, 900)));
        moments.push(kills::noted(&world, || hotline.kill()));
        hotline = world.serve(&[]);
        assert!(
            hotline.ready_after < RESTART,
            "{test}: {:?}",
            hotline.ready_after
        );
    }
    thread::sleep(Duration::from_millis(500));
    load.stop();
    let verdict = world.settled(SETTLE);
    let met = kills::in_flight(&world, &moments);
    report(test, &met, &verdict);
    assert_valid(test, &met, 15);
    assert_clean(&world, &verdict);
    assert_eq!(verdict.injected_doubts, 0);
    drop(hotline);
}

#[test]
fn random_kills_lose_and_double_nothing() {
    random_kills("random_kills", false);
}

#[test]
fn random_kills_with_redelivery_lose_and_double_nothing() {
    random_kills("random_kills_redelivery", true);
}

/// LINE takes nothing for now, and says so.
fn closed(_: &mut Rng) -> Faults {
    Faults {
        rate_limit: Some(Fault {
            endpoints: sends(),
            ..Fault::default()
        }),
        ..Faults::default()
    }
}

/// The ledger itself is on trial: what a wiped disk loses, it must find.
#[test]
fn a_wiped_store_is_found_out() {
    let test = "wiped";
    let mut world = World::new(test, false);
    let hotline = world.serve(&[]);
    let load = world.load(400, 600, closed);
    let patience = Duration::from_secs(20);
    assert!(world.acknowledged(200, patience), "no load");
    load.stop();
    hotline.kill();
    world.wipe();
    world.platform().set_faults(Faults::default());
    let hotline = world.serve(&[]);
    let verdict = world.settled(Duration::from_secs(4));
    report(test, &[], &verdict);
    assert!(verdict.lost >= 200 && !verdict.clean(), "{verdict}");
    drop(hotline);
}

/// The process ends itself at a named place, three times, each time somewhat later.
fn ends_at(place: &str, redelivery: bool) {
    let test = format!("ends_at {place} redelivery={redelivery}");
    let mut world = World::new(&test, redelivery);
    let mut load = None;
    let mut moments: Vec<Kill> = Vec::new();
    for _ in 0..3 {
        let abort = format!("{place}:{}", world.rng.within(150, 450));
        let mut hotline = world.serve(&[("HOTLINE_ABORT_AT", &abort)]);
        if load.is_none() {
            load = Some(world.load(400, 600, load::usual));
        }
        let status = hotline.ended(Duration::from_secs(30));
        moments.push(kills::noticed(&world));
        let signal = status.and_then(|status| status.signal());
        let abort_signal = Signal::ABORT.as_raw();
        assert_eq!(
            signal,
            Some(abort_signal),
            "{test}: {abort}: {}",
            hotline.last_words()
        );
    }
    let hotline = world.serve(&[]);
    thread::sleep(Duration::from_millis(800));
    drop(load);
    let verdict = world.settled(SETTLE);
    let met = kills::in_flight(&world, &moments);
    report(&test, &met, &verdict);
    assert_valid(&test, &met, 3);
    assert_clean(&world, &verdict);
    drop(hotline);
}

#[test]
fn end_before_commit_is_clean() {
    ends_at("store::before_commit", false);
}

#[test]
fn end_before_commit_with_redelivery_is_clean() {
    ends_at("store::before_commit", true);
}

#[test]
fn end_after_commit_is_clean() {
    ends_at("store::after_commit", false);
}

#[test]
fn end_after_commit_with_redelivery_is_clean() {
    ends_at("store::after_commit", true);
}

#[test]
fn end_before_release_is_clean() {
    ends_at("actor::after_commit", false);
}

#[test]
fn end_before_release_with_redelivery_is_clean() {
    ends_at("actor::after_commit", true);
}

#[test]
fn end_after_line_accepted_is_clean() {
    ends_at("line::after_accept", false);
}

#[test]
fn end_after_line_accepted_with_redelivery_is_clean() {
    ends_at("line::after_accept", true);
}

/// LINE accepts and does not say so, now and then.
fn doubtful(rng: &mut Rng) -> Faults {
    let fault = |probability, ms| {
        Some(Fault {
            probability,
            ms,
            endpoints: sends(),
            ..Fault::default()
        })
    };
    Faults {
        hang_after: fault(0.01, 700),
        error_after: fault(0.02, 0),
        reset_after: fault(0.02, 0),
        ..load::usual(rng)
    }
}

#[test]
fn injected_doubts_and_kills_double_nothing() {
    let test = "doubts";
    let mut world = World::new(test, false);
    let mut hotline = world.serve(&[]);
    let load = world.load(600, 500, doubtful);
    let mut moments: Vec<Kill> = Vec::new();
    for _ in 0..6 {
        thread::sleep(Duration::from_millis(world.rng.within(800, 2_000)));
        moments.push(kills::noted(&world, || hotline.kill()));
        hotline = world.serve(&[]);
    }
    thread::sleep(Duration::from_millis(500));
    load.stop();
    let verdict = world.settled(SETTLE);
    let met = kills::in_flight(&world, &moments);
    report(test, &met, &verdict);
    assert_valid(test, &met, 5);
    let enough = verdict.accepted > 500 && verdict.injected_doubts > 50;
    demand(&world, &verdict, enough, "under load and doubt");
    let crimes = verdict.doubled + verdict.lost + verdict.out_of_order + verdict.violations;
    demand(&world, &verdict, crimes == 0, "exactly once and in order");
    let within = verdict.unconfirmed <= verdict.injected_doubts;
    demand(&world, &verdict, within, "as certain as LINE was");
    demand(&world, &verdict, verdict.billed == 0, "free of charge");
    drop(hotline);
}

/// Killed in the pause before the fourth try of a doubtful reply: the pause is committed, so the
/// next process must keep it, and let the follower pass as soon as the doubt is settled.
#[test]
fn a_pause_between_tries_outlives_a_kill() {
    let test = "pause";
    let world = World::new(test, false);
    let hotline = world.serve(&[]);
    let doubt = Fault {
        count: Some(3),
        endpoints: sends(),
        ..Fault::default()
    };
    world.platform().set_faults(Faults {
        error_after: Some(doubt),
        ..Faults::default()
    });
    load::say(world.platform(), &world.asked, 0, 0);
    assert!(world.calls(3, Duration::from_secs(20)), "three tries");
    load::say(world.platform(), &world.asked, 0, 1);
    // The follower is acknowledged behind the outcome of the third try: both are durable.
    assert!(world.acknowledged(2, Duration::from_secs(20)), "two events");
    thread::sleep(Duration::from_millis(100));
    hotline.kill();
    let hotline = world.serve(&[]);
    let verdict = world.settled(Duration::from_secs(15));
    report(test, &[], &verdict);
    demand(&world, &verdict, verdict.clean(), "clean");
    assert_eq!(
        (verdict.answered, verdict.injected_doubts),
        (2, 1),
        "{verdict}"
    );
    drop(hotline);
}

/// LINE decides at once and answers late: calls hang in the frozen process.
fn slow_to_tell(rng: &mut Rng) -> Faults {
    let late = Fault {
        ms: rng.within(150, 250),
        endpoints: sends(),
        ..Fault::default()
    };
    Faults {
        latency_after: Some(late),
        ..Faults::default()
    }
}

#[test]
fn a_sender_frozen_for_30_s_does_not_answer_twice() {
    let test = "frozen";
    let mut world = World::new(test, false);
    let hotline = world.serve(&[]);
    let load = world.load(300, 300, slow_to_tell);
    assert!(
        world.answers_since(0, 300, Duration::from_secs(20)),
        "no load"
    );
    let frozen = kills::noted(&world, || hotline.signal(Signal::STOP));
    load.stop();
    thread::sleep(Duration::from_secs(31));
    hotline.signal(Signal::CONT);
    let load = world.load(300, 300, load::usual);
    thread::sleep(Duration::from_secs(2));
    load.stop();
    let verdict = world.settled(SETTLE);
    let met = kills::in_flight(&world, &[frozen]);
    report(test, &met, &verdict);
    assert!(
        met[0].accepted > 0,
        "INVALID: no call was in flight when it froze: {met:?}"
    );
    assert!(verdict.accepted > 500, "hardly any load: {verdict}");
    assert_eq!((verdict.doubled, verdict.violations), (0, 0), "{verdict}");
    // What began before the sleep and cannot be known after it is shown as unconfirmed.
    let caught = (met[0].acknowledged + met[0].accepted) as u64;
    assert!(verdict.lost + verdict.unconfirmed <= caught, "{verdict}");
}

#[test]
fn drain_loses_nothing() {
    let test = "drain";
    let mut world = World::new(test, false);
    let load = world.load(400, 700, load::usual);
    let mut moments: Vec<Kill> = Vec::new();
    for _ in 0..3 {
        let seq = world.platform().journal().last_seq();
        let mut hotline = world.serve(&[]);
        assert!(
            world.answers_since(seq, 400, Duration::from_secs(20)),
            "no load"
        );
        let mut status = None;
        moments.push(kills::noted(&world, || {
            hotline.signal(Signal::TERM);
            status = hotline.ended(DRAIN);
        }));
        let status = status.expect("it leaves long before its drain timeout: LINE answers quickly");
        assert_eq!(status.code(), Some(0), "{}", hotline.last_words());
    }
    let hotline = world.serve(&[]);
    thread::sleep(Duration::from_millis(300));
    load.stop();
    let verdict = world.settled(SETTLE);
    let met = kills::in_flight(&world, &moments);
    report(test, &met, &verdict);
    assert_clean(&world, &verdict);
    drop(hotline);
}
