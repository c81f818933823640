//! What the stored form costs the server: memory of idle conversations, processor time of commits and
//! looks. Measurements, not laws of every run:
//!
//! `cargo test --test store_redis memory:: -- --ignored --nocapture --test-threads 1`
//!
//! `HOTLINE_ITEMS` says how many conversations (1,000,000).

use super::support::*;
use super::{Server, installed};
use futures_util::StreamExt;
use hotline::domain::ids::Fingerprint;
use hotline::domain::time::Millis;
use hotline::ports::store::*;
use hotline::store::redis::{Options, Redis};

/// `used_memory`, every key and every table counted.
fn used(server: &Server) -> u64 {
    let info = server.say(&["INFO", "memory"]);
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    line.and_then(|used| used.trim().parse().ok()).unwrap()
}

/// A conversation as LINE calls it; the digits are spread by an odd multiplier.
fn name(n: u64) -> String {
    let high = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let low = high.rotate_left(31).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    format!("main/U{high:016x}{low:016x}")
}

/// Creates conversations with values of this size and says how much more the server then holds.
fn measure(items: u64, what: &str, shape: impl Fn(Commit) -> Commit) {
    let server = Server::start();
    let store = Redis::open(Options::new(&server.url())).unwrap();
    let before = used(&server);
    let start = std::time::Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        let commits = (0..items).map(|n| store.commit(shape(put(&name(n), None, n, ""))));
        let mut answers = futures_util::stream::iter(commits).buffer_unordered(2_000);
        while let Some(answer) = answers.next().await {
            assert!(matches!(answer, Ok(Outcome::Committed(_))), "{answer:?}");
        }
    });
    let more = used(&server) - before;
    println!(
        "{items} conversations, {what}: {more} bytes, {:.1} each; {:.1?}",
        more as f64 / items as f64,
        start.elapsed()
    );
}

#[test]
#[ignore = "measures a million conversations; see the head of this file"]
fn idle_conversations() {
    if !installed() {
        return;
    }
    let items = std::env::var("HOTLINE_ITEMS").map_or(1_000_000, |n| n.parse().unwrap());
    let sized = |size: usize| {
        move |commit| Commit {
            write: Write::Put(vec![7; size].into()),
            ..commit
        }
    };
    for size in [298, 300, 600] {
        measure(items, &format!("values of {size} bytes"), sized(size));
    }
    measure(items / 10, "300 bytes, with a due time", |commit| Commit {
        due: Some(Millis(1_800_000_000_000)),
        ..sized(300)(commit)
    });
    measure(items / 10, "300 bytes, with a desk row of 40", |commit| {
        Commit {
            desk: Some([7; 40].into()),
            ..sized(300)(commit)
        }
    });
}

/// Processor time the server has used, in µs, and calls of a command with the µs in them.
fn spent(server: &Server, command: &str) -> (f64, u64, u64) {
    let info = server.say(&["INFO", "all"]);
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name));
    let seconds = |name| {
        field(name)
            .and_then(|s| s.trim().parse::<f64>().ok())
            .unwrap()
    };
    let cpu = seconds("used_cpu_user:") + seconds("used_cpu_sys:");
    let stats = field(&format!("cmdstat_{command}:")).unwrap_or("calls=0,usec=0");
    let mut numbers = stats
        .split(',')
        .filter_map(|part| part.split_once('=')?.1.parse().ok());
    (cpu * 1e6, numbers.next().unwrap(), numbers.next().unwrap())
}

/// What once a second costs: a claim when nothing is due, a look at the desk's generation.
#[test]
#[ignore = "a measurement; see the head of this file"]
fn looks_at_all_partitions() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = Redis::open(Options::new(&server.url())).unwrap();
    let rounds = 2_000;
    run(async {
        for n in 0..1_000 {
            let owing = put(&name(n), None, 1, "x").owing(1_000_000).on_desk("row");
            landed(store.commit(owing).await, 1);
        }
        let told = |what: &str, command: &str, before: (f64, u64, u64)| {
            let after = spent(&server, command);
            println!(
                "{what}: {:.0} µs of the server's processor each, {} calls of {command} with {:.0} µs",
                (after.0 - before.0) / f64::from(rounds),
                (after.1 - before.1) / rounds as u64,
                (after.2 - before.2) as f64 / f64::from(rounds),
            );
        };
        let before = spent(&server, "zrevrangebyscore");
        for _ in 0..rounds {
            let none = store.claim_due(Millis(9), Millis(99), 100).await;
            assert_eq!(none.unwrap().items, []);
        }
        told("a claim of nothing", "zrevrangebyscore", before);
        let before = spent(&server, "hget");
        for _ in 0..rounds {
            store.desk_generation().await.unwrap();
        }
        told("a desk generation", "hget", before);
    });
}

/// What commits cost the server, one after the other in the pipe.
#[test]
#[ignore = "a measurement; see the head of this file"]
fn commits() {
    if !installed() {
        return;
    }
    let server = Server::start();
    let store = Redis::open(Options::new(&server.url())).unwrap();
    let items = 50_000u64;
    let said = |erasable: bool| {
        move |commit: Commit| {
            let mut commit = commit.with_feed(&[&"x".repeat(250)]);
            commit.feed[0].erasable = erasable.then_some(Fingerprint(7));
            commit
        }
    };
    type Shape = Box<dyn Fn(Commit) -> Commit>;
    let shapes: [(&str, Shape); 5] = [
        ("create", Box::new(|commit| commit)),
        ("update", Box::new(|commit| commit)),
        ("update, a record of 250 B", Box::new(said(false))),
        ("update, a record that may be unsent", Box::new(said(true))),
        (
            "update, a due time",
            Box::new(|commit| commit.owing(1_800_000_000_000)),
        ),
    ];
    let value = "x".repeat(300);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        for (round, (what, shape)) in (1..).zip(shapes) {
            let (before, held) = (spent(&server, "evalsha"), used(&server));
            let expected = (round > 1).then(|| round - 1);
            let commits =
                (0..items).map(|n| store.commit(shape(put(&name(n), expected, round, &value))));
            let mut answers = futures_util::stream::iter(commits).buffer_unordered(2_000);
            while let Some(answer) = answers.next().await {
                assert!(matches!(answer, Ok(Outcome::Committed(_))), "{answer:?}");
            }
            let after = spent(&server, "evalsha");
            println!(
                "{what}: {:.1} µs in the script, {:.1} µs of the server's processor, {} bytes more",
                (after.2 - before.2) as f64 / (after.1 - before.1) as f64,
                (after.0 - before.0) / items as f64,
                (used(&server) as i64 - held as i64) / items as i64,
            );
        }
    });
}
