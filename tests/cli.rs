//! The program as operators meet it: exit codes, messages, signals, the admin socket, the log.

mod support;

use hotline::simulator::{Action, ChannelOptions, Options, Simulator, SimulatorThread};
use rustix::process::Signal;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use support::admin::ask as admin;
use support::config::Config;
use support::process::Hotline;

const SECRET: &str = "cli-secret";
const TOKEN: &str = "cli-token";

/// A simulated LINE and a config folder that points at it.
struct Place {
    simulator: SimulatorThread,
    root: tempfile::TempDir,
    config: PathBuf,
}

impl Place {
    fn new() -> Place {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options {
            channels: vec![ChannelOptions::new("main", SECRET, TOKEN)],
            ..Options::default()
        };
        let simulator = Simulator::spawn(options, listener).unwrap();
        let root = tempfile::tempdir().unwrap();
        let api = simulator.url();
        let config = Config {
            root: root.path(),
            api: &api,
            secret: SECRET,
            token: TOKEN,
            store: "",
        }
        .write();
        Place {
            simulator,
            root,
            config,
        }
    }

    fn serve(&self) -> Hotline {
        let hotline = Hotline::serve(&self.config, &self.log(), &[]);
        let url = format!("http://{}/line/main/webhook", hotline.public);
        self.simulator.platform.set_webhook_url("main", Some(&url));
        hotline
    }

    fn log(&self) -> PathBuf {
        self.root.path().join("hotline.log")
    }

    fn socket(&self) -> PathBuf {
        self.root.path().join("data/hotline.sock")
    }

    /// A customer says something; waits until LINE accepted an answer, and returns its body.
    fn ask(&self, words: &str) -> String {
        let platform = &self.simulator.platform;
        let customer = platform.create_customer("main", None, "zh-TW").unwrap();
        let seq = platform.journal().last_seq();
        let say = Action::Text {
            text: words.to_string(),
            mention: false,
            quoted_message_id: None,
        };
        platform.act("main", &customer.user_id, None, &say).unwrap();
        let mut body = String::new();
        let answered = platform
            .journal()
            .wait_for(seq, Duration::from_secs(10), |entry| {
                if let hotline::simulator::What::Call(call) = &entry.what
                    && call
                        .deliveries
                        .iter()
                        .any(|delivered| *delivered.to == *customer.user_id)
                {
                    body.clone_from(&call.body);
                }
                !body.is_empty()
            });
        assert!(answered.is_some(), "no answer to {words}");
        body
    }
}

fn hotline(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hotline"))
        .args(arguments)
        .env_remove("LINE_CHANNEL_SECRET")
        .env_remove("LINE_CHANNEL_ACCESS_TOKEN")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

fn sample() -> String {
    format!("{}/config", env!("CARGO_MANIFEST_DIR"))
}

/// Waits for something to become true.
fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(10);
    while !is() {
        assert!(Instant::now() < until, "{what} did not come true");
        std::thread::yield_now();
    }
}

#[test]
fn a_fresh_clone_passes_check_and_needs_no_secret() {
    let output = hotline(&["check", "--config", &sample()]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("0 faults"), "{}", said(&output));
}

