//! `hotline store`: moves, saves and brings back a deployment. Needs no secret of LINE's.
//!
//! Sources and targets are named by their config folders. A backup of a running embedded store is written by its server,
//! which alone may read the folder; everything else is read and written here.

use super::{DONE, FAULT, OUTSIDE, ask, environment, print_faults};
use crate::app::{self, Moved, StoreAtHand, Target};
use crate::config::{self, Site};
use crate::telemetry::logging;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A backup of many millions takes a while.
const PATIENCE: Duration = Duration::from_secs(6 * 3_600);

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Copies everything into another store; both must be at rest, the target empty
    Copy {
        /// Config folder of the source
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// Config folder of the target
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Go on with a copy that was begun before
        #[arg(long)]
        resume: bool,
    },
    /// Writes everything into a new file, while the server works or at rest
    Backup {
        /// The file; it must not exist
        file: PathBuf,
        /// The config folder
        #[arg(long, default_value = "config", value_name = "DIR")]
        config: PathBuf,
    },
    /// Brings a backup back into an empty store
    Restore {
        /// The file
        file: PathBuf,
        /// The config folder
        #[arg(long, default_value = "config", value_name = "DIR")]
        config: PathBuf,
        /// Go on with a restore that was begun before
        #[arg(long)]
        resume: bool,
    },
}

pub(super) fn run(command: &Command) -> u8 {
    logging::start("warn", logging::Format::Auto, true);
    let (what, ended) = match command {
        Command::Copy { from, to, resume } => ("copy", copy(from, to, *resume)),
        Command::Backup { file, config } => ("backup", backup(file, config)),
        Command::Restore {
            file,
            config,
            resume,
        } => ("restore", restore(file, config, *resume)),
    };
    match ended {
        Ok(told) => super::written(say(&told)),
        Err(Failure::Config) => FAULT,
        Err(Failure::Outside(why)) => {
            eprintln!("store {what}: {why}");
            OUTSIDE
        }
    }
}

/// Why nothing, or not everything, was done.
enum Failure {
    /// Told already.
    Config,
    Outside(String),
}

impl From<String> for Failure {
    fn from(why: String) -> Failure {
        Failure::Outside(why)
    }
}

fn say(told: &str) -> io::Result<u8> {
    writeln!(io::stdout(), "{told}")?;
    Ok(DONE)
}

fn site(config: &Path) -> Result<Site, Failure> {
    config::site(config, &environment).map_err(|faults| {
        print_faults(&faults);
        Failure::Config
    })
}

fn at_hand(site: &Site) -> Result<StoreAtHand, Failure> {
    StoreAtHand::open(&site.store).map_err(|error| Failure::Outside(error.to_string()))
}

/// A source: nothing is made where there is none.
fn source(site: &Site) -> Result<StoreAtHand, Failure> {
    wait(async {
        let found = StoreAtHand::existing(&site.store).await;
        found.map_err(|error| error.to_string())
    })
}

fn copy(from: &Path, to: &Path, resume: bool) -> Result<String, Failure> {
    let (from, to) = (site(from)?, site(to)?);
    let source = source(&from)?;
    source.at_rest()?;
    let left = source.store.departures();
    let target = at_hand(&to)?;
    target.at_rest()?;
    let archive = target.archive(&to).map_err(|error| error.to_string())?;
    let moved = wait(app::copy(
        &*source.store,
        &Target {
            store: &*target.store,
            archive: &*archive,
            resume,
        },
    ))?;
    // Whoever came meanwhile may have written to what had been read already.
    source.at_rest()?;
    if source.store.departures() != left {
        let why = "somebody was at work with the source meanwhile: what was copied may be old, \
                   allowed: an empty target, and nobody at work";
        return Err(Failure::Outside(why.into()));
    }
    wait(target.close())?;
    wait(source.close())?;
    Ok(told("copied and compared", &moved))
}

fn restore(file: &Path, config: &Path, resume: bool) -> Result<String, Failure> {
    let site = site(config)?;
    let target = at_hand(&site)?;
    target.at_rest()?;
    let archive = target.archive(&site).map_err(|error| error.to_string())?;
    let moved = wait(app::restore(
        file,
        &Target {
            store: &*target.store,
            archive: &*archive,
            resume,
        },
    ))?;
    wait(target.close())?;
    Ok(told("restored and compared", &moved))
}

fn backup(file: &Path, config: &Path) -> Result<String, Failure> {
    let site = site(config)?;
    let file = std::path::absolute(file).map_err(|error| error.to_string())?;
    if !site.store.is_shared() {
        let socket = site.store.socket();
        let asked = ask::post(&socket, "/admin/backup", &file.to_string_lossy(), PATIENCE);
        if let Some(answer) = asked {
            let answer = answer.map_err(|error| format!("the server does not answer: {error}"))?;
            return match answer.status {
                200 => Ok(answer.body.trim_end().to_owned()),
                _ => Err(Failure::Outside(answer.body.trim_end().to_owned())),
            };
        }
    }
    let source = source(&site)?;
    let moved = wait(app::back_up(&*source.store, &file))?;
    wait(source.close())?;
    Ok(told("saved", &moved))
}

fn told(what: &str, moved: &Moved) -> String {
    format!("{what}: {moved}")
}

fn wait<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    Ok(runtime.block_on(work)?)
}
