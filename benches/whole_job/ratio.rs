//! Hotline against the floor (or the floor against Node) in turns, same load, same mock.

use super::message::Draw;
use super::preload;
use super::run::{Line, saturated, spread, touch_each};
use super::server::{Hotline, Server, scratch};
use std::time::Duration;

/// What is compared.
pub struct Setup<'a> {
    /// Known customers.
    pub users: u64,
    /// Pairs.
    pub pairs: usize,
    /// Seconds of a window.
    pub seconds: u64,
    /// `[logging] level` of Hotline.
    pub level: &'a str,
}

/// Hotline against the Node bot, in turns.
pub async fn node(users: u64, pairs: usize, seconds: u64) {
    let line = Line::start(super::run::SLOTS).await;
    let folder = scratch("node");
    preload::fill(&line, &folder, users).await;
    let ours = Server::hotline(Hotline {
        folder: &folder,
        mock: line.port,
        level: "warn",
        rate: 1_000_000,
        store: "",
    });
    let peer = Server::node(&scratch("peer"), line.port);
    println!("hotline: {}", ours.command);
    println!("node:    {}", peer.command);
    touch_each(&line, &ours, users).await;
    let (warm, window) = (Duration::from_secs(2), Duration::from_secs(seconds));
    let draw = Draw::Random(users);
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let a = saturated(&line, &peer, draw, warm, window).await;
        let b = saturated(&line, &ours, draw, warm, window).await;
        println!(
            "pair {pair}: node {:.1} us/msg {:.0}/s, hotline {:.1} us/msg {:.0}/s: {:.1} times less",
            a.cpu,
            a.rate,
            b.cpu,
            b.rate,
            a.cpu / b.cpu
        );
        ratios.push(a.cpu / b.cpu);
    }
    let (median, least, most) = spread(&ratios);
    println!("node / hotline: {median:.1} [{least:.1}-{most:.1}]");
    peer.stop();
    ours.stop();
    let _ = std::fs::remove_dir_all(&folder);
}

/// Runs the pairs and prints them.
pub async fn run(setup: Setup<'_>) {
    let line = Line::start(super::run::SLOTS).await;
    let folder = scratch("ratio");
    preload::fill(&line, &folder, setup.users).await;
    let ours = Server::hotline(Hotline {
        folder: &folder,
        mock: line.port,
        level: setup.level,
        rate: 1_000_000,
        store: "",
    });
    let floor = Server::floor(&scratch("floor"), line.port);
    println!("hotline: {}", ours.command);
    println!("floor:   {}", floor.command);
    println!(
        "{} known customers, each live before the first window; log level {}",
        setup.users, setup.level
    );
    touch_each(&line, &ours, setup.users).await;
    let (warm, window) = (Duration::from_secs(1), Duration::from_secs(setup.seconds));
    let draw = Draw::Random(setup.users);
    println!("        floor us/msg  msgs/s | hotline us/msg  msgs/s  not-200 | ratio");
    let (mut floors, mut mine, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 1..=setup.pairs {
        let a = saturated(&line, &floor, draw, warm, window).await;
        let b = saturated(&line, &ours, draw, warm, window).await;
        let ratio = b.cpu / a.cpu;
        println!(
            "pair {pair}: {:12.1} {:7.0} | {:14.1} {:7.0} {:8} | {ratio:.2}",
            a.cpu, a.rate, b.cpu, b.rate, b.refused
        );
        floors.push(a.cpu);
        mine.push(b.cpu);
        ratios.push(ratio);
    }
    let show = |name: &str, values: &[f64]| {
        let (median, least, most) = spread(values);
        println!("{name}: {median:.2} [{least:.2}-{most:.2}]");
    };
    show("floor us/msg", &floors);
    show("hotline us/msg", &mine);
    show("ratio", &ratios);
    println!("replies = webhooks answered 200 in every run, on both sides (asserted)");
    floor.stop();
    ours.stop();
    let _ = std::fs::remove_dir_all(&folder);
}