#[test]
fn a_fault_is_told_with_file_line_and_what_is_allowed() {
    let place = Place::new();
    let file = place.config.join("hotline.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        good.replace("workers = 2", "workers = 0\nwokers = 3"),
    )
    .unwrap();
    let output = hotline(&["check", "--config", place.config.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(
        said.contains("hotline.toml:4") && said.contains("server.workers"),
        "{said}"
    );
    assert!(
        said.contains("hotline.toml:5") && said.contains("wokers"),
        "every fault at once: {said}"
    );
}

#[test]
fn usage_faults_end_with_two() {
    assert_eq!(hotline(&["serve", "--nonsense"]).status.code(), Some(2));
    assert_eq!(
        hotline(&["simulator", "--listen", "8.8.8.8:80"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn serving_without_its_secrets_names_what_is_missing() {
    let output = hotline(&["serve", "--config", &sample()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("LINE_CHANNEL_SECRET"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let place = Place::new();
    let _first = place.serve();
    let output = hotline(&["serve", "--config", place.config.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        said(&output).contains("in use by another process"),
        "{}",
        said(&output)
    );
    assert!(place.ask("q001").contains("a001"), "the first goes on");
}

#[test]
fn explain_tells_why() {
    let output = hotline(&["explain", "运费多少", "--config", &sample()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output).contains("shipping_fee"), "{}", said(&output));
}

#[test]
fn doctor_asks_the_outside_world() {
    let place = Place::new();
    let config = place.config.to_str().unwrap();
    let _server = place.serve();
    let output = hotline(&["doctor", "--config", config]);
    let report = said(&output);
    assert_eq!(output.status.code(), Some(0), "{report}");
    for line in [
        "access token works",
        "answers LINE's test",
        "no monthly limit",
        "free, floor",
    ] {
        assert!(report.contains(line), "{line}: {report}");
    }
    let file = place.config.join("hotline.toml");
    let wrong = fs::read_to_string(&file)
        .unwrap()
        .replace(TOKEN, "wrong-token");
    fs::write(&file, wrong).unwrap();
    let output = hotline(&["doctor", "--config", config]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("access token"), "{}", said(&output));
    assert!(
        !said(&output).contains("wrong-token"),
        "a token is never shown"
    );
}

#[test]
fn doctor_deep_reads_everything_of_a_store_at_rest() {
    let place = Place::new();
    let mut server = place.serve();
    place.ask("q001");
    let config = place.config.to_str().unwrap();
    let busy = hotline(&["doctor", "--deep", "--config", config]);
    let folder = place.root.path().join("data");
    let plain = format!("the server is running on this folder, {}", folder.display());
    assert!(said(&busy).contains(&plain), "{}", said(&busy));
    assert_eq!(busy.status.code(), Some(3));
    server.signal(Signal::TERM);
    assert_eq!(
        server.ended(Duration::from_secs(25)).and_then(|s| s.code()),
        Some(0)
    );
    let report = said(&hotline(&["doctor", "--deep", "--config", config]));
    assert!(report.contains("store: sound"), "{report}");
}

#[test]
fn the_rich_menu_is_made_once_and_found_again() {
    let place = Place::new();
    let config = place.config.to_str().unwrap();
    let none = hotline(&["menu", "sync", "--config", config]);
    assert_eq!(
        none.status.code(),
        Some(1),
        "this config has no menu: {}",
        said(&none)
    );
    for entry in fs::read_dir(Path::new(&sample()).join("automation")).unwrap() {
        let from = entry.unwrap().path();
        let name = from.file_name().unwrap();
        fs::copy(&from, place.config.join("automation").join(name)).unwrap();
    }
    let dry = said(&hotline(&["menu", "sync", "--dry-run", "--config", config]));
    assert!(dry.contains("would be created"), "{dry}");
    let first = said(&hotline(&["menu", "sync", "--config", config]));
    assert!(
        first.contains("is created") && first.contains("shown to everybody"),
        "{first}"
    );
    let second = said(&hotline(&["menu", "sync", "--config", config]));
    assert!(
        second.contains("as wanted") && !second.contains("created"),
        "{second}"
    );
}

#[test]
fn reload_is_all_or_nothing() {
    let place = Place::new();
    let server = place.serve();
    let rules = place.config.join("automation/keywords.toml");
    let before = fs::read_to_string(&rules).unwrap();
    assert!(place.ask("q001").contains("\"a001\""));

    fs::write(&rules, before.replace("\"a001\"", "\"changed\"")).unwrap();
    server.signal(Signal::HUP);
    eventually("the new answer", || place.ask("q001").contains("changed"));

    fs::write(&rules, format!("{before}\n[[keyword]]\nid = 7\n")).unwrap();
    let refused = admin(&place.socket(), "POST /admin/reload");
    assert!(
        refused.starts_with("HTTP/1.1 422") && refused.contains("keywords.toml"),
        "{refused}"
    );
    assert!(place.ask("q001").contains("changed"), "the old one stays");
}

#[test]
fn the_admin_socket_is_the_operators_alone() {
    let place = Place::new();
    let _server = place.serve();
    let mode = fs::metadata(place.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(admin(&place.socket(), "GET /readyz?verbose").contains("\"ready\":true"));
    assert!(admin(&place.socket(), "GET /version").contains(env!("CARGO_PKG_VERSION")));
    let metrics = admin(&place.socket(), "GET /metrics");
    assert!(metrics.contains("hotline_ready 1"), "{metrics}");
    assert!(!metrics.contains("# TYPE hotline_webhook_duration_seconds summary"));
}

#[test]
fn every_metric_that_is_rendered_is_declared() {
    let place = Place::new();
    let _server = place.serve();
    place.ask("q001");
    let metrics = admin(&place.socket(), "GET /metrics");
    let catalogue = hotline::telemetry::catalogue::CATALOGUE;
    for line in metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
    {
        let (name, kind) = line.split_once(' ').unwrap();
        let metric = catalogue.iter().find(|metric| metric.name == name);
        let metric = metric.unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        let expected = match metric.kind {
            hotline::telemetry::catalogue::Kind::Counter => "counter",
            hotline::telemetry::catalogue::Kind::Gauge => "gauge",
            hotline::telemetry::catalogue::Kind::Histogram(_) => "histogram",
        };
        assert_eq!(kind, expected, "{name}");
    }
    for metric in catalogue.iter().filter(|metric| metric.labels.is_empty()) {
        assert!(
            metrics.contains(&format!("\n{}", metric.name)),
            "{} is missing at start",
            metric.name
        );
    }
}

#[test]
fn the_log_has_the_request_id_and_never_the_customers_words() {
    let place = Place::new();
    let mut server = place.serve();
    place.ask("q001 我的電話是 0912345678");
    server.signal(Signal::TERM);
    assert_eq!(
        server.ended(Duration::from_secs(25)).and_then(|s| s.code()),
        Some(0)
    );
    // The log is copied by a thread: the end of the process does not mean the end of the copy.
    eventually("the end of the log", || {
        fs::read_to_string(place.log())
            .unwrap()
            .contains("\"message\":\"drained\"")
    });
    let log = fs::read_to_string(place.log()).unwrap();
    assert!(log.contains("request_id"), "{log}");
    assert!(log.contains("\"status\":200"), "{log}");
    assert!(
        !log.contains("0912345678") && !log.contains("我的電話"),
        "{log}"
    );
    assert!(!log.contains(SECRET) && !log.contains(TOKEN), "{log}");
    for line in log.lines() {
        assert!(
            serde_json::from_str::<serde_json::Value>(line).is_ok(),
            "not JSON: {line}"
        );
    }
}

#[test]
fn a_second_word_to_leave_ends_at_once() {
    let place = Place::new();
    let mut server = place.serve();
    server.signal(Signal::TERM);
    // Whether the drain was still running or already over, the end is clean.
    server.signal(Signal::TERM);
    assert_eq!(
        server.ended(Duration::from_secs(10)).and_then(|s| s.code()),
        Some(0)
    );
}

#[test]
fn a_mistyped_command_or_option_is_told_what_is_allowed() {
    for (arguments, said_so) in [
        (
            &["serv"][..],
            ["allowed: demo, serve, ", "did you mean: serve\n"],
        ),
        (&["menu", "synk"], ["allowed: sync", "did you mean: sync\n"]),
        (
            &["simulator", "--chanel=x"],
            [
                "allowed: --listen, --channel, ",
                "did you mean: --channel\n",
            ],
        ),
        (
            &["simulator", "--webhook", "127.0.0.1:1"],
            ["--webhook", "allowed: http:// or https://"],
        ),
        (
            &["simulator", "--token", ""],
            ["--token", "one or more characters"],
        ),
        (
            &["demo", "--phone", "0.0.0.0:0"],
            ["--phone", "allowed: an address of this machine alone"],
        ),
    ] {
        let output = hotline(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = said(&output);
        for part in said_so {
            assert!(said.contains(part), "{arguments:?}: {part}\n{said}");
        }
    }
}

#[test]
fn a_taken_port_and_an_unusable_folder_are_named_with_what_is_allowed() {
    let place = Place::new();
    let file = place.config.join("hotline.toml");
    let good = fs::read_to_string(&file).unwrap();
    let config = place.config.to_str().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();

    let replaced = |key: &str, value: &str| {
        let lines = good.lines().map(|line| match line.starts_with(key) {
            true => format!("{key}{value:?}\n"),
            false => format!("{line}\n"),
        });
        fs::write(&file, lines.collect::<String>()).unwrap();
    };
    replaced("listen = ", &addr.to_string());
    let output = hotline(&["serve", "--config", config]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let port = format!("server.listen {addr}: another process listens there, allowed: a free port");
    assert!(said(&output).contains(&port), "{}", said(&output));

    let file_in_the_way = place.root.path().join("file");
    fs::write(&file_in_the_way, "x").unwrap();
    replaced("path = ", file_in_the_way.to_str().unwrap());
    let output = hotline(&["serve", "--config", config]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    for part in ["a file stands in the way", "set by store.path"] {
        assert!(said(&output).contains(part), "{}", said(&output));
    }
    let output = hotline(&["doctor", "--config", config]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("BAD   store"), "{}", said(&output));

    let output = hotline(&["simulator", "--listen", &addr.to_string()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("allowed: --listen with a free port"));
    let missing = place.root.path().join("no/journal");
    let missing = missing.to_str().unwrap();
    let output = hotline(&["simulator", "--listen", "127.0.0.1:0", "--journal", missing]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains(missing), "{}", said(&output));
}
