//! The command line: arguments in, one subcommand per file, an exit code out.
//!
//! Law of this room: a subcommand reads its arguments, calls the room that knows, prints for
//! people. Exit codes: 0 done · 1 the input or config is at fault · 2 usage · 3 something outside
//! failed (store, network).

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod ask;
pub mod check;
pub mod classify;
mod conversation;
mod demo;
mod doctor;
pub mod explain;
#[cfg(feature = "failpoints")]
mod failpoints;
mod health;
mod menu;
mod quarantine;
pub mod search;
mod serve;
mod simulator;
mod store;
mod suggest;
mod usage;

use crate::domain::time::Millis;
use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// Done.
const DONE: u8 = 0;
/// The input or config is at fault.
const FAULT: u8 = 1;
/// Something outside failed.
const OUTSIDE: u8 = 3;

/// Conversation router for LINE Official Accounts.
#[derive(Parser)]
#[command(name = "hotline", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The first minute: everything on loopback, with a simulated LINE and a phone in the browser
    Demo(demo::Arguments),
    /// The production server
    Serve(ConfigArgument),
    /// Validates every file of the config
    Check(ConfigArgument),
    /// What messages mean: JSON lines {"id", "text"} in, one line of meaning each out
    Classify(ConfigArgument),
    /// Why a text is answered the way it is
    Explain(Explain),
    /// Which help articles are found: questions as JSON lines in, answers as JSON lines out
    Search(search::Arguments),
    /// Proposes synonyms, examples, aliases and articles from what was not understood; changes nothing
    Suggest(suggest::Arguments),
    /// Asks the outside world: token, webhook URL, quota, store, clock, disk
    Doctor(doctor::Arguments),
    /// Whether the server of this config is well: exit code 0, or 1
    Health(health::Arguments),
    /// Events that were set aside undecided, and conversations left alone; no customer's words
    Quarantine(quarantine::Arguments),
    /// Who waits for a person: most urgent first
    Waiting(conversation::Waiting),
    /// One conversation, by hand
    #[command(subcommand)]
    Conversation(conversation::Command),
    /// Moves, saves and brings back a deployment
    #[command(subcommand)]
    Store(store::Command),
    /// The rich menu on LINE
    #[command(subcommand)]
    Menu(menu::Command),
    /// The LINE platform simulator alone
    Simulator(simulator::Arguments),
}

#[derive(clap::Args)]
struct ConfigArgument {
    /// The config folder
    #[arg(long, default_value = "config", value_name = "DIR")]
    config: PathBuf,
}

#[derive(clap::Args)]
struct Explain {
    /// What a customer writes
    text: String,
    /// The config folder
    #[arg(long, default_value = "config", value_name = "DIR")]
    config: PathBuf,
}

/// The code of a command that only writes; a closed pipe is nobody's fault but ends it.
fn written(result: std::io::Result<u8>) -> u8 {
    result.unwrap_or(OUTSIDE)
}

/// Runs the program.
pub fn run() -> ExitCode {
    #[cfg(feature = "failpoints")]
    let _armed = failpoints::arm();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage::tell(&error),
    };
    let code = match arguments.command {
        Command::Demo(arguments) => demo::run(arguments),
        Command::Serve(arguments) => serve::run(&arguments.config),
        Command::Check(arguments) => written(check::run(
            &arguments.config,
            &environment,
            &mut std::io::stdout().lock(),
        )),
        Command::Classify(arguments) => classify::told(classify::run(
            &arguments.config,
            now(),
            std::io::stdin().lock(),
            &mut std::io::BufWriter::new(std::io::stdout().lock()),
            &mut std::io::stderr().lock(),
        )),
        Command::Explain(arguments) => {
            let Explain { text, config } = arguments;
            let out = &mut std::io::stdout().lock();
            written(explain::run(&config, &text, now(), out))
        }
        Command::Search(arguments) => search::run(&arguments),
        Command::Suggest(arguments) => suggest::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Health(arguments) => health::run(&arguments),
        Command::Quarantine(arguments) => quarantine::run(&arguments),
        Command::Waiting(arguments) => conversation::waiting(&arguments),
        Command::Conversation(command) => conversation::run(&command),
        Command::Store(command) => store::run(&command),
        Command::Menu(command) => menu::run(&command),
        Command::Simulator(arguments) => simulator::run(&arguments),
    };
    ExitCode::from(code)
}

/// The time of the wall.
fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Millis(since.map_or(0, |since| since.as_millis() as u64))
}

/// Where environment variables come from outside tests.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Prints findings, one a line, to standard error.
fn print_faults(faults: &[crate::config::Fault]) {
    for fault in faults {
        eprintln!("{fault}");
    }
}

/// An address on loopback; the demo and the simulator open nothing else.
fn loopback(addr: &str) -> Result<SocketAddr, String> {
    let addr: SocketAddr = addr
        .parse()
        .map_err(|_| format!("{addr:?} is not an address like 127.0.0.1:8090"))?;
    if addr.ip().is_loopback() {
        Ok(addr)
    } else {
        Err(format!(
            "{addr} is not on loopback, allowed: an address of this machine alone, such as 127.0.0.1:8090"
        ))
    }
}
