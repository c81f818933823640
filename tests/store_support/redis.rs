//! Real `redis-server` processes for tests: one each, on a free port of 127.0.0.1, with a folder of
//! their own, killed when they are dropped.
#![allow(dead_code, reason = "every test binary uses its part")]

use hotline::store::redis::{Options, Redis};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Set by `scripts/test`: a missing server fails instead of being skipped.
const REQUIRED: &str = "HOTLINE_REQUIRE_REDIS";

/// Whether `redis-server` can be started here. Says so once where it cannot.
///
/// # Panics
/// It cannot, and is required.
pub fn installed() -> bool {
    let version = Command::new("redis-server").arg("--version").output();
    if version.is_ok_and(|said| said.status.success()) {
        return true;
    }
    let required = std::env::var(REQUIRED).is_ok_and(|value| value == "1");
    assert!(!required, "{REQUIRED}=1, and redis-server is not installed");
    println!("SKIPPED: redis-server is not installed");
    false
}

/// A server, running until it is dropped.
pub struct Server {
    child: Option<Child>,
    port: u16,
    settings: Vec<String>,
    folder: tempfile::TempDir,
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
        let mut server = Server {
            child: None,
            port: 0,
            settings: settings.iter().map(|&word| word.to_owned()).collect(),
            folder: tempfile::tempdir().unwrap(),
        };
        for _ in 0..20 {
            // Free now; whoever takes it before the server does makes it end, and another is tried.
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            server.port = free.local_addr().unwrap().port();
            drop(free);
            if server.run() {
                return server;
            }
        }
        panic!("no redis-server would start");
    }

    /// Starts on the port it has; false when it ended before it was ready.
    fn run(&mut self) -> bool {
        let mut child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--daemonize", "no", "--dir"])
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
            if line.contains("eady to accept connections") {
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
