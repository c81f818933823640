//! Real `redis-server` processes for tests: one each, on a free port of 127.0.0.1, with a folder of
//! their own, killed when they are dropped.
#![allow(dead_code, reason = "every test binary uses its part")]

use hotline::store::redis::{Options, Redis};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Set by `scripts/test`: a missing server fails instead of being skipped.
const REQUIRED: &str = "HOTLINE_REQUIRE_REDIS";

/// Names another server than the `redis-server` that is installed: an older one, or Valkey.
const PROGRAM: &str = "HOTLINE_REDIS_SERVER";

fn program() -> String {
    std::env::var(PROGRAM).unwrap_or_else(|_| "redis-server".to_owned())
}

/// Whether `redis-server` can be started here. Says so once where it cannot.
///
/// # Panics
/// It cannot, and is required.
pub fn installed() -> bool {
    let version = Command::new(program()).arg("--version").output();
    if version.is_ok_and(|said| said.status.success()) {
        return true;
    }
    let required = std::env::var(REQUIRED).is_ok_and(|value| value == "1");
    assert!(!required, "{REQUIRED}=1, and redis-server is not installed");
    println!("SKIPPED: redis-server is not installed");
    false
}

/// A port that is free now.
pub fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

/// Asks again until it is so.
///
/// # Panics
/// It is not within a minute.
#[allow(clippy::disallowed_methods)] // threads of the test's own: no arbiter is blocked
pub fn wait(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < end, "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A server, running until it is dropped.
pub struct Server {
    child: Option<Child>,
    port: u16,
    settings: Vec<String>,
    folder: tempfile::TempDir,
    sentinel: bool,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    /// A server that writes nothing to disk.
    pub fn start() -> Server {
        Server::with(&["--appendonly", "no"])
    }

    /// A server with settings of its own.
    pub fn with(settings: &[&str]) -> Server {
        Server::of(settings, None)
    }

    /// A sentinel with these lines in its file.
    pub fn sentinel(lines: &str) -> Server {
        Server::of(&[], Some(lines))
    }

    fn of(settings: &[&str], lines: Option<&str>) -> Server {
        let mut server = Server {
            child: None,
            port: 0,
            settings: settings.iter().map(|&word| word.to_owned()).collect(),
            folder: tempfile::tempdir().unwrap(),
            sentinel: lines.is_some(),
        };
        for _ in 0..20 {
            // Whoever takes it before the server does makes it end, and another is tried.
            server.port = free_port();
            if let Some(lines) = lines {
                std::fs::write(server.folder().join("sentinel.conf"), lines).unwrap();
            }
            if server.run() {
                return server;
            }
        }
        panic!("no redis-server would start");
    }

    /// Where it keeps its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// More settings, for the next start.
    pub fn set(&mut self, settings: &[&str]) {
        let more = settings.iter().map(|&word| word.to_owned());
        self.settings.extend(more);
    }

    /// Asks something; the answer as the client library reads it.
    pub fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        let client = redis::Client::open(self.url())?;
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(5))?;
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut call = redis::cmd(words[0]);
        call.arg(&words[1..]).query(&mut connection)
    }

    /// Starts on the port it has; false when it ended before it was ready.
    fn run(&mut self) -> bool {
        let mut command = Command::new(program());
        if self.sentinel {
            command
                .arg(self.folder.path().join("sentinel.conf"))
                .arg("--sentinel");
        } else {
            command.args(["--save", "", "--daemonize", "no"]);
        }
        let ready = match self.sentinel {
            true => "+monitor master",
            false => "eady to accept connections",
        };
        let mut child = command
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--dir",
            ])
            .arg(self.folder.path())
            .args(&self.settings)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        self.child = Some(child);
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
            if line.contains(ready) {
                // What it says later must go somewhere.
                std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
                return true;
            }
            line.clear();
        }
        self.kill();
        false
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again where it was, on what its disk has.
    pub fn again(&mut self) {
        assert!(self.run(), "redis-server did not start again");
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Options for a small store on this server.
    pub fn options(&self) -> Options {
        let mut options = Options::new(&self.url());
        options.partitions = 16;
        options
    }

    pub fn open(&self) -> Redis {
        Redis::open(self.options()).unwrap()
    }

    /// Sends one command as a person at `redis-cli` would; returns the answer as it stands on the wire
    /// (simple answers, numbers and one string only).
    pub fn say(&self, words: &[&str]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).unwrap();
        let mut sent = format!("*{}\r\n", words.len());
        for word in words {
            sent.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        stream.write_all(sent.as_bytes()).unwrap();
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let size = line.strip_prefix('$').and_then(|n| n.trim().parse().ok());
        if let Some(size) = size {
            let mut body = vec![0u8; size];
            std::io::Read::read_exact(&mut lines, &mut body).unwrap();
            return String::from_utf8_lossy(&body).into_owned();
        }
        line.trim().to_owned()
    }
}

impl Server {
    /// SIGSTOP: it keeps its connections and says nothing.
    pub fn freeze(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let child = self.child.as_ref().expect("the server runs");
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, signal).expect("a child can be signalled");
    }
}
