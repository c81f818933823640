//! The tool as a process: whole runs against a real server, and every exit code.
//!
//! Needs the server's program beside the tool's, as any build of the workspace leaves it; refuses to
//! pass without it.

use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Two seconds of 50 messages a second, of 20 customers who therefore write several times.
const TINY: &str = r#"
title = "two seconds"
seed = 11
arrivals = "poisson"
customers = 20
pick = "uniform"
settle = "10s"
[[phase]]
name = "all"
for = "2s"
from = 50
to = 50
[line]
latency = "5ms"
[[text]]
weight = 1
text = "運費多少"
[generator]
lag_p99 = "LAG"
cpu_share = "100%"
[thresholds]
lost = "== 0"
doubled = "== 0"
out_of_order = "== 0"
billed = "== 0"
refused = "== 0"
EXTRA
"#;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("temp"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The tiny scenario with a limit for the generator's lag and one more threshold.
    fn scenario(&self, lag: &str, extra: &str) -> String {
        let path = self.path("tiny.toml");
        let text = TINY.replace("LAG", lag).replace("EXTRA", extra);
        std::fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    }
}

fn tool(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hotline-load"))
        .args(arguments)
        .output()
        .expect("the tool starts")
}

fn words(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(err)
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("report.json");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn every_message_is_answered_once_and_the_report_says_so() {
    let place = Place::new();
    let report = place.path("report");
    let report_name = report.to_string_lossy();
    let output = tool(&["run", &place.scenario("2s", ""), "--report", &report_name]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    let said = json(&report.join("report.json"));
    assert_eq!(said["verdict"], "pass");
    assert_eq!(said["messages"], 100);
    let ledger = &said["ledger"];
    assert_eq!(
        (&ledger["accepted"], &ledger["answered"]),
        (&100.into(), &100.into())
    );
    assert_eq!(said["answer"]["count"], 100);
    let lowest = said["answer"]["p50"].as_u64().expect("measured");
    assert!(
        lowest >= 5_000,
        "LINE alone takes 5 ms, {lowest} µs is not believable"
    );
    let page = std::fs::read_to_string(report.join("report.html")).expect("report.html");
    assert!(page.contains("<svg") && !page.contains("http://") && !page.contains("https://"));
    let journal = std::fs::read_to_string(report.join("journal.jsonl")).expect("journal");
    // A webhook and an answer each, and whatever the server asks LINE by itself.
    assert!(journal.lines().count() >= 200);
}

#[test]
fn a_broken_threshold_is_exit_code_1() {
    let place = Place::new();
    let scenario = place.scenario("2s", "answer_p50 = \"< 1us\"");
    let output = tool(&["run", &scenario]);
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert!(words(&output).contains("BROKEN answer_p50"));
}

#[test]
fn a_generator_that_lags_is_exit_code_2() {
    let place = Place::new();
    // A timer that fires within a microsecond does not exist; the speed threshold breaks too, and
    // must not be blamed on the server.
    let scenario = place.scenario("1us", "answer_p50 = \"< 1us\"");
    let output = tool(&["run", &scenario]);
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert!(words(&output).contains("schedule lag"));
}

#[test]
fn set_up_faults_are_exit_code_3_with_a_sentence() {
    let place = Place::new();
    let bad = place.path("bad.toml");
    std::fs::write(
        &bad,
        TINY.replace("LAG", "2s")
            .replace("EXTRA", "speed = \"< 1\""),
    )
    .expect("written");
    let bad = bad.to_string_lossy();
    for (arguments, sentence) in [
        (
            &["run", "smoke", "--target", "https://api.line.me"][..],
            "http://",
        ),
        (
            &["run", "smoke", "--target", "http://192.0.2.1:80"],
            "not on loopback",
        ),
        (
            &["run", "smoke", "--line-listen", "0.0.0.0:80"],
            "not on loopback",
        ),
        (&["run", "nothing-like-it"], "campaign-burst"),
        (&["run", "smoke", "--scale", "0"], "--scale"),
        (
            &["run", "smoke", "--hotline", "/nowhere/hotline"],
            "/nowhere/hotline",
        ),
        (
            &["run", &bad],
            "bad.toml: thresholds.speed: is not a measure",
        ),
        (&["run"], "Usage"),
    ] {
        let output = tool(arguments);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        assert!(
            words(&output).contains(sentence),
            "{arguments:?}: {}",
            words(&output)
        );
    }
}

#[test]
fn a_server_that_cannot_start_is_exit_code_3_with_its_last_words() {
    let place = Place::new();
    let output = tool(&["run", &place.scenario("2s", ""), "--hotline", "/bin/false"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        words(&output).contains("hotline ended with"),
        "{}",
        words(&output)
    );
}

#[test]
fn a_server_of_ones_own_is_a_target() {
    let place = Place::new();
    let free = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("its address").to_string()
    };
    let (line, listen, internal) = (free(), free(), free());
    let config = place.path("config").to_string_lossy().into_owned();
    let written = tool(&[
        "config",
        &config,
        "--line-listen",
        &line,
        "--listen",
        &listen,
        "--internal",
        &internal,
    ]);
    assert_eq!(written.status.code(), Some(0), "{}", words(&written));
    let program = Path::new(env!("CARGO_BIN_EXE_hotline-load")).with_file_name("hotline");
    let mut server = Command::new(program)
        .args(["serve", "--config", &config])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("build the workspace first: hotline is started beside hotline-load");
    let target = format!("http://{listen}");
    let scenario = place.scenario("2s", "");
    let output = tool(&[
        "run",
        &scenario,
        "--target",
        &target,
        "--line-listen",
        &line,
    ]);
    server.kill().expect("still there");
    server.wait().expect("ended");
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
}

#[test]
fn list_shows_every_shipped_scenario_in_a_line() {
    let output = tool(&["list"]);
    assert_eq!(output.status.code(), Some(0));
    let text = words(&output);
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(names, ["smoke", "campaign-burst"]);
}
