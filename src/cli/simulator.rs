//! `hotline simulator`: the LINE platform alone, for trying a config or another bot against it.

use super::{DONE, OUTSIDE, loopback};
use crate::simulator::{ChannelOptions, Options, Simulator};
use crate::telemetry::logging;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Where it listens: the phone page and LINE's API
    #[arg(long, default_value = "127.0.0.1:8090", value_parser = loopback)]
    listen: SocketAddr,
    /// The channel's alias
    #[arg(long, default_value = "main")]
    channel: String,
    /// The channel secret that signs webhooks
    #[arg(long, default_value = "simulator-secret")]
    secret: String,
    /// The access token it accepts
    #[arg(long, default_value = "simulator-token")]
    token: String,
    /// Where webhooks go
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Append every call and webhook to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    logging::start("info", logging::Format::Auto, true);
    let listener = match TcpListener::bind(arguments.listen) {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("simulator: cannot listen on {}: {error}", arguments.listen);
            return OUTSIDE;
        }
    };
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
                println!("ready");
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
