//! The speed proof: the whole job, webhook → durable → actor → answer accepted by LINE → completed,
//! both commits included, against a stateless floor measured in the same run.
//!
//! `cargo bench --bench whole_job -- ratio [users] [pairs] [seconds] [log level]` (see
//! `docs/performance.md` for every figure and its command). Needs two cores and `taskset`: the
//! server is pinned to core 0; mock LINE and load, which are this process, to core 1.

mod behaviour;
mod floor;
mod http;
mod load;
mod message;
mod mock;
mod preload;
mod ratio;
mod redis;
mod run;
mod scale;
mod server;

use std::process::Command;

fn main() {
    // cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let word = |nth: usize| arguments.get(nth).map(String::as_str);
    let number = |nth: usize, default: u64| word(nth).map_or(Some(default), |w| w.parse().ok());
    let number = |nth, default| number(nth, default).expect("a whole number");
    match word(0) {
        Some("floor") => floor::run(number(1, 0) as u16, number(2, 0) as u16),
        Some("ratio") => on_core_1(ratio::run(ratio::Setup {
            users: number(1, 100_000),
            pairs: number(2, 5) as usize,
            seconds: number(3, 5),
            level: word(4).unwrap_or("warn"),
        })),
        Some("redis") => on_core_1(redis::run(
            number(1, 100_000),
            number(2, 5) as usize,
            number(3, 5),
            word(4).unwrap_or("durability = \"disk\"\nassume_settings = true"),
        )),
        Some("node") => on_core_1(ratio::node(
            number(1, 100_000),
            number(2, 3) as usize,
            number(3, 5),
        )),
        Some("curve") => on_core_1(scale::curve(number(1, 1_000_000), number(2, 4))),
        Some("memory") => on_core_1(scale::memory(number(1, 1_000_000))),
        Some("restart") => on_core_1(scale::restart(number(1, 1_000_000))),
        Some("latency") => on_core_1(behaviour::latency(number(1, 100_000), number(2, 20))),
        Some("overload") => on_core_1(behaviour::overload(number(1, 100_000))),
        _ => println!(
            "say what (docs/performance.md tells more):\n\
             ratio [users] [pairs] [seconds] [log level]\nnode [users] [pairs] [seconds]\n\
             curve [most users] [seconds]\nredis [users] [pairs] [seconds] [lines of the store's settings]\nmemory [users]\nrestart [users]\n\
             latency [users] [seconds]\noverload [users]"
        ),
    }
}

fn on_core_1(work: impl Future<Output = ()>) {
    let me = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["-c", "-p", "1", &me])
        .output();
    assert!(
        pinned.is_ok_and(|output| output.status.success()),
        "taskset (util-linux) and a second core are needed"
    );
    machine();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, work);
}

fn machine() {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "machine: {model}, Linux {}, load before {}",
        kernel.trim(),
        load.trim()
    );
}
