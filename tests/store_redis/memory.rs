//! What idle conversations take in the server's memory. A measurement, not a law of every run:
//!
//! `cargo test --profile ci --features failpoints --test store_redis memory -- --ignored --nocapture`
//!
//! `HOTLINE_ITEMS` says how many conversations (1,000,000).

use super::support::*;
use super::{Server, installed};
use futures_util::StreamExt;
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
