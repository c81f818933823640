//! `hotline demo`: the newcomer's first minute. A simulated LINE, a phone in the browser, the real
//! server between them; nothing outside loopback.

use super::{FAULT, OUTSIDE, loopback, print_faults, serve};
use crate::app::{self, Start};
use crate::config::BaseUrl;
use crate::line::rich_menu;
use crate::simulator::orders::SAMPLES;
use crate::simulator::{ChannelOptions, Options, Quota, Simulator};
use crate::telemetry::{catalogue, logging};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// What the demo's account is called on the phone page.
const ACCOUNT: &str = "山嵐茶行";
const SECRET: &str = "demo-channel-secret";
const TOKEN: &str = "demo-access-token";
/// The plan of the demo's account: 高用量 includes 6,000 messages a month.
const QUOTA: u64 = 6_000;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The config folder; its secrets and addresses are replaced by the demo's own
    #[arg(long, default_value = "config", value_name = "DIR")]
    config: PathBuf,
    /// The data folder; kept between runs
    #[arg(long, default_value = "data/demo", value_name = "DIR")]
    data: PathBuf,
    /// Where the phone page listens
    #[arg(long, default_value = "127.0.0.1:8090", value_parser = loopback)]
    phone: SocketAddr,
    /// Where the webhook listens; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_parser = loopback)]
    listen: SocketAddr,
    /// Where metrics and health listen; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:9464", value_parser = loopback)]
    internal: SocketAddr,
}

pub(super) fn run(arguments: Arguments) -> u8 {
    logging::start("warn,hotline=info", logging::Format::Auto, true);
    let phone = match bind(arguments.phone) {
        Ok(listener) => listener,
        Err(error) => return outside(&format!("phone page {}: {error}", arguments.phone)),
    };
    let Ok(phone_addr) = phone.local_addr() else {
        return outside("phone page has no address");
    };
    let listen = free(arguments.listen);
    let internal = free(arguments.internal);
    let mut prepared = match app::prepare(&arguments.config, &demo_environment) {
        Ok(prepared) => prepared,
        Err(faults) => {
            print_faults(&faults);
            return FAULT;
        }
    };
    let settings = &mut prepared.settings;
    settings.server.listen = listen;
    settings.server.internal_listen = internal;
    settings.store.path = arguments.data.clone();
    let base = BaseUrl::parse(&format!("http://{phone_addr}"))
        .expect("an http URL of a loopback address is a base URL");
    app::at_simulator(settings, &base, SECRET, TOKEN);
    let orders = BaseUrl::parse(&format!("http://{phone_addr}/shop"))
        .expect("an http URL of a loopback address is a base URL");
    prepared.automation.ask_here(&orders);
    let settings = &prepared.settings;
    let channel = settings.channels[0].id.to_string();
    let metrics = catalogue::install().ok();
    actix_rt::System::new().block_on(async move {
        let Ok(signals) = serve::Signals::listen() else {
            return outside("signals cannot be received");
        };
        let mut options = Options::default();
        let mut account = ChannelOptions::new(&channel, SECRET, TOKEN);
        account.name = ACCOUNT.to_string();
        account.quota = Quota::Limited(QUOTA);
        options.channels = vec![account];
        let simulator = match Simulator::start(&options, phone) {
            Ok(simulator) => simulator,
            Err(error) => return outside(&format!("simulator: {error}")),
        };
        let menu = prepared.automation.clone();
        let line = app::line_client(&prepared.settings.channels[0]);
        let running = match app::start(Start { prepared, metrics }).await {
            Ok(running) => running,
            Err(error) => return outside(&error.to_string()),
        };
        let webhook = format!("http://{}/line/{channel}/webhook", running.public);
        simulator.platform.set_webhook_url(&channel, Some(&webhook));
        if let (Ok(line), Some(spec)) = (line, app::menu_spec(&menu.engine()))
            && let Err(error) = rich_menu::sync(&line, &spec, false).await
        {
            tracing::warn!(error = %error, "the demo has no rich menu");
        }
        announce(&running, simulator.addr, &webhook, &arguments.data);
        let code = serve::until_told(running, signals).await;
        simulator.stop().await;
        code
    })
}

fn announce(running: &app::Running, phone: SocketAddr, webhook: &str, data: &Path) {
    println!("phone=http://{phone}/");
    // The page there says that the agents' console comes in a later version.
    println!("console=http://{}/", running.public);
    println!("webhook={webhook}");
    println!("metrics=http://{}/metrics", running.internal);
    println!("orders=http://{phone}/shop");
    println!("ready");
    eprintln!();
    eprintln!(
        "  Open the phone page and write 運費 or 選單; the answer comes from the real server."
    );
    eprintln!(
        "  查詢訂單 {} tracks an order of the simulated shop; more are at http://{phone}/sim/orders.",
        SAMPLES[0].0
    );
    eprintln!(
        "  State is kept in {}. Ctrl-C ends the demo.",
        data.display()
    );
}

/// The demo brings its own values for every variable a sample config may name.
fn demo_environment(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .or_else(|| (!name.starts_with("ORDER_API")).then(|| "demo".to_string()))
}

fn bind(addr: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(addr).or_else(|error| {
        tell_taken(addr, &error);
        TcpListener::bind((addr.ip(), 0))
    })
}

fn tell_taken(addr: SocketAddr, error: &std::io::Error) {
    let why = match error.kind() {
        std::io::ErrorKind::AddrInUse => "is taken".to_owned(),
        _ => format!("cannot be used ({error})"),
    };
    eprintln!("demo: {addr} {why}, a free port is used: see the addresses below");
}

/// The address, or another port when it is taken: a second demo must not fail on the first.
fn free(addr: SocketAddr) -> SocketAddr {
    match TcpListener::bind(addr) {
        Ok(_) => addr,
        Err(error) => {
            tell_taken(addr, &error);
            SocketAddr::new(addr.ip(), 0)
        }
    }
}

fn outside(what: &str) -> u8 {
    eprintln!("demo: {what}");
    OUTSIDE
}
