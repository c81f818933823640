//! The curve over known conversations, the million all cold, memory and restart: what a large
//! account costs. One preloaded folder serves all of them at its size.

use super::message::Draw;
use super::preload;
use super::run::{Line, SLOTS, saturated, settle, spread, touch_each};
use super::server::{Hotline, Server, scratch};
use std::path::Path;
use std::time::Duration;

fn serve(line: &Line, folder: &Path) -> Server {
    Server::hotline(Hotline {
        folder,
        mock: line.port,
        level: "warn",
        rate: 1_000_000,
        store: "",
    })
}

/// CPU per message at 10³, 10⁴, … up to `most` known conversations, all live; then at `most` with
/// every message waking a conversation from the store. The floor runs in turns with each.
pub async fn curve(most: u64, seconds: u64) {
    let line = Line::start(SLOTS).await;
    let (warm, window) = (Duration::from_secs(1), Duration::from_secs(seconds));
    let floor = Server::floor(&scratch("floor"), line.port);
    println!("known      state  hotline us/msg  floor us/msg  ratio  msgs/s  not-200");
    let row = async |server: &Server, users: u64, state: &str, cold: bool| {
        let (mut ratios, mut mine, mut floors, mut last) = (vec![], vec![], vec![], 0.0);
        let mut refused = 0;
        for pair in 0..3u64 {
            let draw = match cold {
                // A third of the customers each: nobody is met twice. Takes 10⁶ to last.
                true => Draw::Each(users, pair * (users / 3)),
                false => Draw::Random(users),
            };
            let a = saturated(&line, &floor, Draw::Random(users), warm, window).await;
            let b = saturated(&line, server, draw, warm, window).await;
            assert!(!cold || b.accepted < users / 3, "a customer was met twice");
            ratios.push(b.cpu / a.cpu);
            mine.push(b.cpu);
            floors.push(a.cpu);
            last = b.rate;
            refused += b.refused;
        }
        let (ratio, least, greatest) = spread(&ratios);
        println!(
            "{users:9} {state:>6} {:15.1} {:13.1} {ratio:6.2} [{least:.2}-{greatest:.2}] {last:7.0} \
             {refused}",
            spread(&mine).0,
            spread(&floors).0
        );
    };
    let mut users = 1_000;
    while users <= most {
        let folder = scratch(&format!("curve-{users}"));
        preload::fill(&line, &folder, users).await;
        if users == most {
            let server = serve(&line, &folder);
            row(&server, users, "cold", true).await;
            server.stop();
        }
        let server = serve(&line, &folder);
        touch_each(&line, &server, users).await;
        row(&server, users, "live", false).await;
        server.stop();
        let _ = std::fs::remove_dir_all(&folder);
        users *= 10;
    }
    floor.stop();
}

/// Memory per idle live conversation: resident size with all of `users` live and quiet, less the
/// same server's before, when it had served a thousand others.
pub async fn memory(users: u64) {
    let line = Line::start(SLOTS).await;
    let folder = scratch("memory");
    preload::fill(&line, &folder, users).await;
    let server = serve(&line, &folder);
    println!("{}", server.command);
    println!(
        "ready {:.0} ms after the start of the process, {users} conversations stored",
        server.ready_in.as_secs_f64() * 1e3
    );
    touch_each(&line, &server, 1_000).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = server.rss_kib();
    println!("resident with 1,000 live: {before} KiB");
    touch_each(&line, &server, users).await;
    let mut most = 0;
    for _ in 0..15 {
        most = most.max(server.rss_kib());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    settle(&line).await;
    let after = server.rss_kib();
    let live = server.metric("hotline_actors{kind=\"conversation\"}");
    println!("resident with {live:?} live and quiet: {after} KiB (most seen {most} KiB)");
    println!(
        "per idle live conversation: {:.0} bytes",
        (after - before) as f64 * 1024.0 / (users - 1_000) as f64
    );
    server.stop();
    let _ = std::fs::remove_dir_all(&folder);
}

/// From the start of the process to the first `/readyz` 200, with `users` conversations stored:
/// after a clean stop, and after SIGKILL under load.
pub async fn restart(users: u64) {
    let line = Line::start(SLOTS).await;
    let folder = scratch("restart");
    preload::fill(&line, &folder, users).await;
    let say = |how: &str, server: &Server| {
        println!(
            "{how}: ready in {:.0} ms",
            server.ready_in.as_secs_f64() * 1e3
        );
    };
    let server = serve(&line, &folder);
    println!("{}", server.command);
    say("after a clean stop", &server);
    let target = line.target(&server, Draw::Random(users));
    let tasks: Vec<_> = (0..SLOTS)
        .map(|slot| tokio::task::spawn_local(target.clone().closed(slot, u64::MAX)))
        .collect();
    tokio::time::sleep(Duration::from_secs(5)).await;
    // Dropping kills it where it stands; the connections break, which is what is wanted.
    drop(server);
    for task in tasks {
        let _ = task.await.expect("no panic");
    }
    let server = serve(&line, &folder);
    say("after SIGKILL under full load", &server);
    server.stop();
    let server = serve(&line, &folder);
    say("after a clean stop again", &server);
    server.stop();
    let _ = std::fs::remove_dir_all(&folder);
}
