//! One test's world: a folder, a simulated LINE, and the program between them.

use super::config::{CHANNEL, Config};
use super::load::{Asked, Load, Weather};
use super::process::Hotline;
use super::rng::Rng;
use hotline::simulator::{
    ChannelOptions, Delivery, Ledger, Options, Platform, Simulator, SimulatorThread, Verdict, What,
};
use serde_json::Value;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Quiet on the wire for this long means that nothing is on its way: longer than LINE waits for a
/// webhook, than any pause between two tries, than an undisturbed call.
const QUIET: Duration = Duration::from_millis(2_500);

/// A simulated LINE with its account, and where the program keeps its things.
pub struct World {
    pub simulator: SimulatorThread,
    pub asked: Asked,
    pub rng: Rng,
    /// Repeats the run.
    pub seed: u64,
    root: TempDir,
    secret: String,
    token: String,
}

impl World {
    /// A new world; `redelivery` as in LINE's console.
    pub fn new(what: &str, redelivery: bool) -> World {
        let mut rng = Rng::announced(what);
        let seed = rng.state();
        let root = tempfile::tempdir().expect("a temporary folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        // Secrets of its own: a webhook that strays to another test's program is refused there.
        let secret = format!("secret-{:016x}", rng.bits());
        let token = format!("token-{:016x}", rng.bits());
        let options = Options {
            channels: vec![ChannelOptions::new(CHANNEL, &secret, &token)],
            delivery: Delivery {
                redelivery,
                redelivery_count: 40,
                redelivery_interval_ms: 300,
                ..Delivery::default()
            },
            lanes: 32,
            journal_keep: None,
            thread_keep: 0,
            ..Options::default()
        };
        let simulator = Simulator::spawn(options, listener).expect("a simulator");
        World {
            simulator,
            asked: Asked::default(),
            rng,
            seed,
            root,
            secret,
            token,
        }
    }

    /// LINE.
    pub fn platform(&self) -> &Arc<Platform> {
        &self.simulator.platform
    }

    /// Writes the config folder of a node whose things lie in a folder of that name ("": the world's
    /// own).
    pub fn config(&self, node: &str, store: &str) -> PathBuf {
        let config = Config {
            root: &self.root.path().join(node),
            api: &self.simulator.url(),
            secret: &self.secret,
            token: &self.token,
            store,
        };
        config.write()
    }

    /// Starts the program and leads LINE's webhooks to it.
    pub fn serve(&self, environment: &[(&str, &str)]) -> Hotline {
        let log = self.root.path().join("hotline.log");
        let config = self.config("", "");
        let hotline = Hotline::serve(&config, &log, environment);
        let url = format!("http://{}/line/{CHANNEL}/webhook", hotline.public);
        self.platform().set_webhook_url(CHANNEL, Some(&url));
        hotline
    }

    /// Everything the program kept is gone.
    pub fn wipe(&self) {
        std::fs::remove_dir_all(self.root.path().join("data")).expect("the data folder");
    }

    /// Steady load.
    pub fn load(&mut self, customers: usize, rate: u64, weather: Weather) -> Load {
        let seed = self.rng.bits();
        let (platform, asked) = (self.platform().clone(), self.asked.clone());
        Load::start(platform, asked, customers, rate, weather, seed)
    }

    /// What the journal says so far.
    pub fn verdict(&self) -> Verdict {
        // First the journal: whatever it holds was asked before.
        let entries = self.platform().journal().entries_since(0);
        let mut ledger = Ledger::new();
        for question in self
            .asked
            .lock()
            .expect("no thread panics holding it")
            .iter()
        {
            ledger.ask(&question.customer, &question.event, &question.answer);
        }
        for entry in &entries {
            ledger.see(entry);
        }
        ledger.verdict()
    }

    /// The stories of the customers of the first offences, and the end of the program's log: what a person needs to find the cause.
    pub fn trail(&self, verdict: &Verdict) -> String {
        let mut trail = String::new();
        for offence in verdict.offences.iter().take(2) {
            let _ = writeln!(trail, "--- {} ({})", offence.customer, offence.kind);
            trail.push_str(&self.story(&offence.customer));
        }
        let nodes = ["", "node-0", "node-1", "node-2"];
        for node in nodes.map(|node| self.root.path().join(node)) {
            let Ok(log) = std::fs::read_to_string(node.join("hotline.log")) else {
                continue;
            };
            let lines: Vec<&str> = log.lines().collect();
            let _ = writeln!(trail, "--- log of {}", node.display());
            for line in &lines[lines.len().saturating_sub(40)..] {
                let _ = writeln!(trail, "{line}");
            }
        }
        trail
    }

    /// How many lines of the nodes' logs hold these words.
    pub fn told(&self, words: &str) -> usize {
        let nodes = ["", "node-0", "node-1", "node-2"];
        let logs = nodes.map(|node| self.root.path().join(node).join("hotline.log"));
        let logs = logs
            .iter()
            .filter_map(|log| std::fs::read_to_string(log).ok());
        logs.map(|log| log.lines().filter(|line| line.contains(words)).count())
            .sum()
    }

    /// Everything the journal holds about a customer.
    pub fn story(&self, customer: &str) -> String {
        let mut told = String::new();
        let mut names = vec![customer.to_owned()];
        for entry in &self.platform().journal().entries_since(0) {
            let (text, line) = match &entry.what {
                What::Webhook(hook) => {
                    let (status, error) = (hook.status, &hook.error);
                    (
                        &hook.body,
                        format!("webhook sent_at={} {status} {error:?}", hook.sent_at),
                    )
                }
                What::Call(call) => (
                    &call.body,
                    format!(
                        "{} {} accepted={} {:?} {:?} wait={} {:?}",
                        call.endpoint,
                        call.status,
                        call.accepted,
                        call.told,
                        call.fault,
                        call.wait_ms,
                        call.reason
                    ),
                ),
            };
            if !names.iter().any(|name| text.contains(name.as_str())) {
                continue;
            }
            let ours = about(text, customer, &mut names);
            let _ = writeln!(told, "{} at={} {line} {ours}", entry.seq, entry.at);
        }
        told
    }

    /// Waits until at least so many answers were accepted by LINE since `seq`.
    pub fn answers_since(&self, seq: u64, wanted: usize, patience: Duration) -> bool {
        let mut found = 0;
        let enough = self.platform().journal().wait_for(seq, patience, |entry| {
            if let What::Call(call) = &entry.what {
                found += usize::from(!call.deliveries.is_empty());
            }
            found >= wanted
        });
        enough.is_some()
    }

    /// Waits until so many sends were tried in all.
    pub fn calls(&self, wanted: usize, patience: Duration) -> bool {
        self.counted(wanted, patience, |what| match what {
            What::Call(call) => usize::from(call.endpoint == "reply" || call.endpoint == "push"),
            What::Webhook(_) => 0,
        })
    }

    /// Waits until so many events were answered 2xx in all.
    pub fn acknowledged(&self, wanted: usize, patience: Duration) -> bool {
        self.counted(wanted, patience, |what| match what {
            What::Webhook(webhook) if webhook.acknowledged() => webhook.event_ids.len(),
            What::Webhook(_) | What::Call(_) => 0,
        })
    }

    fn counted(&self, wanted: usize, patience: Duration, count: fn(&What) -> usize) -> bool {
        let mut found = 0;
        let enough = self.platform().journal().wait_for(0, patience, |entry| {
            found += count(&entry.what);
            found >= wanted
        });
        enough.is_some()
    }

    /// Waits until nothing moves any more and nothing is owed, or `patience` is over; then judges.
    pub fn settled(&self, patience: Duration) -> Verdict {
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let seen = self.platform().journal().last_seq();
            let moved = self
                .platform()
                .journal()
                .wait_for(seen, QUIET.min(left), |_| true);
            if moved.is_some() && !left.is_zero() {
                // Looks again at most every tenth of a second: the journal may be busy.
                std::thread::sleep(Duration::from_millis(100));
                continue;
            }
            let verdict = self.verdict();
            if verdict.open() == 0 || left.is_zero() {
                return verdict;
            }
        }
    }
}

/// What a body says that concerns the customer; learns the reply tokens that are the customer's.
fn about(body: &str, customer: &str, names: &mut Vec<String>) -> String {
    let Ok(body) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    let Some(events) = body["events"].as_array() else {
        return body.to_string();
    };
    let mut said = String::new();
    for event in events
        .iter()
        .filter(|event| event["source"]["userId"] == customer)
    {
        if let Some(token) = event["replyToken"].as_str() {
            names.push(token.to_owned());
        }
        let (text, token) = (&event["message"]["text"], &event["replyToken"]);
        let _ = write!(said, "{text} token {token} ");
    }
    said
}
