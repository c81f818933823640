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

/// Prints what a test found; `cargo test -- --nocapture` shows it.
fn report(test: &str, kills: &[InFlight], verdict: &Verdict) {
    let busy = kills.iter().filter(|kill| kill.any()).count();
    println!("{test}: kills={} with_work_in_flight={busy}", kills.len());
    for (n, kill) in kills.iter().enumerate() {
        println!("{test}: kill {}: {kill}", n + 1);
    }
    println!("{test}: {verdict}");
}

fn assert_clean(test: &str, verdict: &Verdict) {
    assert!(verdict.accepted > 500, "{test}: hardly any load: {verdict}");
    assert!(verdict.clean(), "{test}: {verdict}");
    assert_eq!(verdict.billed, 0, "{test}: {verdict}");
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
    assert_clean(test, &verdict);
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
    assert_clean(&test, &verdict);
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
    assert!(
        verdict.accepted > 500 && verdict.injected_doubts > 50,
        "{verdict}"
    );
    assert_eq!(
        (verdict.doubled, verdict.lost, verdict.out_of_order),
        (0, 0, 0),
        "{verdict}"
    );
    assert!(verdict.unconfirmed <= verdict.injected_doubts, "{verdict}");
    assert_eq!((verdict.violations, verdict.billed), (0, 0), "{verdict}");
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
            status = hotline.ended(Duration::from_secs(22));
        }));
        let status = status.expect("it leaves within its drain timeout");
        assert_eq!(status.code(), Some(0), "{}", hotline.last_words());
    }
    let hotline = world.serve(&[]);
    thread::sleep(Duration::from_millis(300));
    load.stop();
    let verdict = world.settled(SETTLE);
    let met = kills::in_flight(&world, &moments);
    report(test, &met, &verdict);
    assert_clean(test, &verdict);
    drop(hotline);
}
