//! One fault, from the first message to the verdict: three nodes, steady load, the moment of the
//! fault, and a row of figures at the end.
//!
//! The row is printed before anything is asserted, and appended to the file `HOTLINE_FAULTS_TABLE`
//! names, so that a run that fails is in the table too.

use crate::server::Server;
use crate::support::fleet::Fleet;
use crate::support::kills::{self, InFlight, Kill};
use crate::support::load::{self, Load, Weather};
use crate::support::rng::Rng;
use crate::support::waits::{self, Healing};
use crate::support::world::World;
use hotline::simulator::{Fault, Faults, Verdict};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::thread;
use std::time::Duration;

/// Names the file the rows go to.
const TABLE: &str = "HOTLINE_FAULTS_TABLE";
/// Set: what the nodes logged is printed, too.
const LOGS: &str = "HOTLINE_FAULTS_LOGS";
/// Longest wait for everything owed to be settled.
const SETTLE: Duration = Duration::from_secs(45);
/// The same where something is lost for good: longer than taking over what a dead node did.
const LOSSY: Duration = Duration::from_secs(16);
/// Customers who write. So many that hardly one has more answers waiting at the end of a fault of ten
/// seconds than are kept for one conversation (20; the oldest expire then, which is promised).
const CUSTOMERS: usize = 1_000;
/// Messages a second of all of them together.
const RATE: u64 = 700;

/// A fault under way.
pub struct Trial {
    pub world: World,
    pub fleet: Fleet,
    fault: &'static str,
    mode: &'static str,
    version: String,
    load: Option<Load>,
    moment: Option<Kill>,
    patience: Duration,
}

/// What came of it.
pub struct Outcome {
    pub verdict: Verdict,
    pub met: InFlight,
    /// Events whose webhook was under way at the moment.
    pub pending: usize,
    pub healing: Healing,
    world: World,
}

/// How a trial is set up.
pub struct Setting<'a> {
    /// What the table calls the fault.
    pub fault: &'static str,
    /// What the store promises.
    pub mode: &'static str,
    /// Lines of `[store]`.
    pub store: String,
    /// Whoever is asked for its version.
    pub server: &'a Server,
    /// As in LINE's console.
    pub redelivery: bool,
    pub weather: Weather,
    pub customers: usize,
}

impl<'a> Setting<'a> {
    /// A fault of three nodes on one server, no redelivery, LINE as usual.
    pub fn of(fault: &'static str, mode: &'static str, store: String, server: &'a Server) -> Self {
        Setting {
            fault,
            mode,
            store,
            server,
            redelivery: false,
            weather: load::usual,
            customers: CUSTOMERS,
        }
    }

    /// With so many customers.
    pub fn customers(mut self, customers: usize) -> Self {
        self.customers = customers;
        self
    }

    /// With undelivered webhooks sent again.
    pub fn redelivered(mut self) -> Self {
        self.redelivery = true;
        self
    }

    /// With LINE so slow that many answers are owed at any moment.
    pub fn owing(mut self) -> Self {
        self.weather = slow;
        self
    }

    /// Nodes up, load on for as long as it takes to be steady.
    pub fn begin(self) -> Trial {
        let mut trial = self.quiet();
        trial.load = Some(trial.world.load(self.customers, RATE, self.weather));
        trial.on_for(2_500);
        trial
    }

    /// Nodes up, nobody writes.
    pub fn quiet(&self) -> Trial {
        let world = World::new(&format!("{} ({})", self.fault, self.mode), self.redelivery);
        let fleet = Fleet::start(&world, 3, &self.store);
        Trial {
            world,
            fleet,
            fault: self.fault,
            mode: self.mode,
            version: version(self.server),
            load: None,
            moment: None,
            patience: SETTLE,
        }
    }
}

impl Trial {
    /// The load goes on for so many milliseconds.
    pub fn on_for(&self, ms: u64) {
        thread::sleep(Duration::from_millis(ms));
    }

    /// The fault, and the moment it happened.
    pub fn strike(&mut self, fault: impl FnOnce(&mut Fleet)) {
        let fleet = &mut self.fleet;
        self.moment = Some(kills::noted(&self.world, || fault(fleet)));
    }

