//! `hotline quarantine`: what was set aside undecided, and who is left alone. Needs no secret and
//! shows no customer's words.
//!
//! Asks the running server over its admin socket; without one it reads the folder, changing nothing.
//! A folder that is not there, or that this user may not see, is an error and never an all-clear.

use super::{DONE, FAULT, OUTSIDE, ask, environment, print_faults};
use crate::actors::Quarantined;
use crate::config::{self, settings::StoreKind};
use crate::ports::store::EntityKind;
use crate::server::status::Quarantine;
use crate::store::embedded::{OpenError, all_at_rest};
use crate::telemetry::logging;
use httpdate::HttpDate;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// A server under load may read a while.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The config folder
    #[arg(long, default_value = "config", value_name = "DIR")]
    config: PathBuf,
    /// One JSON object instead of lines for people
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    logging::start("warn", logging::Format::Auto, true);
    let site = match config::site(&arguments.config, &environment) {
        Ok(site) => site,
        Err(faults) => {
            print_faults(&faults);
            return FAULT;
        }
    };
    if !matches!(site.store.kind, StoreKind::Embedded) {
        eprintln!("quarantine: store.kind is \"redis\", allowed in this version: \"embedded\"");
        return FAULT;
    }
    let socket = site.store.socket();
    let found = match ask::socket(&socket, "/admin/quarantine", PATIENCE) {
        Some(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(forbidden("reach the admin socket", &absolute(&socket)))
        }
        Some(answer) => of_server(answer),
        None => at_rest(&absolute(&site.store.path)),
    };
    match found {
        Ok(found) => super::written(tell(&found, arguments.json).map(|()| DONE)),
        Err(why) => {
            eprintln!("quarantine: {why}");
            OUTSIDE
        }
    }
}

fn of_server(answer: io::Result<ask::Answer>) -> Result<Quarantine, String> {
    let answer = answer.map_err(|error| format!("the server does not answer: {error}"))?;
    if answer.status != 200 {
        let said = answer.body.trim_end();
        return Err(format!("the server answers {}: {said}", answer.status));
    }
    serde_json::from_str(&answer.body)
        .map_err(|error| format!("the server's answer is of another version: {error}"))
}

/// As the operator must look for it, whatever directory he is in.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn forbidden(what: &str, path: &Path) -> String {
    let user = rustix::process::geteuid().as_raw();
    let path = path.display();
    format!("user {user} may not {what} {path}, allowed: the server's user, or root")
}

/// `folder` is absolute.
fn at_rest(folder: &Path) -> Result<Quarantine, String> {
    match fs::metadata(folder.join(".")) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(format!(
                "there is no folder {}: a relative store.path counts from the working directory, so \
                 run this in the server's (WorkingDirectory of its unit), or give store.path as an \
                 absolute path",
                folder.display()
            ));
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(forbidden("look into folder", folder));
        }
        Err(error) => return Err(format!("folder {}: {error}", folder.display())),
    }
    let all = all_at_rest(folder, EntityKind::Quarantine).map_err(|error| match error {
        OpenError::Locked { .. } => format!(
            "a server is running on folder {} and does not listen on its admin socket there",
            folder.display()
        ),
        other => other.to_string(),
    })?;
    let read = all.iter().map(|(key, value)| Quarantined::read(key, value));
    Ok(Quarantine {
        quarantined: read.filter(Quarantined::is_something).collect(),
        parked: Vec::new(),
    })
}

fn tell(found: &Quarantine, as_json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if as_json {
        serde_json::to_writer(&mut out, found)?;
        return writeln!(out);
    }
    if found.quarantined.is_empty() && found.parked.is_empty() {
        return writeln!(out, "nothing is in quarantine, nobody is parked");
    }
    for kept in &found.quarantined {
        writeln!(
            out,
            "{}  {} ({}) since {}, last {}: {}",
            kept.conversation,
            match kept.events + kept.overflow {
                1 => "1 event".to_owned(),
                many => format!("{many} events"),
            },
            kept.types.join(", "),
            date(kept.since),
            date(kept.last),
            kept.why
        )?;
    }
    for parked in &found.parked {
        let until = date(parked.until);
        let (who, why) = (&parked.conversation, &parked.why);
        writeln!(out, "{who}  parked until {until}: {why}")?;
    }
    Ok(())
}

fn date(millis: u64) -> HttpDate {
    // The format ends with the year 9999.
    let seconds = (millis / 1_000).min(253_402_300_799);
    (UNIX_EPOCH + Duration::from_secs(seconds)).into()
}
