//! A node whose clock is wrong: the store's time rules.

use crate::server;
use crate::standalone::Disk;
use crate::trial::Setting;
use std::path::PathBuf;

/// Where Debian's and others' packages put the library that tells a process another time.
const PLACES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];
/// Set by `scripts/test` and `scripts/faults`: a missing library fails instead of being skipped.
const REQUIRED: &str = "HOTLINE_REQUIRE_FAKETIME";

fn library() -> Option<PathBuf> {
    let found = PLACES.iter().map(PathBuf::from).find(|path| path.exists());
    if found.is_none() {
        let required = std::env::var(REQUIRED).is_ok_and(|value| value == "1");
        assert!(!required, "{REQUIRED}=1, and libfaketime is not installed");
        println!("SKIPPED: libfaketime is not installed");
    }
    found
}

#[test]
fn a_node_whose_clock_is_8_s_ahead_harms_nobody() {
    if !server::installed() {
        return;
    }
    let Some(library) = library() else { return };
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let setting = Setting::of(
        "a clock 8 s ahead, then its node killed",
        Disk::Always.name(),
        store,
        &server,
    );
    let mut trial = setting.begin();
    trial.fleet.kill(0);
    let library = library.to_str().expect("a plain path").to_owned();
    // The wall clock only: a machine whose clock is wrong still counts seconds as others do.
    let ahead = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME", "+8s"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    trial.fleet.up_with(0, &ahead);
    trial.on_for(3_000);
    trial.strike(|fleet| fleet.kill(0));
    trial.on_for(1_000);
    trial.fleet.up_with(0, &ahead);
    trial.on_for(2_000);
    let outcome = trial.over();
    outcome.met_work();
    outcome.clean();
}
