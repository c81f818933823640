//! Conducts a run: the driver on its own thread, the journal watched from this one.
//!
//! Refuses to call a run over while something accepted is unanswered and the scenario's patience
//! lasts; a moment after the last answer it still looks for a second one.

use crate::client::Target;
use crate::drive::{self, Job, Sent, Start};
use crate::live::Live;
use crate::progress::Progress;
use crate::report::ServerUse;
use crate::scenario::Scenario;
use crate::schedule::Arrival;
use crate::target::Server;
use crate::verdict::Health;
use crate::watch::Watch;
use hotline::simulator::Platform;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(25);
/// Between the end of the preparations and the first message.
const AHEAD: Duration = Duration::from_millis(300);
/// After the last answer, so that a second one is still caught.
const AFTER: Duration = Duration::from_millis(500);

/// What came of the driving.
pub struct Driven {
    /// How each message was taken, in plan order.
    pub sent: Vec<Sent>,
    /// Still looking: the server has not ended yet.
    pub watch: Watch,
    /// When it began.
    pub start: Start,
    /// What the generator used.
    pub health: Health,
    /// What the server used, when it is ours.
    pub server: Option<ServerUse>,
}

/// Drives the plan, watches the journal, waits for what is owed.
///
/// # Errors
/// A sentence: the driving thread could not be made or died.
pub fn conduct(
    platform: &Arc<Platform>,
    scenario: &Scenario,
    seed: u64,
    plan: &Arc<Vec<Arrival>>,
    target: Target,
    server: Option<&Server>,
    cores: usize,
) -> Result<Driven, String> {
    let live = Arc::new(Live::default());
    let mut watch = Watch::new(platform.clone(), live.clone(), plan.len());
    let start = Start::soon(AHEAD);
    let job = Job {
        platform: platform.clone(),
        target,
        plan: plan.clone(),
        texts: scenario
            .texts
            .iter()
            .map(|text| text.text.clone())
            .collect(),
        seed,
        live: live.clone(),
        start,
    };
    let before = server.and_then(Server::usage);
    let mut most_memory = 0;
    let cpu_before = cpu_seconds();
    let driver = std::thread::Builder::new()
        .name("driver".to_owned())
        .spawn(move || drive::run(job))
        .map_err(|error| format!("no thread: {error}"))?;
    let mut progress = Progress::new(plan.len());
    while !live.over.load(Ordering::Acquire) && !driver.is_finished() {
        std::thread::sleep(LOOK);
        watch.look();
        progress.tell(&live, watch.answered(), start.at.elapsed(), "driving");
        if let Some((_, memory)) = server.and_then(Server::usage) {
            most_memory = most_memory.max(memory);
        }
    }
    let health = Health {
        cpu_seconds: cpu_seconds() - cpu_before,
        wall_seconds: start.at.elapsed().as_secs_f64(),
        cores,
    };
    let sent = driver
        .join()
        .map_err(|_| "the driving thread died".to_owned())?
        .map_err(|error| format!("no runtime: {error}"))?;
    settle(scenario, &sent, &live, &mut watch, &mut progress, start);
    progress.end();
    let after = server.and_then(Server::usage);
    let used = before
        .zip(after)
        .map(|((before, _), (after, memory))| ServerUse {
            cpu_seconds: after - before,
            memory: most_memory.max(memory),
        });
    Ok(Driven {
        sent,
        watch,
        start,
        health,
        server: used,
    })
}

/// Waits until everything accepted is answered, at most as long as the scenario says.
fn settle(
    scenario: &Scenario,
    sent: &[Sent],
    live: &Live,
    watch: &mut Watch,
    progress: &mut Progress,
    start: Start,
) {
    let until = Instant::now() + scenario.settle;
    loop {
        watch.look();
        if watch.nothing_owed(sent) || Instant::now() > until {
            break;
        }
        progress.tell(live, watch.answered(), start.at.elapsed(), "settling");
        std::thread::sleep(LOOK);
    }
    std::thread::sleep(AFTER);
    watch.look();
}

/// CPU seconds of this process.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
