//! The automation is swapped while customers write: every answer is of one config, a faulty file changes
//! nothing and is told.

mod support;

use hotline::simulator::{ChannelOptions, Options, Platform, Simulator, SimulatorThread, What};
use rustix::process::Signal;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::admin;
use support::config::{CHANNEL, Config};
use support::process::Hotline;

const RULES: usize = 40;
const CUSTOMERS: usize = 40;
const VERSIONS: usize = 8;

struct Place {
    simulator: SimulatorThread,
    root: tempfile::TempDir,
    config: PathBuf,
}

impl Place {
    fn new() -> Place {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options {
            channels: vec![ChannelOptions::new(CHANNEL, "swap-secret", "swap-token")],
            journal_keep: None,
            ..Options::default()
        };
        let simulator = Simulator::spawn(options, listener).unwrap();
        let root = tempfile::tempdir().unwrap();
        let config = Config {
            root: root.path(),
            api: &simulator.url(),
            secret: "swap-secret",
            token: "swap-token",
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
        let url = format!("http://{}/line/{CHANNEL}/webhook", hotline.public);
        self.simulator.platform.set_webhook_url(CHANNEL, Some(&url));
        hotline
    }

    fn log(&self) -> PathBuf {
        self.root.path().join("log")
    }

    fn socket(&self) -> PathBuf {
        self.root.path().join("data/hotline.sock")
    }

    fn ask(&self, request: &str) -> String {
        admin::ask(&self.socket(), request)
    }

    fn write(&self, text: &str) {
        let file = self.config.join("automation/keywords.toml");
        // As an editor does: never half a file under the name.
        let beside = file.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, file).unwrap();
    }
}

/// Rules whose answers are two messages that both name the version. The order of the rules differs from
/// version to version: a number of one means another rule in the other.
fn rules(version: usize) -> String {
    let mut rules = String::new();
    for place in 0..RULES {
        let n = (place + version * 7) % RULES;
        write!(
            rules,
            "[[keyword]]\nid = \"r{n}\"\nterms = [\"q{n:03}\"]\nreply = [\n  \
             {{ type = \"text\", text = \"a{n:03} v{version}\" }},\n  \
             {{ type = \"text\", text = \"b{n:03} v{version}\" }},\n]\n"
        )
        .unwrap();
    }
    rules.push_str("[fallback]\nreply = [{ type = \"text\", text = \"not understood\" }]\n");
    rules
}

/// Customers who go on asking until told to stop.
struct Crowd {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Crowd {
    fn begin(platform: &Arc<Platform>) -> Crowd {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(AtomicUsize::new(0));
        let threads = (0..CUSTOMERS).map(|customer| {
            let (stop, asked, platform) = (stop.clone(), asked.clone(), platform.clone());
            let user = platform.create_customer(CHANNEL, None, "zh-TW").unwrap();
            let user = user.user_id.to_string();
            thread::spawn(move || {
                let mut n = customer;
                while !stop.load(Ordering::Relaxed) {
                    n = (n + 1) % RULES;
                    let text = format!("q{n:03}");
                    let minted = platform.customer_says(CHANNEL, &user, &text).unwrap();
                    platform.enqueue(platform.channel(CHANNEL).unwrap(), minted);
                    asked.fetch_add(1, Ordering::Relaxed);
                    // Open loop; nobody writes faster than LINE takes his answers.
                    thread::park_timeout(Duration::from_millis(250));
                }
            })
        });
        let threads = threads.collect();
        Crowd {
            stop,
            asked,
            threads,
        }
    }

    /// They stop, and every question gets its answer, once.
    fn end(self, platform: &Platform) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
        let asked = self.asked.load(Ordering::Relaxed);
        let told = || replies(platform).iter().map(Vec::len).sum::<usize>();
        eventually_or("all are answered", &mut || told() >= asked * 2, || {
            format!("{} messages for {asked} questions", told())
        });
        assert_eq!(told(), asked * 2, "two messages for each question");
    }
}

