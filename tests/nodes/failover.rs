//! A master dies and its replica takes over; slots move from master to master.

use crate::server::{self, Server, wait};
use crate::topology::{Cluster, NAME, Watched, follow};
use crate::trial::{Outcome, Setting};

/// What a node waits for before it says that something is durable.
#[derive(Clone, Copy)]
enum Copies {
    /// The master alone.
    One,
    /// Every replica.
    All,
}

impl Copies {
    fn durability(self) -> &'static str {
        match self {
            Copies::One => "fast",
            Copies::All => "replicated",
        }
    }
}

fn quoted(servers: &[Server]) -> String {
    let urls = servers.iter().map(|server| format!("\"{}\"", server.url()));
    urls.collect::<Vec<_>>().join(", ")
}

fn on_sentinels(watched: &Watched, copies: Copies) -> String {
    format!(
        "kind = \"redis\"\nsentinels = [{}]\nmaster = \"{NAME}\"\ndurability = \"{}\"\nspool = false",
        quoted(&watched.sentinels),
        copies.durability()
    )
}

fn on_cluster(cluster: &Cluster, copies: Copies) -> String {
    format!(
        "kind = \"redis\"\nurls = [{}]\ndurability = \"{}\"\nspool = false",
        quoted(&cluster.nodes),
        copies.durability()
    )
}

fn is_master(server: &Server) -> bool {
    server.say(&["INFO", "replication"]).contains("role:master")
}

/// The address the sentinels name, once they agree on another than `old`.
fn successor(watched: &Watched, old: u16) -> u16 {
    let mut port = old;
    wait("the sentinels name another master", || {
        let named = watched.sentinels.iter().map(|sentinel| {
            let words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
            let named: Vec<String> = sentinel.ask(&words).unwrap_or_default();
            named
                .get(1)
                .and_then(|port| port.parse().ok())
                .unwrap_or(old)
        });
        let named: Vec<u16> = named.collect();
        port = named[0];
        port != old && named.iter().all(|other| *other == port)
    });
    port
}

/// Kills the master; the old one comes back when the sentinels have named the next.
fn sentinel_failover(copies: Copies, second_replica: bool) -> Outcome {
    let mut watched = Watched::start();
    let old = watched.servers[0].port();
    let second = second_replica.then(|| {
        let second = Server::with(&["--repl-diskless-sync-delay", "0", "--appendonly", "no"]);
        follow(&second, &watched.servers[0]);
        for sentinel in &watched.sentinels {
            wait("the sentinels know both replicas", || {
                sentinel
                    .say(&["INFO", "sentinel"])
                    .contains("slaves=2,sentinels=3")
            });
        }
        second
    });
    let store = on_sentinels(&watched, copies);
    let mode = match (copies, second_replica) {
        (Copies::One, _) => "Sentinel, fast",
        (Copies::All, false) => "Sentinel, replicated, one replica",
        (Copies::All, true) => "Sentinel, replicated, two replicas",
    };
    let server = &watched.servers[1];
    let setting = Setting::of("Sentinel: the master is killed", mode, store, server);
    let mut trial = setting.owing().begin();
    trial.strike(|_| watched.servers[0].kill());
    successor(&watched, old);
    watched.servers[0].again();
    // Sentinels make a master that came back a replica after some ten seconds; with one replica nothing
    // is durable in `replicated` before that.
    trial.on_for(8_000);
    let outcome = match copies {
        Copies::One => trial.lossy().over(),
        Copies::All => trial.over(),
    };
    drop(second);
    outcome
}

#[test]
fn a_sentinel_failover_loses_nothing_that_replicas_had() {
    if !server::installed() {
        return;
    }
    let outcome = sentinel_failover(Copies::All, true);
    outcome.met_work();
    outcome.clean();
}

#[test]
#[ignore = "scripts/faults --full"]
fn a_sentinel_failover_to_the_only_replica_waits_for_another_and_loses_nothing() {
    if !server::installed() {
        return;
    }
    let outcome = sentinel_failover(Copies::All, false);
    outcome.met_work();
    outcome.clean();
}

#[test]
#[ignore = "scripts/faults --full"]
fn a_sentinel_failover_without_waiting_for_replicas_is_measured() {
    if !server::installed() {
        return;
    }
    sentinel_failover(Copies::One, false).met_work();
}

