//! A real server of object storage for tests: on a free port of 127.0.0.1, ended when it is dropped.
#![allow(dead_code, reason = "every test binary uses its part")]

use hotline::store::s3::{Options, S3Archive};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub const ACCESS: &str = "access-key";
pub const SECRET: &str = "secret/key+with=signs";
pub const BUCKET: &str = "hotline-test";

/// A server with one empty bucket, ended when it is dropped.
pub struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// # Panics
    /// It cannot be had, and is required.
    pub fn start() -> Option<Server> {
        let required = std::env::var("HOTLINE_REQUIRE_PYTHON").is_ok_and(|value| value == "1");
        let skipped = |why: &str| {
            assert!(!required, "HOTLINE_REQUIRE_PYTHON=1, and {why}");
            println!("SKIPPED: {why}");
            None
        };
        let Ok(python) = std::env::var("HOTLINE_PYTHON") else {
            return skipped("HOTLINE_PYTHON names no python");
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/s3_server.py");
        let child = Command::new(&python)
            .args([script, ACCESS, SECRET, "eu-west-9", BUCKET])
            // It ends when this end of the pipe does.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else {
            return skipped("HOTLINE_PYTHON cannot be run");
        };
        let mut line = String::new();
        let said = child.stdout.take().map(BufReader::new);
        let _ = said.unwrap().read_line(&mut line);
        match line.trim().parse() {
            Ok(port) => Some(Server { child, port }),
            Err(_) => {
                let _ = child.wait();
                skipped("HOTLINE_PYTHON has no moto")
            }
        }
    }

    pub fn archive(&self, prefix: &str) -> S3Archive {
        self.archive_of(prefix, SECRET, true)
    }

    pub fn archive_of(&self, prefix: &str, secret: &str, allow_http: bool) -> S3Archive {
        let options = Options {
            endpoint: Some(format!("http://127.0.0.1:{}", self.port)),
            region: "eu-west-9".into(),
            bucket: BUCKET.into(),
            prefix: prefix.into(),
            access_key: ACCESS.into(),
            secret_key: secret.into(),
            path_style: true,
            allow_http,
        };
        S3Archive::new(options).unwrap()
    }
}
