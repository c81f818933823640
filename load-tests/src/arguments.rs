//! The command line of `hotline-load`.

use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Load with a ledger: customers write through a simulated LINE, every answer is accounted for.
///
/// Exit codes: 0 every threshold holds · 1 a threshold failed · 2 the run is invalid (the generator
/// was too busy to measure) · 3 set-up failed.
#[derive(Parser)]
#[command(name = "hotline-load", version, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Runs a scenario
    Run(Run),
    /// Shows the scenarios that ship with the tool
    List,
    /// Writes a config folder for a server of your own to put under load with --target
    Config(Config),
}

/// `run`.
#[derive(clap::Args)]
pub struct Run {
    /// Name of a shipped scenario, or path of a scenario file
    pub scenario: String,
    /// A running server on loopback; without it one is started in a temporary folder
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,
    /// Where the simulated LINE listens when --target is given: the target's api_base
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8091")]
    pub line_listen: SocketAddr,
    /// The program to start [default: hotline beside this one]
    #[arg(long, value_name = "PATH", conflicts_with = "target")]
    pub hotline: Option<PathBuf>,
    /// Writes report.html, report.json and journal.jsonl there
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// Multiplies rates and customers of the scenario; 1 is the scenario as written
    #[arg(long, value_name = "FACTOR")]
    pub scale: Option<f64>,
    /// Another seed than the scenario's: other chances, same curve
    #[arg(long)]
    pub seed: Option<u64>,
    /// Cores the generator may use [default: half of the machine's]
    #[arg(long)]
    pub cores: Option<usize>,
}

/// `config`.
#[derive(clap::Args)]
pub struct Config {
    /// The folder; created
    pub folder: PathBuf,
    /// Where the simulated LINE will listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8091")]
    pub line_listen: SocketAddr,
    /// Where the server will listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where the server's metrics will be
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9464")]
    pub internal: SocketAddr,
}
