//! How the embedded store looks after itself: room, a full queue, erased words, tombstones, time.

#[path = "store_support/mod.rs"]
mod support;

use hotline::domain::ids::Fingerprint;
use hotline::domain::time::{Millis, Span};
use hotline::ports::store::*;
use hotline::store::embedded::{Embedded, Observer, Options};
use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::*;

#[test]
fn below_the_floor_only_completing_commits_pass() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.free_space_floor = u64::MAX;
    let store = Embedded::open(options).unwrap();
    let refused = run(store.commit(put("a", None, 1, "x")));
    assert!(matches!(
        refused,
        Err(Error::Full {
            floor_bytes: u64::MAX,
            ..
        })
    ));
    assert!(!store.health().accepting());
    let completing = Commit {
        class: Class::Completing,
        ..put("a", None, 2, "x")
    };
    landed(run(store.commit(completing)), 2);
}

struct Stuck(Mutex<Receiver<()>>);

impl Observer for Stuck {
    fn batch(&self, _: usize, _: usize, _: f64, _: f64) {
        // Ends with an error when the test lets go of the sender.
        let _ = self.0.lock().unwrap().recv();
    }
}

#[test]
fn a_full_queue_is_said_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (let_go, stuck) = channel();
    let mut options = options(folder.path());
    options.queue_limit = 3;
    options.observer = Arc::new(Stuck(Mutex::new(stuck)));
    let store = Embedded::open(options).unwrap();
    landed(run(store.commit(put("first", None, 1, "x"))), 1);
    let waiting: Vec<_> = (0..3)
        .map(|n| store.commit(put(&n.to_string(), None, 1, "x")))
        .collect();
    let refused = run(store.commit(put("one more", None, 1, "x")));
    assert!(
        matches!(refused, Err(Error::Busy { waiting: 3 })),
        "{refused:?}"
    );
    drop(let_go);
    for one in waiting {
        landed(run(one), 1);
    }
    assert_eq!(run(store.load(&key("one more"))).unwrap(), None);
}

/// A keeper that stays in its first checkpoint until the test lets go of the sender.
struct Stalled(Mutex<Receiver<()>>);

impl Observer for Stalled {
    fn checkpoint(&self, _: usize, _: f64) {
        let _ = self.0.lock().unwrap().recv();
    }
}

#[test]
fn while_a_checkpoint_stalls_new_work_waits_outside_and_old_work_passes() {
    const MIB: usize = 1 << 20;
    let folder = tempfile::tempdir().unwrap();
    let (let_go, stalled) = channel();
    let mut options = options(folder.path());
    options.tuning.checkpoint_bytes = 22 << 20;
    options.observer = Arc::new(Stalled(Mutex::new(stalled)));
    let store = Embedded::open(options).unwrap();
    // Dropped before the store, which waits for its keeper.
    let let_go = let_go;
    let words = "w".repeat(MIB);
    let mut landed_mib = 0;
    let refused = loop {
        let large = put(&landed_mib.to_string(), None, 1, "x").with_feed(&[&words]);
        match run(store.commit(large)) {
            Ok(Outcome::Committed(_)) => landed_mib += 1,
            other => break other,
        }
        // One checkpoint's worth is being written, three wait; a batch may overshoot each.
        assert!(landed_mib <= 4 * 22 + 2, "the log is not bounded");
    };
    assert!(matches!(refused, Err(Error::Busy { .. })), "{refused:?}");
    assert!(landed_mib > 3 * 22, "refused after {landed_mib} MiB");
    let completing = Commit {
        class: Class::Completing,
        ..put("0", Some(1), 2, "done")
    };
    landed(run(store.commit(completing)), 2);
    drop(let_go);
    let until = Instant::now() + Duration::from_secs(30);
    let mut n = 10;
    while let Err(Error::Busy { .. }) = run(store.commit(put("later", None, n, "x"))) {
        assert!(Instant::now() < until, "new work is refused for ever");
        n += 1;
        // Any commit lets the writer look whether the next checkpoint may begin.
        std::thread::yield_now();
    }
    assert!(run(store.load(&key("later"))).unwrap().is_some());
}