fn cluster_failover(copies: Copies) -> Outcome {
    let mut cluster = Cluster::start();
    let store = on_cluster(&cluster, copies);
    let mode = match copies {
        Copies::One => "Cluster, fast",
        Copies::All => "Cluster, replicated",
    };
    let setting = Setting::of(
        "Cluster: one of three masters is killed",
        mode,
        store,
        &cluster.nodes[4],
    );
    let mut trial = setting.owing().begin();
    trial.strike(|_| cluster.nodes[1].kill());
    wait("its replica is promoted", || is_master(&cluster.nodes[4]));
    cluster.nodes[1].again();
    wait("it follows", || {
        let told = cluster.nodes[4].say(&["INFO", "replication"]);
        told.contains("state=online")
    });
    trial.on_for(4_000);
    match copies {
        Copies::One => trial.lossy().over(),
        Copies::All => trial.over(),
    }
}

#[test]
fn a_cluster_that_loses_a_master_loses_nothing_that_replicas_had() {
    if !server::installed() {
        return;
    }
    let outcome = cluster_failover(Copies::All);
    outcome.met_work();
    outcome.clean();
}

#[test]
#[ignore = "scripts/faults --full"]
fn a_cluster_that_loses_a_master_without_waiting_for_replicas_is_measured() {
    if !server::installed() {
        return;
    }
    cluster_failover(Copies::One).met_work();
}

/// Slots of partitions: p of 256 has slot 64 p. The first master has 0 to 5461.
const SLOTS: [u16; 24] = {
    let mut slots = [0; 24];
    let mut at = 0;
    while at < 24 {
        slots[at] = 64 * 3 * at as u16;
        at += 1;
    }
    slots
};

/// Moves a slot with all its keys, as `redis-cli --cluster reshard` does.
fn carry(cluster: &Cluster, from: &Server, to: &Server, slot: u16) {
    let slot = slot.to_string();
    let (source, target) = (from.say(&["CLUSTER", "MYID"]), to.say(&["CLUSTER", "MYID"]));
    let ok = |server: &Server, words: &[&str]| assert_eq!(server.say(words), "+OK", "{words:?}");
    ok(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]);
    ok(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]);
    loop {
        let words = ["CLUSTER", "GETKEYSINSLOT", &slot, "20"];
        let keys: Vec<Vec<u8>> = from.ask(&words).expect("keys are named");
        if keys.is_empty() {
            break;
        }
        let client = redis::Client::open(from.url()).expect("a url");
        let mut connection = client.get_connection().expect("it runs");
        let mut call = redis::cmd("MIGRATE");
        call.arg("127.0.0.1")
            .arg(to.port())
            .arg("")
            .arg(0)
            .arg(5_000);
        let moved: String = call
            .arg("KEYS")
            .arg(&keys)
            .query(&mut connection)
            .expect("keys can be moved");
        assert!(["OK", "NOKEY"].contains(&&*moved), "{moved}");
    }
    for server in [to, from] {
        ok(server, &["CLUSTER", "SETSLOT", &slot, "NODE", &target]);
    }
    // The others hear of it by themselves; being told is faster.
    for node in &cluster.nodes[..3] {
        node.say(&["CLUSTER", "SETSLOT", &slot, "NODE", &target]);
    }
}

#[test]
fn slots_that_move_under_load_lose_nothing() {
    if !server::installed() {
        return;
    }
    let cluster = Cluster::start();
    let store = on_cluster(&cluster, Copies::All);
    let setting = Setting::of(
        "Cluster: 24 slots move",
        "Cluster, replicated",
        store,
        &cluster.nodes[0],
    );
    let mut trial = setting.begin();
    trial.strike(|_| ());
    for slot in SLOTS {
        carry(&cluster, &cluster.nodes[0], &cluster.nodes[2], slot);
        trial.on_for(100);
    }
    trial.on_for(1_500);
    let outcome = trial.over();
    outcome.met_work();
    outcome.clean();
    let met = cluster.nodes[0].say(&["INFO", "errorstats"]);
    assert!(met.contains("MOVED") || met.contains("ASK"), "{met}");
}
