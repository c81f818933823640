//! `hotline health`: whether the server of this config is well, as an exit code for containers and
//! watchdogs: 0 it is, 1 it is not. Needs no secret.

use super::{DONE, FAULT, ask, environment, print_faults};
use crate::config;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Health checks are asked every few seconds: one that takes longer is an answer, too.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The config folder
    #[arg(long, default_value = "config", value_name = "DIR")]
    config: PathBuf,
    /// Asks only whether the process turns, not whether it takes work: for whoever restarts it
    #[arg(long)]
    live: bool,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let site = match config::site(&arguments.config, &environment) {
        Ok(site) => site,
        Err(faults) => {
            print_faults(&faults);
            return FAULT;
        }
    };
    let path = if arguments.live { "/livez" } else { "/readyz" };
    let addr = site.server.internal_listen;
    match ask::listener(addr, path, PATIENCE) {
        Ok(answer) => {
            // A reader that went away is no reason to fail.
            let _ = writeln!(std::io::stdout(), "{}", answer.body.trim_end());
            if answer.status == 200 { DONE } else { FAULT }
        }
        Err(error) => {
            eprintln!("no server answers on server.internal_listen {addr}: {error}");
            FAULT
        }
    }
}
