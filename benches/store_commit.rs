//! What a message costs in the embedded store: two commits, an accepting one that sets `due` and a
//! lazy completing one that clears it, on random entities of a large set.
//!
//! `cargo bench --bench store_commit -- [entities] [seconds] [page_size] [checkpoint_mib]`
//!
//! CPU is the whole process (generator included; the generator alone is printed first), user and
//! system, from `/proc/self/stat`; the kernel's journal threads are not in it.

use futures_util::future::join;
use hotline::domain::time::{Millis, Span};
use hotline::ports::store::*;
use hotline::store::embedded::{Embedded, Options};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|a| a.parse().ok())
        .collect();
    let entities = numbers.first().copied().unwrap_or(100_000);
    let seconds = numbers.get(1).copied().unwrap_or(4);
    let folder = std::env::temp_dir().join(format!("store-commit-{}", std::process::id()));
    let mut options = Options::new(&folder);
    options.free_space_floor = 0;
    if let Some(page) = numbers.get(2) {
        options.tuning.page_size = *page as u32;
    }
    if let Some(mib) = numbers.get(3) {
        options.tuning.checkpoint_bytes = mib << 20;
    }
    generator_alone();
    let store = Arc::new(Embedded::open(options.clone()).expect("open"));
    fill(&store, entities);
    println!("batch  msgs/s  cpu us/msg (user+sys)  written B/msg  p50 us  p99 us");
    for lanes in [16, 64, 256] {
        measure(&store, entities, lanes, Duration::from_secs(seconds));
    }
    println!("resident {} MiB", status_kib("VmRSS:") / 1024);
    drop(store);
    let begun = Instant::now();
    let store = Embedded::open(options.clone()).expect("reopen");
    println!(
        "open after a crash (log to replay): {:.3} s",
        begun.elapsed().as_secs_f64()
    );
    block_on(store.close()).expect("close");
    drop(store);
    let begun = Instant::now();
    let store = Embedded::open(options).expect("reopen");
    println!(
        "open with {entities} entities after close: {:.3} s, {} MiB on disk",
        begun.elapsed().as_secs_f64(),
        store.health().bytes >> 20
    );
    drop(store);
    std::fs::remove_dir_all(&folder).expect("remove");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("runtime")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    runtime().block_on(future)
}

struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn revision(&mut self) -> Revision {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next().to_le_bytes());
        Revision(bytes)
    }
}

fn commit(draw: &mut Draw, number: u64, expected: Option<Revision>, accepting: bool) -> Commit {
    let size = 200 + (draw.next() % 700) as usize;
    let payload = br#"{"kind":"message","text":"how do I return an order that came broken?"}"#;
    Commit {
        key: EntityKey::new(EntityKind::Conversation, &format!("shop/U{number:032x}")),
        expected,
        proposed: draw.revision(),
        write: Write::Put(vec![(number % 251) as u8; size].into()),
        due: accepting.then_some(Millis(draw.next() % 1_000_000)),
        desk: None,
        feed: if accepting {
            vec![FeedEntry {
                erasable: None,
                payload: payload[..].into(),
            }]
        } else {
            Vec::new()
        },
        erase: Vec::new(),
        class: if accepting {
            Class::Accepting
        } else {
            Class::Completing
        },
        urgency: if accepting {
            Urgency::Now
        } else {
            Urgency::Lazy
        },
    }
}

fn generator_alone() {
    let mut draw = Draw(7);
    let before = cpu_us();
    let count = 300_000;
    for number in 0..count {
        std::hint::black_box(commit(&mut draw, number, None, true));
        std::hint::black_box(commit(&mut draw, number, None, false));
    }
    println!(
        "generator alone: {:.2} us/msg",
        (cpu_us() - before) as f64 / count as f64
    );
}

fn fill(store: &Embedded, entities: u64) {
    let begun = Instant::now();
    block_on(async {
        let mut draw = Draw(11);
        for chunk in 0..entities.div_ceil(2000) {
            let waiting: Vec<_> = (chunk * 2000..entities.min((chunk + 1) * 2000))
                .map(|number| store.commit(commit(&mut draw, number, None, false)))
                .collect();
            store.nudge();
            for future in waiting {
                assert!(matches!(future.await, Ok(Outcome::Committed(_))));
            }
        }
        store.compact().await.expect("compact");
    });
    println!(
        "filled {entities} in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
}

fn measure(store: &Arc<Embedded>, entities: u64, lanes: u64, time: Duration) {
    let (cpu, io, begun) = (cpu_us(), written(), Instant::now());
    let done = Rc::new(Cell::new(0u64));
    let mut times: Vec<u32> = runtime().block_on(async {
        let local = tokio::task::LocalSet::new();
        let tasks: Vec<_> = (0..lanes)
            .map(|lane| {
                let (store, done) = (Arc::clone(store), Rc::clone(&done));
                local.spawn_local(work(store, done, lane, lanes, entities, begun + time))
            })
            .collect();
        local
            .run_until(async move {
                let mut all = Vec::new();
                for task in tasks {
                    all.extend(task.await.expect("task"));
                }
                all
            })
            .await
    });
    let messages = done.get();
    times.sort_unstable();
    let at = |q: f64| times[(times.len() as f64 * q) as usize];
    println!(
        "{lanes:5} {:7.0} {:10.2} {:22.0} {:12} {:7}",
        messages as f64 / begun.elapsed().as_secs_f64(),
        (cpu_us() - cpu) as f64 / messages as f64,
        (written() - io) as f64 / messages as f64,
        at(0.5),
        at(0.99),
    );
}

/// One lane: message after message, each of another customer; the completing commit of one message
/// is awaited together with the accepting one of the next.
async fn work(
    store: Arc<Embedded>,
    done: Rc<Cell<u64>>,
    lane: u64,
    lanes: u64,
    entities: u64,
    until: Instant,
) -> Vec<u32> {
    let mut draw = Draw(lane * 77 + 5);
    let mut times = Vec::new();
    let mut settling = None;
    let mut last = u64::MAX;
    while Instant::now() < until {
        let mut number = (draw.next() % (entities / lanes)) * lanes + lane;
        if number == last {
            number = (number + lanes) % (entities / lanes * lanes);
        }
        last = number;
        let key = EntityKey::new(EntityKind::Conversation, &format!("shop/U{number:032x}"));
        let stored = store.load(&key).await.expect("load").expect("exists");
        let accepting = commit(&mut draw, number, Some(stored.revision), true);
        let revision = accepting.proposed;
        let begun = Instant::now();
        let answer = match settling.take() {
            Some(before) => join(store.commit(accepting), before).await.0,
            None => store.commit(accepting).await,
        };
        times.push(begun.elapsed().as_micros() as u32);
        assert!(matches!(answer, Ok(Outcome::Committed(_))), "{answer:?}");
        settling = Some(store.commit(commit(&mut draw, number, Some(revision), false)));
        done.set(done.get() + 1);
    }
    if let Some(before) = settling {
        before.await.expect("settled");
    }
    let _ = Span(0);
    times
}

fn cpu_us() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("stat");
    let rest = stat.rsplit(')').next().expect("fields");
    let fields: Vec<u64> = rest
        .split_whitespace()
        .map(|f| f.parse().unwrap_or(0))
        .collect();
    (fields[11] + fields[12]) * 10_000
}

fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").expect("io");
    io.lines()
        .find_map(|line| line.strip_prefix("write_bytes: "))
        .and_then(|n| n.parse().ok())
        .expect("write_bytes")
}

fn status_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .expect("field")
}
