//! How the way in behaves: latency at half of the maximal load, and what happens above it.

use super::load::Target;
use super::message::Draw;
use super::preload;
use super::run::{Line, SLOTS, saturated, settle, touch_each};
use super::server::{Hotline, Server, scratch};
use hotline::domain::conversation::TOKEN_USABLE;
use std::time::Duration;

fn serve(line: &Line, folder: &std::path::Path) -> Server {
    Server::hotline(Hotline {
        folder,
        mock: line.port,
        level: "error",
        rate: 1_000_000,
        store: "",
    })
}

/// Latency of the webhook's answer, from the time in the timetable, at half of the greatest rate
/// found just before.
pub async fn latency(users: u64, seconds: u64) {
    let line = Line::start(SLOTS).await;
    let folder = scratch("latency");
    preload::fill(&line, &folder, users).await;
    let server = serve(&line, &folder);
    println!("{}", server.command);
    touch_each(&line, &server, users).await;
    let second = Duration::from_secs(1);
    let most = saturated(&line, &server, Draw::Random(users), second, 4 * second).await;
    let rate = most.rate / 2.0;
    println!(
        "greatest rate {:.0}/s; offered now {rate:.0}/s, open loop",
        most.rate
    );
    let target = line.target(&server, Draw::Random(users));
    let tasks = open(&target, SLOTS, rate);
    tokio::time::sleep(2 * second).await;
    target.keep.set(true);
    let cpu = server.cpu_us();
    let replies = line.seen.replies.get();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let cpu = server.cpu_us() - cpu;
    let replies = line.seen.replies.get() - replies;
    target.keep.set(false);
    target.stop.set(true);
    for task in tasks {
        task.await.expect("no panic").expect("connections hold");
    }
    settle(&line).await;
    let counts = &target.counts;
    let mut micros = counts.micros.take();
    micros.sort_unstable();
    let at = |share: f64| f64::from(micros[(micros.len() as f64 * share) as usize]) / 1e3;
    println!(
        "webhook answered 200: {} in {seconds} s, p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, most \
         {:.2} ms; not 200: {}; {:.1} CPU us/msg",
        micros.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        f64::from(*micros.last().expect("some")) / 1e3,
        counts.refused.get() + counts.failed.get() + counts.broken.get(),
        cpu as f64 / replies as f64
    );
    server.stop();
    let _ = std::fs::remove_dir_all(&folder);
}

fn open(
    target: &Target,
    slots: usize,
    rate: f64,
) -> Vec<tokio::task::JoinHandle<std::io::Result<()>>> {
    (0..slots)
        .map(|slot| tokio::task::spawn_local(target.clone().open(slot, slots, rate)))
        .collect()
}

/// LINE becomes slow (each reply takes two seconds) while three times the greatest rate is
/// offered: what is owed and the memory stay bounded, the surplus is answered 503, and afterwards
/// the server works as before.
pub async fn overload(users: u64) {
    const WIDE: usize = 256;
    let line = Line::start(WIDE).await;
    let folder = scratch("overload");
    preload::fill(&line, &folder, users).await;
    let server = serve(&line, &folder);
    println!("{}", server.command);
    touch_each(&line, &server, users).await;
    let (second, draw) = (Duration::from_secs(1), Draw::Random(users));
    let most = saturated(&line, &server, draw, second, 3 * second).await;
    println!(
        "greatest rate {:.0}/s; resident {} KiB",
        most.rate,
        server.rss_kib()
    );
    let flood = async |name: &str, pause: Duration, slots: usize| {
        line.seen.pause.set(pause);
        let target = line.target(&server, draw);
        let replies = line.seen.replies.get();
        let tasks = open(&target, slots, most.rate * 3.0);
        println!(
            "{name}: offered {:.0}/s over {slots} connections",
            most.rate * 3.0
        );
        println!("   s  200/s  503/s  other  owed  resident KiB");
        let (mut accepted, mut refused) = (0, 0);
        for nth in 1..=8 {
            tokio::time::sleep(second).await;
            let counts = &target.counts;
            let (a, r) = (counts.accepted.get(), counts.refused.get());
            // Asking for metrics blocks this thread, the mock's too: the pause is short.
            let owed = server.metric("hotline_line_api_in_flight").unwrap_or(-1.0);
            println!(
                "{nth:4} {:6} {:6} {:6} {owed:5} {:10}",
                a - accepted,
                r - refused,
                counts.failed.get() + counts.broken.get(),
                server.rss_kib()
            );
            (accepted, refused) = (a, r);
        }
        target.stop.set(true);
        for task in tasks {
            task.await.expect("no panic").expect("connections hold");
        }
        line.seen.pause.set(Duration::ZERO);
        let quiet = tokio::time::Instant::now();
        let owed = || server.metric("hotline_line_api_in_flight").unwrap_or(0.0);
        while owed() > 0.0 && quiet.elapsed() < 60 * second {
            tokio::time::sleep(second / 10).await;
        }
        settle(&line).await;
        // Fewer replies than webhooks are no loss: messages of one customer that wait together are
        // answered together, with one token.
        println!(
            "{name}: accepted {}, replies {}, nothing owed {:.1} s after the flood",
            target.counts.accepted.get(),
            line.seen.replies.get() - replies,
            quiet.elapsed().as_secs_f64()
        );
    };
    flood("LINE at once", Duration::ZERO, WIDE).await;
    flood("LINE takes 2 s", 2 * second, WIDE).await;
    // Messages of one customer that waited together were answered with one token; the others are in
    // the bank, and the next answer spends the oldest of them. Here a message is answered when its
    // *own* token comes: so the bank must have died first.
    tokio::time::sleep(TOKEN_USABLE.std() + 2 * second).await;
    let after = saturated(&line, &server, draw, second, 3 * second).await;
    println!(
        "afterwards: {:.0}/s (before {:.0}/s), {:.1} CPU us/msg, not 200: {}, resident {} KiB",
        after.rate,
        most.rate,
        after.cpu,
        after.refused,
        server.rss_kib()
    );
    server.stop();
    let _ = std::fs::remove_dir_all(&folder);
}
