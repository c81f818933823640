//! `hotline doctor`: asks the outside world what a config check cannot know.

use super::{DONE, FAULT, OUTSIDE, environment, print_faults};
use crate::app;
use crate::config::settings::{Channel, Redis, Settings, StoreKind};
use crate::line::api::{CallError, Client};
use crate::store::embedded::{self, OpenError};
use crate::telemetry::logging;
use httpdate::HttpDate;
use rustix::fs::Access;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The config folder
    #[arg(long, default_value = "config", value_name = "DIR")]
    config: PathBuf,
    /// Reads the whole store and verifies every value (the server must not be running)
    #[arg(long)]
    deep: bool,
}

/// What was found, one line each.
#[derive(Default)]
struct Findings {
    bad: usize,
}

/// Writes a line to people; a reader that went away (`| head`) is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

impl Findings {
    fn good(&mut self, what: &str, said: &str) {
        say(&format!("ok    {what}: {said}"));
    }

    fn warn(&mut self, what: &str, said: &str) {
        say(&format!("warn  {what}: {said}"));
    }

    fn bad(&mut self, what: &str, said: &str) {
        self.bad += 1;
        say(&format!("BAD   {what}: {said}"));
    }
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    logging::start("error", logging::Format::Auto, true);
    let prepared = match app::prepare(&arguments.config, &environment) {
        Ok(prepared) => prepared,
        Err(faults) => {
            print_faults(&faults);
            return FAULT;
        }
    };
    let mut findings = Findings::default();
    store(&prepared.settings, arguments.deep, &mut findings);
    actix_rt::System::new().block_on(async {
        for channel in &prepared.settings.channels {
            match app::line_client(channel) {
                Ok(client) => {
                    if clock(channel, &mut findings).await {
                        line(channel, &client, &mut findings).await;
                    }
                }
                Err(error) => findings.bad(channel.id.as_str(), &error.to_string()),
            }
        }
        if let StoreKind::Redis(asked) = &prepared.settings.store.kind {
            redis_servers(asked, &mut findings).await;
        }
    });
    if findings.bad == 0 { DONE } else { OUTSIDE }
}

fn store(settings: &Settings, deep: bool, findings: &mut Findings) {
    let folder = &settings.store.path;
    if !matches!(settings.store.kind, StoreKind::Embedded) {
        return;
    }
    let standing = standing(folder);
    if let Err(why) = writable(folder, &standing) {
        findings.bad("store", &why);
        return;
    }
    match rustix::fs::statvfs(&standing) {
        Ok(disk) => {
            let free = disk.f_bavail * disk.f_frsize;
            let floor = settings.store.free_space_floor;
            let said = format!("{} MiB free, floor {floor}", free >> 20);
            if free > floor.0 * 2 {
                findings.good("disk", &said);
            } else if free > floor.0 {
                findings.warn("disk", &format!("{said}: nearly full"));
            } else {
                findings.bad("disk", &format!("{said}: new work would be refused"));
            }
        }
        Err(error) => findings.bad("disk", &error.to_string()),
    }
    if !folder.exists() {
        findings.good(
            "store",
            "no data yet, the folder is made at the first start",
        );
    } else if deep {
        match embedded::deep_verify(folder) {
            Ok(report) if report.is_sound() => {
                findings.good(
                    "store",
                    &format!(
                        "sound: {} entities, {} feed batches, last batch {}",
                        report.entities, report.feed_batches, report.last_batch
                    ),
                );
            }
            Ok(report) => report
                .damage
                .iter()
                .for_each(|line| findings.bad("store", line)),
            Err(OpenError::Locked { .. }) => findings.bad(
                "store",
                &format!(
                    "the server is running on this folder, {}: stop it first, or run this on a copy",
                    folder.display()
                ),
            ),
            Err(error) => findings.bad("store", &error.to_string()),
        }
    } else {
        findings.good(
            "store",
            "embedded: a 200 to LINE means written and synced to this disk",
        );
    }
}

/// The folder, or what stands of the way to it.
fn standing(folder: &Path) -> PathBuf {
    let mut ancestors = folder.ancestors();
    match ancestors.find(|path| path.symlink_metadata().is_ok()) {
        Some(path) => path.to_path_buf(),
        None => PathBuf::from("."),
    }
}

/// Whether the server could write its folder, or make it.
fn writable(folder: &Path, standing: &Path) -> Result<(), String> {
    let name = folder.display();
    let allowed = "allowed: a folder that this server alone uses and may write, set by store.path";
    if !standing.is_dir() {
        let file = standing.display();
        return Err(format!("{name}: {file} is a file and no folder, {allowed}"));
    }
    let asked = Access::WRITE_OK | Access::EXEC_OK;
    rustix::fs::access(standing, asked).map_err(|error| {
        let user = rustix::process::geteuid().as_raw();
        let place = standing.display();
        format!("{name}: user {user} may not write in {place} ({error}), {allowed}")
    })
}

