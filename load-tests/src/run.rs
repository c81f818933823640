//! One run from scenario to exit code.
//!
//! Order: read and refuse → simulator → server → drive and watch → settle → stop the server →
//! ledger → judge → report. The server is stopped before the ledger reads, so that nothing it still
//! sends on its way out is missed.

use crate::arguments;
use crate::drive::{self, Job, Sent, Start};
use crate::figures;
use crate::live::{Live, read};
use crate::progress::Progress;
use crate::report::{self, Report, ServerUse};
use crate::scenario::{self, SHIPPED, Scenario};
use crate::schedule::{self, Arrival};
use crate::server_config::{CHANNEL, SECRET, TOKEN, answer_marker};
use crate::target::{self, Server};
use crate::units;
use crate::verdict::{self, Counts, Health};
use crate::watch::Watch;
use hotline::simulator::faults::Fault;
use hotline::simulator::ledger::{self, Ledger};
use hotline::simulator::options::Rates;
use hotline::simulator::{ChannelOptions, Faults, Options, Platform, Simulator, What};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(25);
/// Between the end of the preparations and the first message.
const AHEAD: Duration = Duration::from_millis(300);
/// After the last answer, so that a second one is still caught.
const AFTER: Duration = Duration::from_millis(500);

/// Runs a scenario; the exit code.
///
/// # Errors
/// A sentence: the set-up failed.
pub fn run(arguments: &arguments::Run) -> Result<u8, String> {
    let named = arguments.target.as_deref().map(target::parse).transpose()?;
    if !arguments.line_listen.ip().is_loopback() {
        return Err(format!(
            "--line-listen {} is not on loopback",
            arguments.line_listen
        ));
    }
    let scenario = load(arguments)?;
    let seed = arguments.seed.unwrap_or(scenario.seed);
    let plan = Arc::new(schedule::plan(&scenario, seed));
    if let Some(folder) = &arguments.report {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let line_at = match named {
        Some(_) => arguments.line_listen,
        None => SocketAddr::from(([127, 0, 0, 1], 0)),
    };
    let simulator = simulate(&scenario, seed, line_at, arguments.report.as_deref())?;
    let platform = simulator.platform.clone();
    let temporary = tempfile::Builder::new()
        .prefix("hotline-load-")
        .tempdir()
        .map_err(|error| format!("no temporary folder: {error}"))?;
    let (target, server) = match named {
        Some(target) => {
            eprintln!(
                "simulated LINE at {0}; the target's config needs api_base = \"http://{0}\", \
                 secret = \"{SECRET}\", access_token = \"{TOKEN}\" and the rules that \
                 `hotline-load config DIR` writes",
                simulator.addr
            );
            target::wait_for(&target)?;
            (target, None)
        }
        None => {
            let server = Server::start(&program(arguments)?, temporary.path(), simulator.addr)?;
            (server.target.clone(), Some(server))
        }
    };
    platform.set_webhook_url(CHANNEL, Some(&target.url()));
    slow_down(&platform, &scenario);
    eprintln!(
        "{}: {} messages of at most {} customers in {:.0} s to {}",
        scenario.name,
        units::grouped(plan.len() as u64),
        units::grouped(scenario.customers as u64),
        scenario.length().as_secs_f64(),
        target.url()
    );
    let mut driven = drive_and_watch(
        &platform,
        &scenario,
        seed,
        &plan,
        target.clone(),
        server.as_ref(),
        cores(arguments),
    )?;
    let left_well = server.map(Server::stop);
    driven.watch.look();
    let answers = driven.watch.into_answers();
    let (ledger, counts) = account(&platform, seed, &plan, &driven.sent);
    let figures = figures::measure(&scenario, &plan, &driven.sent, &answers, driven.start);
    simulator.stop();
    let judged = verdict::judge(&scenario.thresholds, &figures, &ledger, counts);
    let mut doubts = verdict::doubts(scenario.limits, &figures, driven.health);
    if left_well == Some(false) {
        doubts.push("the server did not end well when it was told to".to_owned());
    }
    let report = Report {
        end: verdict::end(&judged, &doubts),
        seed,
        messages: plan.len() as u64,
        target: target.url(),
        scenario,
        ledger,
        counts,
        figures,
        health: driven.health,
        server: driven.server,
        judged,
        doubts,
    };
    report::write(&report, arguments.report.as_deref())
        .map_err(|error| format!("report: {error}"))?;
    Ok(report.end.code())
}

fn load(arguments: &arguments::Run) -> Result<Scenario, String> {
    let name = &arguments.scenario;
    let shipped = SHIPPED.iter().find(|(shipped, _)| shipped == name);
    let scenario = match shipped {
        Some((name, text)) => scenario::read(name, name, text),
        None => {
            let text = fs::read_to_string(name).map_err(|error| {
                let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
                format!(
                    "{name}: {error}; it is neither a file nor one of {}",
                    known.join(", ")
                )
            })?;
            let stem = Path::new(name).file_stem().unwrap_or_default();
            scenario::read(&stem.to_string_lossy(), name, &text)
        }
    };
    let scenario = scenario.map_err(|faults| faults.to_string())?;
    let scale = arguments.scale.unwrap_or(scenario.scale);
    if !(scale > 0.0 && scale <= 100.0) {
        return Err(format!("--scale {scale}: is not above 0 and at most 100"));
    }
    let scenario = scenario.scaled(scale);
    if scenario.messages() < 1.0 || scenario.messages() > scenario::MAX_MESSAGES {
        let messages = scenario.messages();
        return Err(format!(
            "--scale {scale}: {messages:.0} messages are too few or too many"
        ));
    }
    Ok(scenario)
}

fn simulate(
    scenario: &Scenario,
    seed: u64,
    listen: SocketAddr,
    report: Option<&Path>,
) -> Result<hotline::simulator::SimulatorThread, String> {
    let journal_file = report.map(|folder| folder.join("journal.jsonl"));
    if let Some(file) = journal_file.as_deref().filter(|file| file.exists()) {
        // The simulator appends; a report is of one run.
        fs::remove_file(file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let options = Options {
        channels: vec![ChannelOptions::new(CHANNEL, SECRET, TOKEN)],
        rates: Rates {
            scale: scenario.line.rate_scale,
            ..Rates::default()
        },
        journal_file,
        journal_keep: None,
        thread_keep: 0,
        seed: Some(seed),
        workers: 1,
        ..Options::default()
    };
    let fault = |error: std::io::Error| format!("the simulated LINE at {listen}: {error}");
    let listener = TcpListener::bind(listen).map_err(fault)?;
    Simulator::spawn(options, listener).map_err(fault)
}

fn slow_down(platform: &Platform, scenario: &Scenario) {
    let ms = u64::try_from(scenario.line.latency.as_millis()).unwrap_or(u64::MAX);
    if ms > 0 {
        platform.set_faults(Faults {
            latency_before: Some(Fault {
                ms,
                ..Fault::default()
            }),
            ..Faults::default()
        });
    }
}

fn program(arguments: &arguments::Run) -> Result<PathBuf, String> {
    if let Some(path) = &arguments.hotline {
        // The server runs in a folder of its own.
        return path
            .canonicalize()
            .map_err(|error| format!("--hotline {}: {error}", path.display()));
    }
    let own = std::env::current_exe().map_err(|error| format!("own path: {error}"))?;
    let beside = own.with_file_name("hotline");
    if beside.is_file() {
        Ok(beside)
    } else {
        Err(format!(
            "{} is not there; name the program with --hotline PATH",
            beside.display()
        ))
    }
}

fn cores(arguments: &arguments::Run) -> usize {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    arguments.cores.unwrap_or(all / 2).max(1)
}

/// What came of the driving.
struct Driven {
    sent: Vec<Sent>,
    watch: Watch,
    start: Start,
    health: Health,
    server: Option<ServerUse>,
}

fn drive_and_watch(
    platform: &Arc<Platform>,
    scenario: &Scenario,
    seed: u64,
    plan: &Arc<Vec<Arrival>>,
    target: crate::client::Target,
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
    settle(scenario, &live, &mut watch, &mut progress, start);
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
    live: &Live,
    watch: &mut Watch,
    progress: &mut Progress,
    start: Start,
) {
    let until = Instant::now() + scenario.settle;
    loop {
        watch.look();
        let all = watch.answered() >= read(&live.accepted);
        if all || Instant::now() > until {
            break;
        }
        progress.tell(live, watch.answered(), start.at.elapsed(), "settling");
        std::thread::sleep(LOOK);
    }
    std::thread::sleep(AFTER);
    watch.look();
}

/// The ledger: what was asked against what the journal says, and nothing else.
fn account(
    platform: &Platform,
    seed: u64,
    plan: &[Arrival],
    sent: &[Sent],
) -> (ledger::Verdict, Counts) {
    let mut ledger = Ledger::new();
    for (arrival, sent) in plan.iter().zip(sent) {
        if !sent.event.is_empty() {
            let customer = drive::user_id(seed, arrival.customer);
            ledger.ask(&customer, &sent.event, &answer_marker(sent.nth));
        }
    }
    let mut counts = Counts::default();
    for entry in platform.journal().entries_since(0) {
        if let What::Webhook(webhook) = &entry.what {
            counts.sent += 1;
            counts.refused += u64::from(webhook.status == 503);
            counts.failed += u64::from(!webhook.acknowledged() && webhook.status != 503);
        }
        ledger.see(&entry);
    }
    (ledger.verdict(), counts)
}

/// CPU seconds of this process.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
