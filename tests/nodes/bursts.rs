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
/// Answers that may be owed to one conversation at once (`docs/promises.md`).
const OWED: usize = 20;
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

/// What a phase has used up so far.
struct Spent {
    /// Script calls the server has served.
    calls: u64,
    /// Conflicts the nodes have met.
    conflicts: u64,
    /// Answers that ended unsent: too many were owed to one conversation, or too late.
    expired: u64,
}

fn spent(server: &Server, trial: &Trial) -> Spent {
    let said = server.say(&["INFO", "commandstats"]);
    let calls = said.lines().find_map(|line| {
        let rest = line.strip_prefix("cmdstat_evalsha:calls=")?;
        rest.split(',').next()?.parse().ok()
    });
    let told: Vec<String> = (0..3)
        .map(|n| {
            let socket = trial.fleet.folder(n).join("hotline.sock");
            admin::ask(&socket, "GET /metrics")
        })
        .collect();
    let sum = |name: &str, label: &str| {
        let lines = told.iter().flat_map(|told| told.lines());
        let counted = lines.filter(|line| line.starts_with(name) && line.contains(label));
        counted
            .filter_map(|line| line.split_whitespace().last()?.parse::<f64>().ok())
            .sum::<f64>() as u64
    };
    Spent {
        calls: calls.unwrap_or(0),
        conflicts: sum("hotline_commit_conflicts_total", ""),
        expired: sum("hotline_deliveries_total", "outcome=\"expired\""),
    }
}

/// What a phase cost for each message; returns how many answers expired in it.
fn cost(what: &str, server: &Server, trial: &Trial, messages: usize, phase: impl FnOnce()) -> u64 {
    let before = spent(server, trial);
    phase();
    // What is owed ends first.
    trial.on_for(1_000);
    let after = spent(server, trial);
    let expired = after.expired - before.expired;
    println!(
        "bursts: {what}: {messages} messages, {:.2} script calls a message, {} conflicts, \
         {expired} answers expired",
        (after.calls - before.calls) as f64 / messages as f64,
        after.conflicts - before.conflicts
    );
    expired
}

/// The customer writes its questions from `first` on, so many at once; every one must be taken.
fn at_once(trial: &Trial, customer: usize, first: usize, many: usize) {
    let world = &trial.world;
    let balancer = trial.fleet.balancer.addr;
    let write = |n| load::write(world.platform(), &world.asked, customer, n);
    let written: Vec<Minted> = (first..first + many).map(write).collect();
    let together = Barrier::new(many);
    thread::scope(|scope| {
        for minted in &written {
            let together = &together;
            scope.spawn(move || {
                together.wait();
                assert_eq!(send(world, balancer, minted), 200);
            });
        }
    });
}

/// The same, one after the other, each as soon as the one before was taken.
fn in_turn(trial: &Trial, to: SocketAddr, customer: usize, first: usize, many: usize) {
    let world = &trial.world;
    for n in first..first + many {
        let minted = load::write(world.platform(), &world.asked, customer, n);
        assert_eq!(send(world, to, &minted), 200);
    }
}

#[test]
fn a_burst_of_one_customer_over_all_nodes_keeps_its_order() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let fault = "bursts of one customer over all nodes";
    let mut trial = Setting::of(fault, Disk::Always.name(), store, &server).quiet();
    trial.world.platform().set_faults(Faults::default());
    let up = trial.fleet.nodes.iter().flatten();
    let nodes: Vec<SocketAddr> = up.map(|node| node.public).collect();
    let balancer = trial.fleet.balancer.addr;
    trial.strike(|_| ());
    let all = CUSTOMERS * BURST;
    cost("one node, in turn", &server, &trial, all, || {
        for customer in 0..CUSTOMERS {
            in_turn(&trial, nodes[customer % 3], customer, 0, BURST);
        }
    });
    cost("all nodes, in turn", &server, &trial, all, || {
        for customer in 0..CUSTOMERS {
            in_turn(&trial, balancer, customer, BURST, BURST);
        }
    });
    let few = CUSTOMERS * OWED;
    cost("all nodes, all at once", &server, &trial, few, || {
        for customer in 0..CUSTOMERS {
            at_once(&trial, customer, 2 * BURST, OWED);
        }
    });
    let outcome = trial.over();
    let accepted = outcome.verdict.accepted;
    outcome.demand(accepted == (2 * all + few) as u64, "all accepted");
    outcome.clean();
}

#[test]
#[ignore = "scripts/faults --full"]
fn a_burst_beyond_what_is_owed_to_one_conversation_loses_only_what_is_told() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let store = Disk::Always.lines(&server.url());
    let fault = "50 messages at once; beyond 20 owed answers the oldest expire";
    let mut trial = Setting::of(fault, Disk::Always.name(), store, &server).quiet();
    trial.world.platform().set_faults(Faults::default());
    trial.strike(|_| ());
    let all = CUSTOMERS * BURST;
    let expired = cost("all nodes, 50 at once", &server, &trial, all, || {
        for customer in 0..CUSTOMERS {
            at_once(&trial, customer, 0, BURST);
        }
    });
    let outcome = trial.lossy().over();
    outcome.nothing_doubled();
    let verdict = &outcome.verdict;
    outcome.demand(verdict.accepted == all as u64, "all accepted");
    outcome.demand(verdict.lost == expired, "as many as the nodes say");
}
