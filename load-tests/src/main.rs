//! `hotline-load`: an open-loop load generator that is also the LINE platform the answers go to.
//!
//! Law: the schedule is fixed beforehand, the judgement is the ledger's from the journal alone, and
//! load goes to loopback only.

// The tool's own threads may sleep: no arbiter is blocked.
#![allow(clippy::disallowed_methods)]

mod arguments;
mod client;
mod conduct;
mod drive;
mod figures;
mod live;
mod progress;
mod random;
mod report;
mod run;
mod scenario;
mod schedule;
mod server_config;
mod target;
mod units;
mod verdict;
mod watch;

use arguments::{Arguments, Command};
use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

/// Set-up failed.
const SET_UP: u8 = 3;

/// The server's allocator too: the generator must not be the slower half.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // 2 is taken: it says that a run is invalid.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { SET_UP } else { 0 });
        }
    };
    let outcome = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::List => list(),
        Command::Config(arguments) => config(&arguments),
    };
    ExitCode::from(outcome.unwrap_or_else(|sentence| {
        eprintln!("hotline-load: {sentence}");
        SET_UP
    }))
}

fn list() -> Result<u8, String> {
    let mut out = std::io::stdout().lock();
    for (name, text) in scenario::SHIPPED {
        let scenario = scenario::read(name, name, text).map_err(|faults| faults.to_string())?;
        let scale = scenario.scale;
        let scenario = scenario.scaled(scale);
        let line = format!(
            "{name:16} {}; {} messages in {:.0} s, at most {:.0} a second",
            scenario.title,
            units::grouped(scenario.messages().round() as u64),
            scenario.length().as_secs_f64(),
            scenario.peak(),
        );
        writeln!(out, "{line}").map_err(|error| error.to_string())?;
    }
    Ok(0)
}

fn config(arguments: &arguments::Config) -> Result<u8, String> {
    let addresses = server_config::Addresses {
        listen: arguments.listen,
        internal: arguments.internal,
        line: arguments.line_listen,
    };
    let all = [addresses.listen, addresses.internal, addresses.line];
    if let Some(addr) = all.iter().find(|addr| !addr.ip().is_loopback()) {
        return Err(format!("{addr} is not on loopback"));
    }
    let folder = &arguments.folder;
    let fault = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(fault)?;
    let folder = folder.canonicalize().map_err(fault)?;
    server_config::write(&folder, &folder.join("data"), addresses).map_err(fault)?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "hotline serve --config {}\nhotline-load run smoke --target http://{} --line-listen {}",
        folder.display(),
        addresses.listen,
        addresses.line
    )
    .map_err(|error| error.to_string())?;
    Ok(0)
}
