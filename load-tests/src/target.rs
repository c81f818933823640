//! What is under load: a server started here, or one that somebody else started.
//!
//! Refuses every address that is not on loopback. Load is never aimed at LINE or at anybody's
//! production.

use crate::client::Target;
use crate::server_config::{self, Addresses, CHANNEL, SECRET};
use hotline::simulator::events;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a server may take to finish after SIGTERM before it is killed.
const DRAIN: Duration = Duration::from_secs(30);

/// Reads `--target`.
///
/// # Errors
/// A sentence: not http, no port, or not on loopback.
pub fn parse(url: &str) -> Result<Target, String> {
    let Some(rest) = url.strip_prefix("http://") else {
        return Err(format!(
            "--target {url}: must begin with http:// and name an address on loopback"
        ));
    };
    let (host, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let addresses: Vec<SocketAddr> = host
        .to_socket_addrs()
        .map_err(|error| format!("--target {url}: {host} is no host:port: {error}"))?
        .collect();
    match addresses.first() {
        Some(addr) if addresses.iter().all(|addr| addr.ip().is_loopback()) => Ok(Target {
            addr: *addr,
            host: host.to_owned(),
            path: match path {
                "" | "/" => format!("/line/{CHANNEL}/webhook"),
                path => path.to_owned(),
            },
        }),
        _ => Err(format!(
            "--target {url}: {host} is not on loopback; load is aimed at nothing else, and never \
             at LINE"
        )),
    }
}

/// A server of our own, in a temporary folder.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where its webhook is.
    pub target: Target,
    log: PathBuf,
    ended: bool,
}

impl Server {
    /// Starts `hotline serve` with the generated config and waits until it is ready.
    ///
    /// # Errors
    /// A sentence: it cannot be started, or ended or stayed silent before it was ready.
    pub fn start(program: &Path, folder: &Path, line: SocketAddr) -> Result<Server, String> {
        let free = || -> io::Result<SocketAddr> {
            TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr())
        };
        let fault = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
        let addresses = Addresses {
            listen: free().map_err(fault("no free port"))?,
            internal: free().map_err(fault("no free port"))?,
            line,
        };
        let config = folder.join("config");
        server_config::write(&config, &folder.join("data"), addresses)
            .map_err(fault("the server's config cannot be written"))?;
        let log = folder.join("hotline.log");
        let out = File::create(&log).map_err(fault("the server's log cannot be written"))?;
        let err = out.try_clone().map_err(fault("the server's log"))?;
        let child = Command::new(program)
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|error| {
                format!(
                    "{} cannot be started: {error}; name the program with --hotline PATH",
                    program.display()
                )
            })?;
        let host = addresses.listen.to_string();
        let mut server = Server {
            child,
            target: Target {
                addr: addresses.listen,
                host,
                path: format!("/line/{CHANNEL}/webhook"),
            },
            log,
            ended: false,
        };
        server.wait_ready(addresses.internal)?;
        Ok(server)
    }

    fn wait_ready(&mut self, internal: SocketAddr) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        let request = "GET /readyz HTTP/1.1\r\nhost: load\r\nconnection: close\r\n\r\n";
        loop {
            if status(internal, request.as_bytes()) == Ok(200) {
                return Ok(());
            }
            if let Ok(Some(code)) = self.child.try_wait() {
                self.ended = true;
                return Err(format!("hotline ended with {code}:\n{}", self.last_words()));
            }
            if Instant::now() > until {
                let words = self.last_words();
                return Err(format!("hotline was not ready in {PATIENCE:?}:\n{words}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(12).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// CPU seconds used so far and resident bytes now.
    pub fn usage(&self) -> Option<(f64, u64)> {
        usage(self.child.id())
    }

    /// Asks it to finish and waits; kills it when it does not. False: killed, or a bad exit code.
    pub fn stop(mut self) -> bool {
        self.end()
    }

    fn end(&mut self) -> bool {
        if self.ended {
            return true;
        }
        self.ended = true;
        let pid = rustix::process::Pid::from_child(&self.child);
        let told = rustix::process::kill_process(pid, rustix::process::Signal::TERM).is_ok();
        let until = Instant::now() + DRAIN;
        while told && Instant::now() < until {
            match self.child.try_wait() {
                Ok(Some(code)) => return code.success(),
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                Err(_) => break,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until somebody else's server takes our signature.
///
/// # Errors
/// A sentence that says what it answered instead.
pub fn wait_for(target: &Target) -> Result<(), String> {
    let none: [&str; 0] = [];
    let body = events::body("U00000000000000000000000000000000", &none);
    let signature = events::signature(SECRET, body.as_bytes());
    let request = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         x-line-signature: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
        target.path,
        target.host,
        body.len()
    );
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = status(target.addr, request.as_bytes());
        match answer {
            Ok(200) => return Ok(()),
            Ok(401) => {
                return Err(format!(
                    "{} refuses our signature: serve a config written by hotline-load config",
                    target.url()
                ));
            }
            Ok(404) => return Err(format!("{} is not there (404)", target.url())),
            _ if Instant::now() > until => {
                return Err(match answer {
                    Ok(status) => format!("{} answers {status}", target.url()),
                    Err(error) => format!("{} cannot be reached: {error}", target.url()),
                });
            }
            _ => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// One request on a connection of its own; the status of its answer.
fn status(addr: SocketAddr, request: &[u8]) -> Result<u16, String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&addr, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(request)?;
        let mut answer = Vec::new();
        stream.take(64 * 1_024).read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = read().map_err(|error| error.to_string())?;
    let head = String::from_utf8_lossy(&answer);
    head.split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| "no HTTP answer".to_owned())
}

/// CPU seconds and resident bytes of a process, from `/proc`.
fn usage(pid: u32) -> Option<(f64, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold blanks; fields are counted behind it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    let pages: u64 = fields.get(21)?.parse().ok()?;
    let per_second = rustix::param::clock_ticks_per_second() as f64;
    Some((
        ticks as f64 / per_second,
        pages * rustix::param::page_size() as u64,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_a_target() {
        for url in [
            "http://93.184.215.14:80/line/main/webhook",
            "http://0.0.0.0:8080",
            "http://[2001:db8::1]:80",
            "https://127.0.0.1:8080",
            "https://api.line.me",
            "127.0.0.1:8080",
            "http://127.0.0.1",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_target_without_path_is_the_webhook_of_the_generated_config() {
        let target = parse("http://127.0.0.1:8080").expect("loopback");
        assert_eq!(target.url(), "http://127.0.0.1:8080/line/main/webhook");
        let named = parse("http://[::1]:99/line/other/webhook").expect("loopback");
        assert_eq!(named.path, "/line/other/webhook");
    }
}
