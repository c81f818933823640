//! What a commit costs Redis, alone and in company. Asserts nothing; run it with
//! `cargo test --test store_redis_many measure -- --ignored --nocapture`.

use super::server::{Server, installed};
use super::support::*;
use super::topology::pair;
use futures_util::future::join_all;
use hotline::ports::store::*;
use hotline::store::redis::{Durability, Options, Redis};
use std::time::Instant;

const COMMITS: u64 = 20_000;

#[test]
#[ignore = "measures"]
fn what_a_commit_costs() {
    if !installed() {
        return;
    }
    println!("durability  depth  commits/s  redis cpu us/commit  commands in one read");
    for depth in [1, 8, 64, 512] {
        measure(&Server::start(), "fast", Durability::Fast, depth);
    }
    for depth in [1, 64, 512] {
        let server = Server::with(&["--appendonly", "yes", "--appendfsync", "always"]);
        measure(&server, "disk", Durability::Disk, depth);
    }
    for depth in [1, 64, 512] {
        let [master, _replica] = pair();
        measure(&master, "replicated", Durability::Replicated, depth);
    }
}

fn measure(server: &Server, name: &str, durability: Durability, depth: u64) {
    let store = Redis::open(Options {
        durability,
        partitions: 256,
        ..server.options()
    })
    .unwrap();
    let commits = if depth == 1 { COMMITS / 10 } else { COMMITS };
    let value = "v".repeat(600);
    let record = "r".repeat(250);
    let (cpu, reads) = (field(server, "cpu", CPU), field(server, "stats", READS));
    let began = Instant::now();
    run(join_all((0..depth).map(async |chain| {
        for n in 1..=commits / depth {
            let before = (n > 1).then(|| n - 1);
            let commit = put(&format!("{chain:032}"), before, n, &value).with_feed(&[&record]);
            landed(store.commit(commit).await, n);
        }
    })));
    let took = began.elapsed().as_secs_f64();
    let landed = (commits / depth * depth) as f64;
    let cpu = field(server, "cpu", CPU) - cpu;
    let reads = field(server, "stats", READS) - reads;
    println!(
        "{name:<10}  {depth:>5}  {:>9.0}  {:>19.1}  {:>20.1}",
        landed / took,
        cpu * 1e6 / landed,
        landed / reads,
    );
}

const CPU: &[&str] = &["used_cpu_user", "used_cpu_sys"];
const READS: &[&str] = &["total_reads_processed"];

fn field(server: &Server, section: &str, names: &[&str]) -> f64 {
    let info = server.say(&["INFO", section]);
    let of = |name: &&str| -> f64 {
        let mut lines = info.lines().filter_map(|line| line.split_once(':'));
        let value = lines.find(|(key, _)| key == name).map(|(_, value)| value);
        value.unwrap().trim().parse().unwrap()
    };
    names.iter().map(of).sum()
}
