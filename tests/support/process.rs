//! The real program as a child process: started, killed, frozen, told to leave. Killed on drop.

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, setrlimit};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Longest time a start may take, recovery included, on a busy machine.
const READY: Duration = Duration::from_secs(30);

/// Environment variable that names another build of the program to test.
const PROGRAM: &str = "HOTLINE_TEST_PROGRAM";

/// `hotline serve`, running.
pub struct Hotline {
    child: Child,
    /// The public listener.
    pub public: SocketAddr,
    /// From the start of the process to its word that it is ready.
    pub ready_after: Duration,
    log: PathBuf,
}

impl Hotline {
    /// Starts the program on a config folder and waits until it is ready. What it says is appended
    /// to `log`.
    pub fn serve(config: &Path, log: &Path, environment: &[(&str, &str)]) -> Hotline {
        // An aborted process leaves no core file behind.
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        let _ = setrlimit(Resource::Core, none);
        let file = || {
            let opened = OpenOptions::new().create(true).append(true).open(log);
            opened.expect("a log in the temporary folder")
        };
        let begun = Instant::now();
        let program = std::env::var_os(PROGRAM);
        let mut child =
            Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_hotline").into()))
                .arg("serve")
                .arg("--config")
                .arg(config)
                .envs(environment.iter().copied())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(file())
                .spawn()
                .expect("the program starts");
        let (tell, told) = channel();
        let lines = child.stdout.take().expect("stdout is a pipe");
        let copy = file();
        thread::spawn(move || follow(lines, copy, &tell));
        let public = told.recv_timeout(READY).ok();
        let mut hotline = Hotline {
            child,
            public: public.unwrap_or_else(|| ([127, 0, 0, 1], 0).into()),
            ready_after: begun.elapsed(),
            log: log.to_owned(),
        };
        if public.is_none() {
            let ended = hotline.child.try_wait();
            panic!(
                "not ready within {READY:?} ({ended:?}): {}",
                hotline.last_words()
            );
        }
        hotline
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a child can be signalled");
    }

    /// Waits for the end of the process, at most `patience`.
    pub fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + patience;
        loop {
            match self.child.try_wait().expect("a child can be waited for") {
                Some(status) => return Some(status),
                None if Instant::now() > until => return None,
                None => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// The end of its log, for failures.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Drop for Hotline {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Copies the log and tells the public address when the program is ready.
fn follow(lines: ChildStdout, mut copy: File, tell: &Sender<SocketAddr>) {
    for line in BufReader::new(lines).lines().map_while(Result::ok) {
        let _ = writeln!(copy, "{line}");
        let Ok(said) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        if said["message"] == "hotline is ready"
            && let Some(public) = said["public"].as_str().and_then(|addr| addr.parse().ok())
        {
            let _ = tell.send(public);
        }
    }
}
