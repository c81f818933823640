//! A replica that has not heard of the last seconds becomes the master: what was acknowledged in them
//! is gone, and so is the memory of what was sent. Replication without waiting promises no better. What
//! must hold all the same: the damage ends where the lost seconds end.
//!
//! Outside of them nothing may be lost or answered twice; who writes for the first time afterwards gets
//! the whole promise; nothing is stuck.

use crate::server::{self, Server};
use crate::standalone::Disk;
use crate::strait::Strait;
use crate::support::load;
use crate::support::world::World;
use crate::trial::Setting;
use hotline::simulator::What;
use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// How long a send may be on its way after the commit that decided it, milliseconds: LINE's slowness
/// in this test, and a try of the store.
const ON_ITS_WAY: u64 = 4_000;
/// What replication may lag behind while it works.
const LAG: u64 = 500;
/// Customers who write for the first time afterwards; their numbers begin here.
const NEWCOMERS: RangeInclusive<usize> = 5_000..=5_099;

fn replication(server: &Server) -> String {
    server.say(&["INFO", "replication"])
}

fn wait(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !so() {
        assert!(Instant::now() < end, "not within 20 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Platform times of what became of one question.
#[derive(Default)]
struct Fate {
    accepted: Option<u64>,
    answered: Vec<u64>,
}

/// Of every question, by customer and answer.
fn fates(world: &World) -> HashMap<(String, String), Fate> {
    let mut accepted: HashMap<String, u64> = HashMap::new();
    let mut fates: HashMap<(String, String), Fate> = HashMap::new();
    for entry in &world.platform().journal().entries_since(0) {
        match &entry.what {
            What::Webhook(webhook) if webhook.acknowledged() => {
                for id in &webhook.event_ids {
                    accepted.entry(id.clone()).or_insert(entry.at);
                }
            }
            What::Webhook(_) => {}
            What::Call(call) => {
                for delivered in &call.deliveries {
                    for message in call.messages() {
                        let text = message["text"].as_str().unwrap_or_default().to_owned();
                        let fate = fates.entry((delivered.to.to_string(), text)).or_default();
                        fate.answered.push(entry.at);
                    }
                }
            }
        }
    }
    for question in world.asked.lock().expect("no thread panics").iter() {
        let named = (question.customer.clone(), question.answer.clone());
        fates.entry(named).or_default().accepted = accepted.get(&question.event).copied();
    }
    fates
}

#[test]
fn a_stale_replica_that_is_promoted_harms_only_the_seconds_it_lacks() {
    if !server::installed() {
        return;
    }
    let prompt = ["--appendonly", "no", "--repl-diskless-sync-delay", "0"];
    let (mut master, replica) = (Server::with(&prompt), Server::with(&prompt));
    let between = Strait::to(master.port());
    let way = Strait::to(master.port());
    let port = between.port().to_string();
    assert_eq!(replica.say(&["REPLICAOF", "127.0.0.1", &port]), "+OK");
    wait("the replica follows", || {
        replication(&replica).contains("master_link_status:up")
    });
    let setting = Setting::of(
        "a replica 2 s behind is promoted",
        "replica, asynchronous",
        Disk::Off.lines(&way.url()),
        &replica,
    );
    let mut trial = setting.owing().begin();
    let heard = replication(&replica);
    assert!(heard.contains("master_link_status:up"), "{heard}");
    let from = trial.world.platform().now() - LAG;
    between.cut();
    trial.on_for(2_000);
    trial.strike(|_| master.kill());
    let until = trial.world.platform().now();
    assert_eq!(replica.say(&["REPLICAOF", "NO", "ONE"]), "+OK");
    trial.on_for(300);
    way.lead_to(replica.port());
    trial.on_for(3_000);
    for newcomer in NEWCOMERS {
        load::say(trial.world.platform(), &trial.world.asked, newcomer, 0);
    }
    let seq = trial.world.platform().journal().last_seq();
    let patience = Duration::from_secs(20);
    assert!(trial.world.answers_since(seq, 500, patience), "wedged");
    let outcome = trial.lossy().over();
    outcome.met_work();
    outcome.demand(outcome.verdict.violations == 0, "within LINE's rules");
    let lacking = from..=until;
    let new: HashSet<String> = NEWCOMERS.map(load::name).collect();
    for ((customer, answer), fate) in fates(outcome.world()) {
        let story = || outcome.world().story(&customer);
        let Some(accepted) = fate.accepted else {
            continue;
        };
        if fate.answered.is_empty() {
            assert!(lacking.contains(&accepted), "{answer} lost: {}", story());
        }
        if fate.answered.len() > 1 {
            let forgotten = from..=until + ON_ITS_WAY;
            assert!(
                forgotten.contains(&fate.answered[0]),
                "{answer} doubled: {}",
                story()
            );
        }
        if new.contains(&customer) {
            assert_eq!(fate.answered.len(), 1, "{}", story());
        }
        if std::env::var("SHOW").is_ok() && fate.answered.len() > 1 {
            println!("SHOW {answer} {}", story());
        }
    }
}