/// The innermost reason of a failed request: the outer ones say only that it failed.
fn reason(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// Compares our clock with the `Date` of LINE's answers. Reply tokens are counted in seconds from
/// LINE's timestamps only for people; still, logs and reports of a wrong clock mislead.
///
/// Answers whether there was an answer at all: without one, nothing else needs to be asked.
async fn clock(channel: &Channel, findings: &mut Findings) -> bool {
    let name = channel.id.as_str();
    let asked = async {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .no_proxy()
            .build()?;
        http.get(channel.api_base.as_str()).send().await
    };
    let date = match asked.await {
        Ok(answer) => answer
            .headers()
            .get("date")
            .and_then(|date| date.to_str().ok()?.parse::<HttpDate>().ok()),
        Err(error) => {
            findings.bad(
                name,
                &format!(
                    "{} cannot be reached: {}: is it the api_base that is meant, and may this \
                     machine go there?",
                    channel.api_base,
                    reason(&error)
                ),
            );
            return false;
        }
    };
    let Some(theirs) = date.map(SystemTime::from) else {
        findings.warn(
            name,
            "LINE's answer has no date: the clock was not compared",
        );
        return true;
    };
    let ours = SystemTime::now();
    let apart = ours
        .duration_since(theirs)
        .or_else(|_| theirs.duration_since(ours));
    let seconds = apart.unwrap_or_default().as_secs();
    let said = format!("clock is within {} s of LINE's", seconds + 1);
    if seconds > 5 {
        findings.warn(
            name,
            &format!("clock is {seconds} s off LINE's: is the time service running?"),
        );
    } else {
        findings.good(name, &said);
    }
    true
}

async fn line(channel: &Channel, client: &Client, findings: &mut Findings) {
    let name = channel.id.as_str();
    let info = match client.bot_info().await {
        Ok(info) => info,
        Err(error) => {
            findings.bad(name, &format!("access token: {error}"));
            return;
        }
    };
    findings.good(
        name,
        &format!("access token works, account {}", info.basic_id),
    );
    match &channel.destination {
        Some(expected) if **expected != *info.user_id => findings.bad(
            name,
            &format!(
                "destination is {expected}, but the token is of {}",
                info.user_id
            ),
        ),
        _ => {}
    }
    if info.chat_mode == "chat" {
        findings.warn(
            name,
            "chat mode is on: agents may also answer in OA Manager, unseen by us; \
            turn its auto-reply and greeting off, or customers get two answers",
        );
    }
    match client.webhook_endpoint().await {
        Ok(endpoint) if !endpoint.active => {
            findings.bad(
                name,
                &format!("webhook {} is switched off at LINE", endpoint.endpoint),
            );
        }
        Ok(endpoint) => match client.test_webhook().await {
            Ok(test) if test.success => {
                findings.good(
                    name,
                    &format!("webhook {} answers LINE's test", endpoint.endpoint),
                );
            }
            Ok(test) => findings.bad(
                name,
                &format!(
                    "webhook {}: LINE's test says {} (status {}): {}",
                    endpoint.endpoint, test.reason, test.status_code, test.detail
                ),
            ),
            Err(error) => findings.warn(name, &format!("webhook test: {error}")),
        },
        Err(CallError::Status { status: 404, .. }) => findings.bad(
            name,
            &format!("LINE has no webhook URL: enter https://…/line/{name}/webhook in its console"),
        ),
        Err(error) => findings.warn(name, &format!("webhook URL cannot be asked: {error}")),
    }
    match (client.quota().await, client.consumption().await) {
        (Ok(quota), Ok(used)) => match quota.value {
            Some(limit) => {
                let left = limit.saturating_sub(used.total_usage);
                let said = format!("{left} of {limit} messages left this month");
                if left * 10 < limit {
                    findings.warn(name, &said);
                } else {
                    findings.good(name, &said);
                }
            }
            None => findings.good(name, "no monthly limit"),
        },
        (Err(error), _) | (_, Err(error)) => findings.warn(name, &format!("quota: {error}")),
    }
    findings.warn(
        name,
        "redelivery cannot be asked of LINE: it is off unless switched on in the \
        console; Hotline works either way",
    );
}

async fn redis_servers(asked: &Redis, findings: &mut Findings) {
    match app::examine(asked).await {
        Ok(survey) => {
            let masters = survey.masters.join(", ");
            findings.good("redis", &format!("{masters}: {}", survey.promise));
            for warning in survey.warnings {
                findings.warn("redis", &warning);
            }
        }
        Err(error) => findings.bad("redis", &error.to_string()),
    }
}
