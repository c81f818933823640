//! `hotline simulator`: the LINE platform alone, for trying a config or another bot against it.

use super::{DONE, OUTSIDE, loopback};
use crate::simulator::{ChannelOptions, Options, Simulator, options};
use crate::telemetry::logging;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Where it listens: the phone page and LINE's API
    #[arg(long, default_value = "127.0.0.1:8090", value_parser = loopback)]
    listen: SocketAddr,
    /// The channel's alias
    #[arg(long, default_value = "main", value_parser = not_empty)]
    channel: String,
    /// The channel secret that signs webhooks
    #[arg(long, default_value = "simulator-secret", value_parser = not_empty)]
    secret: String,
    /// The access token it accepts
    #[arg(long, default_value = "simulator-token", value_parser = not_empty)]
    token: String,
    /// Where webhooks go, such as http://127.0.0.1:8080/line/main/webhook; without it the account's
    /// webhook is off
    #[arg(long, value_name = "URL", value_parser = webhook)]
    webhook: Option<String>,
    /// Append every call and webhook to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

fn not_empty(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("an empty text, allowed: one or more characters".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

fn webhook(url: &str) -> Result<String, String> {
    options::webhook_url(url).map(|()| url.to_owned())
}

/// What somebody needs who points a bot at it. The credentials open nothing but this simulator.
fn introduce(arguments: &Arguments) {
    eprintln!();
    eprintln!(
        "  Channel {:?}, secret {:?}, access token {:?}.",
        arguments.channel, arguments.secret, arguments.token
    );
    match &arguments.webhook {
        Some(url) => eprintln!("  Webhooks go to {url}. Ctrl-C ends the simulator."),
        None => eprintln!(
            "  No webhook URL: what customers do is told to nobody. Give --webhook URL, or \
             PUT /sim/webhook. Ctrl-C ends the simulator."
        ),
    }
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    logging::start("info,actix_server=warn", logging::Format::Auto, true);
    let listener = match TcpListener::bind(arguments.listen) {
        Ok(listener) => listener,
        Err(error) => {
            let why = match error.kind() {
                ErrorKind::AddrInUse => "another process listens there".to_owned(),
                _ => error.to_string(),
            };
            eprintln!(
                "simulator: cannot listen on {}: {why}, allowed: --listen with a free port, or port 0",
                arguments.listen
            );
            return OUTSIDE;
        }
    };
    if let Some(path) = &arguments.journal
        && let Err(error) = OpenOptions::new().create(true).append(true).open(path)
    {
        eprintln!(
            "simulator: --journal {} cannot be written: {error}, allowed: a file in a folder that \
             exists and this user may write",
            path.display()
        );
        return OUTSIDE;
    }
    let mut options = Options::default();
    let mut account = ChannelOptions::new(&arguments.channel, &arguments.secret, &arguments.token);
    account.webhook_url = arguments.webhook.clone();
    options.channels = vec![account];
    options.journal_file = arguments.journal.clone();
    actix_rt::System::new().block_on(async move {
        match Simulator::start(&options, listener) {
            Ok(running) => {
                println!("phone=http://{}/", running.addr);
                println!("api=http://{}", running.addr);
                println!("assistant=http://{}/openai/v1", running.addr);
                println!("orders=http://{}/shop", running.addr);
                println!("ready");
                introduce(arguments);
                // An error means that signals cannot be received: then only a kill ends it.
                let _ = tokio::signal::ctrl_c().await;
                running.stop().await;
                DONE
            }
            Err(error) => {
                eprintln!("simulator: {error}");
                OUTSIDE
            }
        }
    })
}