#[test]
fn erased_words_are_gone_from_the_files_after_compaction() {
    const SECRET: &str = "my-secret-words-0123456789";
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(options(folder.path())).unwrap();
    let message = Fingerprint(77);
    let mut said = put("a", None, 1, SECRET).with_feed(&[SECRET, "kept-words"]);
    said.feed[0].erasable = Some(message);
    landed(run(store.commit(said)), 1);
    for n in 0..50 {
        landed(
            run(store.commit(put(&format!("b{n}"), None, 1, "x").with_feed(&["other"]))),
            1,
        );
    }
    run(store.compact()).unwrap();
    assert!(in_files(folder.path(), SECRET));
    let unsend = Commit {
        erase: vec![message],
        ..put("a", Some(1), 2, "nothing")
    };
    landed(run(store.commit(unsend)), 2);
    run(store.compact()).unwrap();
    assert!(!in_files(folder.path(), SECRET));
    assert!(in_files(folder.path(), "kept-words"));
    let read = run(store.feed(Cursor::default(), 99)).unwrap();
    assert_eq!(read[0].payload, None);
    assert_eq!(read.len(), 52);
}

fn in_files(folder: &Path, words: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes
            .windows(words.len())
            .any(|window| window == words.as_bytes())
    })
}

fn at_wall(folder: &Path, wall: u64) -> Embedded {
    let mut options: Options = options(folder);
    options.wall = Arc::new(move || Millis(wall));
    Embedded::open(options).unwrap()
}

#[test]
fn store_time_follows_the_wall_forward_and_never_back() {
    const NOW: u64 = 1_800_000_000_000;
    let folder = tempfile::tempdir().unwrap();
    let store = at_wall(folder.path(), NOW);
    landed(run(store.commit(put("a", None, 1, "x"))), 1);
    drop(store);
    let store = at_wall(folder.path(), NOW - 3_600_000);
    assert!(store.now() >= Millis(NOW));
    run(store.close()).unwrap();
    drop(store);
    let store = at_wall(folder.path(), NOW + 3_600_000);
    assert!(store.now() >= Millis(NOW + 3_600_000));
}

#[test]
fn a_tombstone_stays_for_two_days_and_then_goes() {
    const NOW: u64 = 1_800_000_000_000;
    let folder = tempfile::tempdir().unwrap();
    let store = at_wall(folder.path(), NOW);
    landed(run(store.commit(put("a", None, 1, "x"))), 1);
    landed(run(store.commit(delete("a", Some(1), 2))), 2);
    run(store.compact()).unwrap();
    assert!(run(store.load(&key("a"))).unwrap().is_some());
    drop(store);
    let store = at_wall(folder.path(), NOW + Span::hours(47).0);
    run(store.compact()).unwrap();
    conflict(run(store.commit(put("a", None, 3, "late"))));
    drop(store);
    let store = at_wall(folder.path(), NOW + Span::hours(49).0);
    run(store.compact()).unwrap();
    landed(run(store.commit(put("a", None, 4, "new"))), 4);
}

#[test]
fn a_flood_of_large_commits_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let words = "w".repeat(1 << 20);
    let store = Embedded::open(options(folder.path())).unwrap();
    let waiting: Vec<_> = (0..80)
        .map(|n| {
            let large = put(&n.to_string(), None, 1, "x").with_feed(&[&words]);
            store.commit(Commit {
                urgency: Urgency::Lazy,
                ..large
            })
        })
        .collect();
    store.nudge();
    for one in waiting {
        landed(run(one), 1);
    }
    drop(store);
    let store = Embedded::open(options(folder.path())).unwrap();
    assert_eq!(run(store.feed(Cursor::default(), 99)).unwrap().len(), 80);
}

#[test]
fn what_is_too_large_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(options(folder.path())).unwrap();
    let long = "k".repeat(201);
    let large = "v".repeat(MAX_VALUE_BYTES + 1);
    for commit in [put(&long, None, 1, "x"), put("a", None, 1, &large)] {
        assert!(matches!(run(store.commit(commit)), Err(Error::Io(_))));
    }
    landed(run(store.commit(put("a", None, 2, "x"))), 2);
    assert_eq!(store.health().batch, 1);
}
