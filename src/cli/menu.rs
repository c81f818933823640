//! `hotline menu sync`: creates or updates the rich menu on LINE from the config.

use super::{DONE, FAULT, OUTSIDE, environment, print_faults};
use crate::app;
use crate::line::rich_menu::{self, Report, Step};
use crate::telemetry::logging;
use std::io::Write;
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Creates or updates the rich menu on LINE from the config
    Sync {
        /// The config folder
        #[arg(long, default_value = "config", value_name = "DIR")]
        config: PathBuf,
        /// One channel; all when absent
        #[arg(long, value_name = "ID")]
        channel: Option<String>,
        /// Says what would be done, changes nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) fn run(command: &Command) -> u8 {
    let Command::Sync {
        config,
        channel,
        dry_run,
    } = command;
    logging::start("warn", logging::Format::Auto, true);
    let prepared = match app::prepare(config, &environment) {
        Ok(prepared) => prepared,
        Err(faults) => {
            print_faults(&faults);
            return FAULT;
        }
    };
    let Some(spec) = app::menu_spec(&prepared.automation.engine()) else {
        eprintln!("{}: automation/*.toml has no [rich_menu]", config.display());
        return FAULT;
    };
    let channels: Vec<_> = prepared
        .settings
        .channels
        .iter()
        .filter(|known| {
            channel
                .as_deref()
                .is_none_or(|wanted| wanted == known.id.as_str())
        })
        .collect();
    if channels.is_empty() {
        let known: Vec<&str> = (prepared.settings.channels.iter())
            .map(|known| known.id.as_str())
            .collect();
        eprintln!(
            "menu sync: --channel {:?} is not in {}/hotline.toml, allowed: {}",
            channel.as_deref().unwrap_or_default(),
            config.display(),
            known.join(", ")
        );
        return FAULT;
    }
    actix_rt::System::new().block_on(async {
        let mut code = DONE;
        for settings in channels {
            let synced = match app::line_client(settings) {
                Ok(line) => rich_menu::sync(&line, &spec, *dry_run)
                    .await
                    .map_err(|e| e.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match synced {
                Ok(report) => print(settings.id.as_str(), &report, *dry_run),
                Err(error) => {
                    eprintln!("{}: {error}", settings.id);
                    code = OUTSIDE;
                }
            }
        }
        code
    })
}

fn print(channel: &str, report: &Report, dry_run: bool) {
    let tense = if dry_run { "would be" } else { "is" };
    for step in &report.steps {
        let done = match step {
            Step::Found(id) => format!("menu {} {tense} as wanted ({id})", report.name),
            Step::Created(id) => {
                let id = id.as_deref().unwrap_or("no id yet");
                format!("menu {} {tense} created ({id})", report.name)
            }
            Step::Uploaded => format!("image {tense} uploaded"),
            Step::SetDefault => format!("menu {tense} shown to everybody"),
            Step::Deleted(id) => format!("older menu {id} {tense} deleted"),
        };
        // A reader that went away is no reason to fail.
        let _ = writeln!(std::io::stdout(), "{channel}: {done}");
    }
}
