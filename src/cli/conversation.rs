//! `hotline conversation show|resolve|forget` and `hotline waiting`: what an operator does by hand.
//!
//! Asks the running server over its admin socket: a conversation at work is one process's business.

use super::{DONE, FAULT, OUTSIDE, ask, environment, print_faults};
use crate::config;
use crate::server::conversations::{View, Waits};
use crate::telemetry::logging;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A server under load may take a while.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Its phase, why a person is wanted, the flow under way, how the last text was understood
    Show(Which),
    /// A person dealt with it: the automation goes on, and nothing said before is context
    Resolve(Which),
    /// Forgets what was said and what its flows learned
    Forget(Which),
}

#[derive(clap::Args)]
pub(super) struct Which {
    /// The channel's id
    #[arg(long, default_value = "main", value_name = "ID")]
    channel: String,
    /// LINE's user id, or that of a group or room
    #[arg(long, value_name = "USERID")]
    customer: String,
    /// The config folder
    #[arg(long, default_value = "config", value_name = "DIR")]
    config: PathBuf,
    /// One JSON object instead of lines for people
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(super) struct Waiting {
    /// The config folder
    #[arg(long, default_value = "config", value_name = "DIR")]
    config: PathBuf,
    /// One JSON list instead of lines for people
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> u8 {
    let (verb, which) = match command {
        Command::Show(which) => ("show", which),
        Command::Resolve(which) => ("resolve", which),
        Command::Forget(which) => ("forget", which),
    };
    let plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    for (name, value) in [
        ("--channel", &which.channel),
        ("--customer", &which.customer),
    ] {
        if value.is_empty() || !plain(value) {
            eprintln!("conversation: {name} {value:?}, allowed: letters, digits, - and _");
            return FAULT;
        }
    }
    let query = format!("channel={}&customer={}", which.channel, which.customer);
    let answer = match verb {
        "show" => ask_server(
            &which.config,
            &format!("/admin/conversation?{query}"),
            false,
        ),
        _ => {
            let path = format!("/admin/conversation/{verb}?{query}");
            ask_server(&which.config, &path, true)
        }
    };
    match answer {
        Ok(body) if verb == "show" && !which.json => told(&body),
        Ok(body) => {
            println!("{}", body.trim_end());
            DONE
        }
        Err(code) => code,
    }
}

pub(super) fn waiting(arguments: &Waiting) -> u8 {
    let body = match ask_server(&arguments.config, "/admin/waiting", false) {
        Ok(body) => body,
        Err(code) => return code,
    };
    if arguments.json {
        println!("{}", body.trim_end());
        return DONE;
    }
    let Ok(waits) = serde_json::from_str::<Vec<Waits>>(&body) else {
        eprintln!("waiting: the server's answer is of another version");
        return OUTSIDE;
    };
    if waits.is_empty() {
        println!("nobody waits for a person");
    }
    for wait in waits {
        println!(
            "{}  {:<8} {:<13} {:>6}  {}",
            wait.priority,
            wait.phase,
            wait.reason,
            ago(wait.since),
            wait.conversation
        );
    }
    DONE
}

fn told(body: &str) -> u8 {
    let Ok(view) = serde_json::from_str::<View>(body) else {
        eprintln!("conversation: the server's answer is of another version");
        return OUTSIDE;
    };
    let line = |name: &str, value: String| println!("{name:<12}{value}");
    line("phase", view.phase);
    if let (Some(reason), Some(priority), Some(since)) = (view.reason, view.priority, view.since) {
        line(
            "wanted",
            format!("{reason}, priority {priority}, for {}", ago(since)),
        );
    }
    line("last text", format!("taken by {}", view.handler));
    line(
        "intent",
        format!("{} ({:.2})", view.intent, view.confidence),
    );
    if view.wants_human {
        line("asked for", "a person".to_owned());
    }
    if let Some(faq) = view.faq {
        line("rule", faq);
    }
    if let Some(flow) = view.flow {
        let state = view.flow_state.unwrap_or_else(|| "left".to_owned());
        line("flow", format!("{flow}: {state}"));
    }
    for (name, value) in view.slots {
        line("slot", format!("{name} = {value}"));
    }
    if view.asking {
        line(
            "assistant",
            "is asked, or its answer waits for a tap".to_owned(),
        );
    }
    if let Some(draft) = view.draft {
        line("draft", draft);
    }
    line("owed", format!("{} answers", view.owed));
    DONE
}

fn ago(since: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_millis() as u64);
    let minutes = now.saturating_sub(since) / 60_000;
    match minutes {
        0..60 => format!("{minutes} min"),
        _ => format!("{} h", minutes / 60),
    }
}

/// The body of a good answer; else the exit code, the reason told.
fn ask_server(config_dir: &std::path::Path, path: &str, post: bool) -> Result<String, u8> {
    logging::start("warn", logging::Format::Auto, true);
    let site = config::site(config_dir, &environment).map_err(|faults| {
        print_faults(&faults);
        FAULT
    })?;
    let socket = site.store.socket();
    let answer = match post {
        true => ask::post(&socket, path, "", PATIENCE),
        false => ask::socket(&socket, path, PATIENCE),
    };
    let outside = |why: String| {
        eprintln!("{why}");
        OUTSIDE
    };
    match answer {
        None => Err(outside(format!(
            "no server listens on {}: start it, or name its config with --config",
            socket.display()
        ))),
        Some(Err(error)) => Err(outside(format!("{}: {error}", socket.display()))),
        Some(Ok(answer)) if answer.status == 200 => Ok(answer.body),
        Some(Ok(answer)) => Err(outside(answer.body.trim_end().to_owned())),
    }
}
