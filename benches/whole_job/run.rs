//! One measured run: mock and load in this thread, the server beside, a window of time.

use super::load::{Counts, Target};
use super::message::{Draw, Maker};
use super::mock::{self, Seen};
use super::server::Server;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

/// Connections and messages under way.
pub const SLOTS: usize = 64;

/// The LINE side of a run.
pub struct Line {
    /// Its port.
    pub port: u16,
    /// What it sees.
    pub seen: Rc<Seen>,
}

impl Line {
    /// Starts the mock in this runtime.
    pub async fn start(slots: usize) -> Line {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let seen = Seen::new(slots);
        tokio::task::spawn_local(mock::serve(listener, Rc::clone(&seen)));
        Line { port, seen }
    }

    /// A load on a server.
    pub fn target(&self, server: &Server, draw: Draw) -> Target {
        Target {
            port: server.port,
            path: server.path.to_string(),
            maker: Rc::new(RefCell::new(Maker::new(draw, unique()))),
            counts: Rc::new(Counts::default()),
            seen: Rc::clone(&self.seen),
            stop: Rc::new(Cell::new(false)),
            keep: Rc::new(Cell::new(false)),
        }
    }
}

/// Differs at every call on this machine, and fits the six digits ids have for it.
fn unique() -> u64 {
    thread_local!(static NEXT: Cell<u64> = const { Cell::new(0) });
    let nth = NEXT.replace(NEXT.get() + 1);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    (since.map_or(0, |since| since.as_secs()) + nth * 7919) % 999_983
}

/// What a window showed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// CPU of the whole server process per reply LINE accepted, µs.
    pub cpu: f64,
    /// Replies per second.
    pub rate: f64,
    /// Answers other than 200 in the whole run, warm-up included.
    pub refused: u64,
    /// Webhooks answered 200 in the whole run.
    pub accepted: u64,
}

/// Saturates the server: `SLOTS` messages under way for `warm`, then for `window`.
pub async fn saturated(
    line: &Line,
    server: &Server,
    draw: Draw,
    warm: Duration,
    window: Duration,
) -> Window {
    let target = line.target(server, draw);
    let before = line.seen.replies.get();
    let tasks: Vec<_> = (0..SLOTS)
        .map(|slot| tokio::task::spawn_local(target.clone().closed(slot, u64::MAX)))
        .collect();
    tokio::time::sleep(warm).await;
    let (cpu, replies, begun) = (server.cpu_us(), line.seen.replies.get(), Instant::now());
    tokio::time::sleep(window).await;
    let cpu = server.cpu_us() - cpu;
    let in_window = line.seen.replies.get() - replies;
    let seconds = begun.elapsed().as_secs_f64();
    target.stop.set(true);
    for task in tasks {
        task.await.expect("no panic").expect("connections hold");
    }
    let counts = &target.counts;
    assert_eq!(counts.unanswered.get(), 0, "accepted and not replied to");
    settle(line).await;
    let all = line.seen.replies.get() - before;
    assert_eq!(
        all,
        counts.accepted.get(),
        "one reply for each webhook answered 200"
    );
    Window {
        cpu: cpu as f64 / in_window.max(1) as f64,
        rate: in_window as f64 / seconds,
        refused: counts.refused.get() + counts.failed.get(),
        accepted: counts.accepted.get(),
    }
}

/// Sends `users` messages, one of each customer, as quickly as it goes.
pub async fn touch_each(line: &Line, server: &Server, users: u64) {
    let target = line.target(server, Draw::Each(users, 0));
    let tasks: Vec<_> = (0..SLOTS as u64)
        .map(|slot| {
            let share = users / SLOTS as u64 + u64::from(slot < users % SLOTS as u64);
            tokio::task::spawn_local(target.clone().closed(slot as usize, share))
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("connections hold");
    }
    settle(line).await;
}

/// Waits until no reply has come for a while.
pub async fn settle(line: &Line) {
    let mut last = line.seen.replies.get();
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = line.seen.replies.get();
        if now == last {
            return;
        }
        last = now;
    }
}

/// Median, least, greatest.
pub fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let median = if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        (sorted[middle - 1] + sorted[middle]) / 2.0
    };
    (median, sorted[0], sorted[sorted.len() - 1])
}
