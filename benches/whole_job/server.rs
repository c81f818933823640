//! The processes under test: how each is started on core 0, and what the kernel says of it.

use super::http;
use super::message::{RULES, SECRET, TOKEN};
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The core of the server; load and mock have core 1.
pub const SERVER_CORE: &str = "0";

/// Where data folders are made: on the disk of the build, not in memory.
pub fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("whole-job-{name}"))
}

/// A process under test.
pub struct Server {
    child: Child,
    /// What was run, for people to repeat.
    pub command: String,
    /// Where webhooks go.
    pub port: u16,
    /// Where metrics are, if it has any.
    pub internal: Option<u16>,
    /// Path of the webhook.
    pub path: &'static str,
    /// From the start to the first good answer.
    pub ready_in: Duration,
}

/// What differs between Hotline's runs.
#[derive(Clone, Copy)]
pub struct Hotline<'a> {
    /// The data folder's parent; config is written beside the data.
    pub folder: &'a Path,
    /// Port of the mock.
    pub mock: u16,
    /// `[logging] level`.
    pub level: &'a str,
    /// `[sending] line_rate_per_second`.
    pub rate: u32,
    /// Lines of `[store]` besides `path`.
    pub store: &'a str,
}

impl Server {
    /// `hotline serve`, one worker.
    pub fn hotline(run: Hotline<'_>) -> Server {
        let (port, internal) = (free_port(), free_port());
        let config = run.folder.join("config");
        write_config(&config, run, port, internal);
        // Another build can be measured with the same bench.
        let program = std::env::var("HOTLINE_BIN");
        let mut command = pinned(program.as_deref().unwrap_or(env!("CARGO_BIN_EXE_hotline")));
        command.arg("serve").arg("--config").arg(&config);
        start(
            command,
            run.folder,
            port,
            Some(internal),
            "/line/bench/webhook",
        )
    }

    /// The stateless floor: this program again.
    pub fn floor(folder: &Path, mock: u16) -> Server {
        let port = free_port();
        let me = std::env::current_exe().expect("this program has a path");
        let mut command = pinned(&me.display().to_string());
        command
            .arg("floor")
            .arg(port.to_string())
            .arg(mock.to_string());
        start(command, folder, port, None, "/webhook")
    }

    /// The Node bot; its packages must be there.
    pub fn node(folder: &Path, mock: u16) -> Server {
        let port = free_port();
        let bot = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/node/bot.mjs");
        let mut command = pinned("node");
        command.arg(bot).env("NODE_ENV", "production");
        command
            .env("PORT", port.to_string())
            .env("LINE_API", format!("http://127.0.0.1:{mock}"))
            .env("LINE_SECRET", SECRET)
            .env("LINE_TOKEN", TOKEN);
        start(command, folder, port, None, "/webhook")
    }

    /// CPU so far, user and system of all threads, in µs (the kernel counts in 10 ms).
    pub fn cpu_us(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .expect("the server runs");
        let rest = stat.rsplit(')').next().expect("fields");
        let fields: Vec<u64> = rest
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0))
            .collect();
        (fields[11] + fields[12]) * 10_000
    }

    /// Resident memory in KiB.
    pub fn rss_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .expect("the server runs");
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
            .expect("VmRSS")
    }

    /// A metric's value; the first line that begins so.
    pub fn metric(&self, begins: &str) -> Option<f64> {
        let (_, text) = http::get(self.internal?, "/metrics").ok()?;
        text.lines()
            .find(|line| line.starts_with(begins))
            .and_then(|line| line.rsplit(' ').next()?.parse().ok())
    }

    /// Asks it to leave, and waits.
    pub fn stop(mut self) {
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pinned(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", SERVER_CORE, program]);
    command
}

fn start(
    mut command: Command,
    folder: &Path,
    port: u16,
    internal: Option<u16>,
    path: &'static str,
) -> Server {
    std::fs::create_dir_all(folder).expect("a scratch folder");
    let log = std::fs::File::create(folder.join("server.log")).expect("a log");
    command
        .stdin(Stdio::null())
        .stderr(log.try_clone().expect("a log"))
        .stdout(log);
    let said = format!("{command:?}").replace('"', "");
    let begun = Instant::now();
    let mut child = command.spawn().expect("taskset and the server are there");
    let ready = || match internal {
        Some(internal) => http::get(internal, "/readyz").is_ok_and(|(status, _)| status == 200),
        None => http::get(port, "/").is_ok(),
    };
    while !ready() {
        if let Ok(Some(status)) = child.try_wait() {
            let log = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
            panic!("{said} ended with {status}:\n{log}");
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{said}: not ready"
        );
        #[expect(
            clippy::disallowed_methods,
            reason = "nothing else runs while a server starts"
        )]
        std::thread::sleep(Duration::from_millis(2));
    }
    Server {
        child,
        command: said,
        port,
        internal,
        path,
        ready_in: begun.elapsed(),
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

fn write_config(config: &Path, run: Hotline<'_>, port: u16, internal: u16) {
    let automation = config.join("automation");
    std::fs::create_dir_all(&automation).expect("a config folder");
    let data = run.folder.join("data");
    let hotline = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\ninternal_listen = \"127.0.0.1:{internal}\"\n\
         workers = 1\n\n[store]\npath = \"{}\"\n{}\n\n[sending]\nline_rate_per_second = {}\n\n\
         [[channels]]\nid = \"bench\"\nsecret = \"{SECRET}\"\naccess_token = \"{TOKEN}\"\n\
         api_base = \"http://127.0.0.1:{mock}\"\ndata_api_base = \"http://127.0.0.1:{mock}\"\n\n\
         [logging]\nlevel = \"{}\"\n",
        data.display(),
        run.store,
        run.rate,
        run.level,
        mock = run.mock,
    );
    let mut rules = String::new();
    for (number, (word, reply)) in RULES.iter().enumerate() {
        let _ = write!(
            rules,
            "[[keyword]]\nid = \"rule{number}\"\nterms = [\"{word}\"]\nreply = [\n  {{ type = \
             \"text\", text = \"{reply}\" }},\n]\n\n"
        );
    }
    let fallback = "[fallback]\nreply = [\n  { type = \"text\", text = \"不好意思\" },\n]\n";
    std::fs::write(config.join("hotline.toml"), hotline).expect("hotline.toml");
    std::fs::write(automation.join("keywords.toml"), rules).expect("keywords.toml");
    std::fs::write(automation.join("greetings.toml"), fallback).expect("greetings.toml");
}