    /// Something will be lost, so that nothing tells when all is over: looks after this long.
    pub fn lossy(mut self) -> Self {
        self.patience = LOSSY;
        self
    }

    /// No more questions.
    pub fn hush(&mut self) {
        self.load = None;
    }

    /// No more questions; waits until nothing is owed any more, writes the row.
    pub fn over(mut self) -> Outcome {
        self.hush();
        let verdict = self.world.settled(self.patience);
        let moment = self.moment.unwrap_or_else(|| kills::noticed(&self.world));
        let met = kills::in_flight(&self.world, &[moment]).remove(0);
        let outcome = Outcome {
            met,
            pending: kills::pending(&self.world, &moment),
            healing: waits::healing(&self.world, moment.at()),
            verdict,
            world: self.world,
        };
        if std::env::var_os(LOGS).is_some() {
            for n in 0..3 {
                let log = self.fleet.folder(n).with_file_name("hotline.log");
                let told = std::fs::read_to_string(log).unwrap_or_default();
                told.lines().for_each(|line| println!("node {n}: {line}"));
            }
            println!("the fault was at {}", moment.at());
        }
        outcome.tell(self.fault, self.mode, &self.version);
        outcome
    }
}

impl Outcome {
    fn tell(&self, fault: &str, mode: &str, version: &str) {
        let Outcome {
            verdict,
            met,
            pending,
            healing,
            world,
        } = self;
        let seconds = |ms: u64| format!("{}.{:01}", ms / 1_000, ms % 1_000 / 100);
        let row = format!(
            "| {fault} | {mode} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {version} | {} |",
            verdict.asked,
            verdict.accepted,
            verdict.lost,
            verdict.doubled,
            verdict.out_of_order,
            verdict.unconfirmed,
            seconds(healing.longest),
            seconds(healing.healed_after),
            healing.refused,
            seconds(healing.refused_until),
            met.acknowledged + met.accepted + pending,
            world.seed,
        );
        println!("{row}");
        println!("{fault} ({mode}): in flight {met} pending={pending}; {verdict}");
        let Some(table) = std::env::var_os(TABLE) else {
            return;
        };
        let file = OpenOptions::new().create(true).append(true).open(table);
        let written = file.and_then(|mut file| file.write_all(format!("{row}\n").as_bytes()));
        written.expect("the table can be written");
    }

    /// Something was under way when the fault struck; else the run proves nothing.
    pub fn met_work(&self) {
        let met = self.met.any() || self.pending > 0;
        assert!(met, "INVALID: nothing was in flight");
        self.demand(self.verdict.accepted > 1_500, "under load");
    }

    /// The whole promise: nothing lost, doubled, out of order or unconfirmed.
    pub fn clean(&self) {
        self.demand(self.verdict.clean(), "clean");
        self.demand(self.verdict.billed == 0, "free of charge");
    }

    /// Whatever was lost: nothing was answered twice or out of order, and nothing is stuck.
    pub fn nothing_doubled(&self) {
        let v = &self.verdict;
        self.demand(v.doubled + v.violations == 0, "answered once");
        self.demand(v.out_of_order == 0, "in order");
    }

    /// Ends the test when `fine` is not true, with all a person needs to find the cause.
    pub fn demand(&self, fine: bool, what: &str) {
        let trail = || self.world.trail(&self.verdict);
        assert!(fine, "not {what}: {}\n{}", self.verdict, trail());
    }

    pub fn world(&self) -> &World {
        &self.world
    }
}

/// LINE takes 200 to 800 ms before it decides.
fn slow(rng: &mut Rng) -> Faults {
    let before = Fault {
        ms: rng.within(200, 800),
        endpoints: load::sends(),
        ..Fault::default()
    };
    Faults {
        latency_before: Some(before),
        ..Faults::default()
    }
}

fn version(server: &Server) -> String {
    let said = server.say(&["INFO", "server"]);
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("redis_version:"));
    line.unwrap_or("unknown").trim().to_owned()
}