/// The texts of every reply LINE accepted, call by call.
fn replies(platform: &Platform) -> Vec<Vec<String>> {
    let entries = platform.journal().entries_since(0);
    let calls = entries.iter().filter_map(|entry| match &entry.what {
        What::Call(call) if call.endpoint == "reply" && call.accepted => Some(call.messages()),
        _ => None,
    });
    let text = |message: &serde_json::Value| message["text"].as_str().unwrap().to_owned();
    calls
        .map(|messages| messages.iter().map(text).collect())
        .collect()
}

fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    eventually_or(what, &mut is, String::new);
}

fn eventually_or(what: &str, is: &mut dyn FnMut() -> bool, told: impl Fn() -> String) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is() {
        assert!(
            Instant::now() < until,
            "{what} did not come true: {}",
            told()
        );
        thread::park_timeout(Duration::from_millis(5));
    }
}

fn version_of(text: &str) -> usize {
    let (_, version) = text
        .split_once(" v")
        .unwrap_or_else(|| panic!("{text:?} is of no version"));
    version.parse().unwrap()
}

fn count(metrics: &str, line: &str) -> u64 {
    let found = metrics.lines().find_map(|known| known.strip_prefix(line));
    found.map_or(0, |value| value.trim().parse().unwrap())
}

#[test]
fn every_answer_is_of_one_config_however_often_it_is_swapped() {
    let place = Place::new();
    place.write(&rules(0));
    let mut server = place.serve();
    let platform = &place.simulator.platform;
    let crowd = Crowd::begin(platform);
    for version in 1..=VERSIONS {
        let before = replies(platform).len();
        // Some under every version: the swap has met work in flight.
        eventually("some are answered", || {
            replies(platform).len() > before + 40
        });
        place.write(&rules(version));
        if version % 2 == 0 {
            let answer = place.ask("POST /admin/reload");
            assert!(answer.contains("\"reloaded\":true"), "{answer}");
        } else {
            server.signal(Signal::HUP);
        }
        eventually("the new version answers", || {
            let last = replies(platform);
            last.iter()
                .flatten()
                .any(|text| version_of(text) == version)
        });
    }
    crowd.end(platform);
    for call in replies(platform) {
        // A call may carry several answers; each is two messages of one rule and one version.
        for answer in call.chunks(2) {
            let [first, second] = answer else {
                panic!("half an answer: {call:?}");
            };
            assert_eq!(first.replacen('a', "b", 1), *second, "{call:?}");
        }
    }
    server.signal(Signal::TERM);
    let ended = server.ended(Duration::from_secs(25));
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
}

#[test]
fn a_faulty_file_changes_nothing_and_is_told() {
    let place = Place::new();
    place.write(&rules(0));
    let server = place.serve();
    let platform = &place.simulator.platform;
    let crowd = Crowd::begin(platform);
    eventually("some are answered", || replies(platform).len() > 40);
    for bad in [
        "not = [toml".to_owned(),
        format!(
            "{}\n[[keyword]]\nid = \"x\"\nterms = [\"q000\"]\n",
            rules(1)
        ),
    ] {
        place.write(&bad);
        let answer = place.ask("POST /admin/reload");
        assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
        assert!(answer.contains("keywords.toml"), "{answer}");
        let seen = replies(platform).len();
        eventually("they are still answered", || {
            replies(platform).len() > seen + 40
        });
    }
    // By signal, too: told in the log and the metrics.
    server.signal(Signal::HUP);
    let refused = "hotline_config_reloads_total{result=\"refused\"} ";
    eventually("the refusal is counted", || {
        count(&place.ask("GET /metrics"), refused) == 3
    });
    let log = fs::read_to_string(place.log()).unwrap();
    assert!(log.contains("the old automation stays"), "{log}");
    crowd.end(platform);
    let versions = replies(platform);
    assert!(versions.iter().flatten().all(|text| version_of(text) == 0));
}
