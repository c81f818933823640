//! Several nodes of one deployment: the same store, one balancer before them, one LINE behind.

use super::balancer::Balancer;
use super::config::CHANNEL;
use super::process::Hotline;
use super::world::World;
use std::path::PathBuf;

/// The nodes. A place is empty while its node is down.
pub struct Fleet {
    pub nodes: Vec<Option<Hotline>>,
    configs: Vec<PathBuf>,
    pub balancer: Balancer,
}

impl Fleet {
    /// So many nodes on a store (the lines of `[store]` besides `path`), ready, with LINE's webhooks
    /// led to all of them in turn.
    pub fn start(world: &World, count: usize, store: &str) -> Fleet {
        let balancer = Balancer::start();
        let configs = (0..count)
            .map(|n| world.config(&format!("node-{n}"), store))
            .collect();
        let mut fleet = Fleet {
            nodes: (0..count).map(|_| None).collect(),
            configs,
            balancer,
        };
        for n in 0..count {
            fleet.up(n);
        }
        let url = format!("http://{}/line/{CHANNEL}/webhook", fleet.balancer.addr);
        world.platform().set_webhook_url(CHANNEL, Some(&url));
        fleet
    }

    /// Starts a node that is down.
    pub fn up(&mut self, n: usize) {
        self.up_with(n, &[]);
    }

    /// Starts a node that is down, with environment variables.
    pub fn up_with(&mut self, n: usize, environment: &[(&str, &str)]) {
        let config = &self.configs[n];
        let log = config.with_file_name("hotline.log");
        self.nodes[n] = Some(Hotline::serve(config, &log, environment));
        self.lead();
    }

    /// Takes a node out of the balancer's turn; it runs on.
    pub fn take(&mut self, n: usize) -> Hotline {
        let node = self.nodes[n].take().expect("the node is up");
        self.lead();
        node
    }

    /// Puts a node back into the turn.
    pub fn put_back(&mut self, n: usize, node: Hotline) {
        self.nodes[n] = Some(node);
        self.lead();
    }

    /// SIGKILL. The balancer finds out by itself, as balancers do.
    pub fn kill(&mut self, n: usize) {
        self.nodes[n].take().expect("the node is up").kill();
    }

    /// The folder a node keeps its things in.
    pub fn folder(&self, n: usize) -> PathBuf {
        self.configs[n].with_file_name("data")
    }

    fn lead(&self) {
        let up = self.nodes.iter().flatten();
        self.balancer.lead_to(up.map(|node| node.public).collect());
    }
}
