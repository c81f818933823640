//! Several real `redis-server` processes that know each other: a master with a replica and three
//! sentinels, and a cluster of three masters with a replica each.
#![allow(dead_code, reason = "every test binary uses its part")]

use super::server::{Server, free_port, wait};
use hotline::store::redis::{Durability, Options, Servers};
use std::time::Duration;

/// What sentinels call the master.
pub const NAME: &str = "main";

/// Settings of every data server: replicas follow without delay.
const PROMPT: [&str; 8] = [
    "--repl-diskless-sync-delay",
    "0",
    "--repl-ping-replica-period",
    "1",
    "--repl-timeout",
    "10",
    "--appendonly",
    "no",
];

/// A master and a replica of it.
pub fn pair() -> [Server; 2] {
    let master = Server::with(&PROMPT);
    let replica = Server::with(&PROMPT);
    follow(&replica, &master);
    [master, replica]
}

/// Makes a server a replica of another, and waits until it has all.
pub fn follow(replica: &Server, master: &Server) {
    let port = master.port().to_string();
    assert_eq!(replica.say(&["REPLICAOF", "127.0.0.1", &port]), "+OK");
    wait("the replica follows", || {
        master
            .say(&["INFO", "replication"])
            .contains("state=online")
    });
}

/// A pair, watched by three sentinels.
pub struct Watched {
    pub servers: [Server; 2],
    pub sentinels: Vec<Server>,
}

impl Watched {
    pub fn start() -> Watched {
        let servers = pair();
        let port = servers[0].port();
        let lines = format!(
            "sentinel monitor {NAME} 127.0.0.1 {port} 2\n\
             sentinel down-after-milliseconds {NAME} 1000\n\
             sentinel failover-timeout {NAME} 4000\n"
        );
        let sentinels: Vec<_> = (0..3).map(|_| Server::sentinel(&lines)).collect();
        let watched = Watched { servers, sentinels };
        watched.settled();
        watched
    }

    /// Waits until all sentinels know each other, the master and its replica.
    pub fn settled(&self) {
        for sentinel in &self.sentinels {
            wait("the sentinels agree", || {
                let info = sentinel.say(&["INFO", "sentinel"]);
                info.contains("status=ok") && info.contains("slaves=1,sentinels=3")
            });
        }
    }

    pub fn options(&self, durability: Durability) -> Options {
        let servers = Servers::Sentinel {
            sentinels: self.sentinels.iter().map(Server::url).collect(),
            master: NAME.to_owned(),
        };
        small(Options::of(servers, durability))
    }
}

/// A cluster: the first three are masters at the start, the others their replicas.
pub struct Cluster {
    pub nodes: Vec<Server>,
}

impl Cluster {
    pub fn start() -> Cluster {
        let nodes: Vec<(Server, String)> = (0..6)
            .map(|_| {
                // Ours are above what the default, 10,000 more than the port, could be.
                let bus = free_port().to_string();
                let mut settings = PROMPT.to_vec();
                settings.extend(["--cluster-enabled", "yes", "--cluster-port", &bus]);
                settings.extend(["--cluster-node-timeout", "1500"]);
                settings.extend(["--cluster-require-full-coverage", "no"]);
                settings.extend(["--cluster-replica-validity-factor", "0"]);
                settings.extend(["--cluster-allow-replica-migration", "no"]);
                (Server::with(&settings), bus)
            })
            .collect();
        let buses: Vec<String> = nodes.iter().map(|(_, bus)| bus.clone()).collect();
        let cluster = Cluster {
            nodes: nodes.into_iter().map(|(node, _)| node).collect(),
        };
        for (at, node) in cluster.nodes.iter().enumerate() {
            let epoch = (at + 1).to_string();
            assert_eq!(node.say(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]), "+OK");
            if at < 3 {
                let first = (at * 16_384).div_ceil(3).to_string();
                let last = (((at + 1) * 16_384).div_ceil(3) - 1).to_string();
                let added = node.say(&["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
                assert_eq!(added, "+OK");
            }
            let first = cluster.nodes[0].port().to_string();
            if at > 0 {
                let met = node.say(&["CLUSTER", "MEET", "127.0.0.1", &first, &buses[0]]);
                assert_eq!(met, "+OK");
            }
        }
        cluster.all("know each other", |info| {
            info.contains("cluster_known_nodes:6")
        });
        for at in 3..6 {
            let master = cluster.nodes[at - 3].say(&["CLUSTER", "MYID"]);
            wait("it becomes a replica", || {
                cluster.nodes[at].say(&["CLUSTER", "REPLICATE", &master]) == "+OK"
            });
        }
        cluster.settled();
        cluster
    }

    fn all(&self, what: &str, so: impl Fn(&str) -> bool) {
        for node in &self.nodes {
            wait(what, || so(&node.say(&["CLUSTER", "INFO"])));
        }
    }

    /// Waits until all know who has which slots, and every replica follows.
    pub fn settled(&self) {
        self.all("the cluster is whole", |info| {
            info.contains("cluster_state:ok") && info.contains("cluster_slots_ok:16384")
        });
        for node in &self.nodes {
            wait("replicas follow", || {
                let info = node.say(&["INFO", "replication"]);
                match info.contains("role:master") {
                    true => info.contains("state=online"),
                    false => info.contains("master_link_status:up"),
                }
            });
        }
        // What a client would ask: masters with their replicas.
        for node in &self.nodes {
            wait("slots have a master and a replica", || {
                let slots: redis::Value = node.ask(&["CLUSTER", "SLOTS"]).unwrap();
                let redis::Value::Array(ranges) = slots else {
                    return false;
                };
                let whole =
                    |range: &redis::Value| matches!(range, redis::Value::Array(p) if p.len() == 4);
                ranges.iter().all(whole)
            });
        }
    }

    pub fn options(&self, durability: Durability) -> Options {
        let seeds = self.nodes.iter().map(Server::url).collect();
        small(Options::of(Servers::Cluster(seeds), durability))
    }
}

/// Options for a small store that outlasts a failover.
fn small(options: Options) -> Options {
    Options {
        partitions: 16,
        patience: Duration::from_secs(20),
        ..options
    }
}
