//! One test's world: a folder, a simulated LINE, and the program between them.

use super::config::{CHANNEL, Config};
use super::load::{Asked, Load, Weather};
use super::process::Hotline;
use super::rng::Rng;
use hotline::simulator::{
    ChannelOptions, Delivery, Ledger, Options, Platform, Simulator, SimulatorThread, Verdict,
};
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
    root: TempDir,
    config: PathBuf,
}

impl World {
    /// A new world; `redelivery` as in LINE's console.
    pub fn new(what: &str, redelivery: bool) -> World {
        let mut rng = Rng::announced(what);
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
        let config = Config {
            root: root.path(),
            api: &simulator.url(),
            secret: &secret,
            token: &token,
        }
        .write();
        World {
            simulator,
            asked: Asked::default(),
            rng,
            root,
            config,
        }
    }

    /// LINE.
    pub fn platform(&self) -> &Arc<Platform> {
        &self.simulator.platform
    }

    /// Starts the program and leads LINE's webhooks to it.
    pub fn serve(&self, environment: &[(&str, &str)]) -> Hotline {
        let log = self.root.path().join("hotline.log");
        let hotline = Hotline::serve(&self.config, &log, environment);
        let url = format!("http://{}/line/{CHANNEL}/webhook", hotline.public);
        self.platform().set_webhook_url(CHANNEL, Some(&url));
        hotline
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

    /// Waits until at least so many answers were accepted by LINE since `seq`.
    pub fn answers_since(&self, seq: u64, wanted: usize, patience: Duration) -> bool {
        let mut found = 0;
        let enough = self.platform().journal().wait_for(seq, patience, |entry| {
            if let hotline::simulator::What::Call(call) = &entry.what {
                found += usize::from(!call.deliveries.is_empty());
            }
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
