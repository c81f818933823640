//! One customer writes many messages at once, and every node gets some: what it costs that they meet
//! at one conversation, and that their order is kept.

use crate::server::{self, Server};
use crate::standalone::Disk;
use crate::support::admin;
use crate::support::config::CHANNEL;
use crate::support::load;
use crate::support::world::World;
use crate::trial::{Setting, Trial};
use hotline::simulator::{Faults, Minted, WebhookCall, events};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;

/// Messages of one burst.
const BURST: usize = 50;
/// Customers who burst, one after the other.
const CUSTOMERS: usize = 8;

/// Sends one message as LINE would, over a connection of its own, and puts it into LINE's journal.
fn send(world: &World, to: SocketAddr, minted: &Minted) -> u16 {
    let platform = world.platform();
    let channel = platform.channel(CHANNEL).expect("the channel is simulated");
    if let Some(token) = &minted.reply_token {
        platform.arm(token);
    }
    let body = events::body(&channel.options().destination, &[&minted.event]);
    let signature = events::signature(&channel.options().secret, body.as_bytes());
    let sent_at = platform.now();
    let status = post(to, &signature, &body).unwrap_or(0);
    let call = WebhookCall {
        body,
        event_ids: vec![minted.webhook_event_id.clone()],
        sent_at,
        status,
        ..WebhookCall::default()
    };
    platform
        .journal()
        .record_webhook(platform.now(), CHANNEL, call);
    status
}

fn post(to: SocketAddr, signature: &str, body: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(to).ok()?;
    let length = body.len();
    let head = format!(
        "POST /line/{CHANNEL}/webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         x-line-signature: {signature}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).ok()?;
    std::str::from_utf8(&status[9..]).ok()?.parse().ok()
}

/// Script calls the server has served, and conflicts the nodes have met.
fn spent(server: &Server, trial: &Trial) -> (u64, u64) {
    let said = server.say(&["INFO", "commandstats"]);
    let calls = said.lines().find_map(|line| {
        let rest = line.strip_prefix("cmdstat_evalsha:calls=")?;
        rest.split(',').next()?.parse().ok()
    });
    let conflicts = (0..3).map(|n| {
        let socket = trial.fleet.folder(n).join("hotline.sock");
        let told = admin::ask(&socket, "GET /metrics");
        let lines = told.lines();
        let counted = lines.filter(|line| line.starts_with("hotline_commit_conflicts_total"));
        counted
            .filter_map(|line| line.split_whitespace().last()?.parse::<f64>().ok())
            .sum::<f64>() as u64
    });
    (calls.unwrap_or(0), conflicts.sum())
}

/// What a phase cost for each message.
fn cost(what: &str, server: &Server, trial: &Trial, messages: usize, phase: impl FnOnce()) {
    let before = spent(server, trial);
    phase();
    // What is owed ends first.
    trial.on_for(1_000);
    let after = spent(server, trial);
    println!(
        "bursts: {what}: {messages} messages, {:.2} script calls a message, {} conflicts",
        (after.0 - before.0) as f64 / messages as f64,
        after.1 - before.1
    );
}

#[test]
fn a_burst_of_one_customer_over_all_nodes_keeps_its_order() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let fault = "bursts of 50 by one customer, one after the other and at once";
    let mut trial = Setting::of(fault, Disk::Always.name(), store, &server).quiet();
    trial.world.platform().set_faults(Faults::default());
    let nodes: Vec<SocketAddr> = trial
        .fleet
        .nodes
        .iter()
        .flatten()
        .map(|node| node.public)
        .collect();
    let balancer = trial.fleet.balancer.addr;
    trial.strike(|_| ());
    let write = |trial: &Trial, customer, n| {
        load::write(trial.world.platform(), &trial.world.asked, customer, n)
    };
    let all = CUSTOMERS * BURST;
    cost(
        "one node, one after the other",
        &server,
        &trial,
        all,
        || {
            for customer in 0..CUSTOMERS {
                for n in 0..BURST {
                    let minted = write(&trial, customer, n);
                    assert_eq!(send(&trial.world, nodes[customer % 3], &minted), 200);
                }
            }
        },
    );
    cost(
        "all nodes in turn, one after the other",
        &server,
        &trial,
        all,
        || {
            for customer in 0..CUSTOMERS {
                for n in BURST..2 * BURST {
                    let minted = write(&trial, customer, n);
                    assert_eq!(send(&trial.world, balancer, &minted), 200);
                }
            }
        },
    );
    cost("all nodes, all at once", &server, &trial, all, || {
        for customer in 0..CUSTOMERS {
            let written: Vec<Minted> = (2 * BURST..3 * BURST)
                .map(|n| write(&trial, customer, n))
                .collect();
            let together = Barrier::new(BURST);
            thread::scope(|scope| {
                for minted in &written {
                    let (world, together) = (&trial.world, &together);
                    scope.spawn(move || {
                        together.wait();
                        assert_eq!(send(world, balancer, minted), 200);
                    });
                }
            });
        }
    });
    let outcome = trial.over();
    outcome.demand(outcome.verdict.accepted == 3 * all as u64, "all accepted");
    outcome.clean();
}
