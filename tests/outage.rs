//! Two minutes without LINE, ten thousand answers owed: the invoice stays small, nobody is answered
//! twice, and whoever was not answered is flagged or gets the answer free with the next message.

// The test's own thread: no arbiter is blocked.
#![allow(clippy::disallowed_methods)]

mod support;

use hotline::simulator::{
    ChannelOptions, Fault, Faults, Options, Rates, Simulator, SimulatorThread, What,
};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::admin::ask;
use support::config::{CHANNEL, Config};
use support::load::sends;
use support::process::Hotline;

const CUSTOMERS: usize = 10_000;
const OUTAGE: Duration = Duration::from_secs(120);
const BUDGET: usize = 20;

/// What the journal says was delivered to each customer, in order, and how many pushes were billed.
#[derive(Default)]
struct Delivered {
    texts: HashMap<String, Vec<String>>,
    pushes: usize,
    pushed: HashSet<String>,
}

impl Delivered {
    fn read(simulator: &SimulatorThread) -> Delivered {
        let mut found = Delivered::default();
        for entry in simulator.platform.journal().entries_since(0) {
            let What::Call(call) = &entry.what else {
                continue;
            };
            if !call.accepted || call.deliveries.is_empty() {
                continue;
            }
            found.pushes += usize::from(call.endpoint == "push");
            for delivered in &call.deliveries {
                if call.endpoint == "push" {
                    found.pushed.insert(delivered.to.to_string());
                }
                let texts = found.texts.entry(delivered.to.to_string()).or_default();
                texts.extend(
                    call.messages()
                        .iter()
                        .filter_map(|m| m["text"].as_str().map(String::from)),
                );
            }
        }
        found
    }

    fn count(&self, customer: &str, text: &str) -> usize {
        self.texts
            .get(customer)
            .map_or(0, |all| all.iter().filter(|t| *t == text).count())
    }
}

/// Everybody writes once, a thousand a second: half of what LINE lets us answer.
fn everybody_writes(simulator: &SimulatorThread, customers: &[Arc<str>], words: &str) {
    let platform = &simulator.platform;
    let channel = platform.channel(CHANNEL).unwrap();
    let begun = Instant::now();
    for (n, customer) in customers.iter().enumerate() {
        let minted = platform.customer_says(CHANNEL, customer, words).unwrap();
        platform.enqueue(channel, minted);
        let due = Duration::from_micros(1_000 * n as u64);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
}

fn metric(socket: &Path, name: &str) -> u64 {
    let text = ask(socket, "GET /metrics");
    let lines = text.lines().filter(|line| line.starts_with(name));
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum::<f64>() as u64
}

/// Waits until every webhook event was answered 200.
fn all_taken_in(simulator: &SimulatorThread, events: usize) {
    let mut taken = 0;
    let all = simulator
        .platform
        .journal()
        .wait_for(0, Duration::from_secs(60), |entry| {
            if let What::Webhook(webhook) = &entry.what
                && webhook.acknowledged()
            {
                taken += webhook.event_ids.len();
            }
            taken >= events
        });
    assert!(
        all.is_some(),
        "only {taken} of {events} events were taken in"
    );
}

#[test]
fn after_a_two_minute_outage_the_invoice_stays_within_the_hourly_budget() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = Options {
        channels: vec![ChannelOptions::new(
            CHANNEL,
            "outage-secret",
            "outage-token",
        )],
        rates: Rates {
            scale: 10.0,
            ..Rates::default()
        },
        journal_keep: None,
        thread_keep: 0,
        lanes: 32,
        ..Options::default()
    };
    let simulator = Simulator::spawn(options, listener).unwrap();
    let root = tempfile::tempdir().unwrap();
    let api = simulator.url();
    let config = Config {
        root: root.path(),
        api: &api,
        secret: "outage-secret",
        token: "outage-token",
        store: "",
    }
    .write();
    let file = config.join("hotline.toml");
    let sending =
        format!("[sending]\nlate_answers = \"push\"\nauto_push_per_hour = {BUDGET}\n\n[logging]");
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("[logging]", &sending);
    fs::write(&file, text).unwrap();
    let hotline = Hotline::serve(&config, &root.path().join("log"), &[]);
    let socket = root.path().join("data/hotline.sock");
    let url = format!("http://{}/line/{CHANNEL}/webhook", hotline.public);
    let platform = simulator.platform.clone();
    platform.set_webhook_url(CHANNEL, Some(&url));
    let customers: Vec<Arc<str>> = (0..CUSTOMERS)
        .map(|_| {
            platform
                .create_customer(CHANNEL, None, "zh-TW")
                .unwrap()
                .user_id
        })
        .collect();

    let began = Instant::now();
    platform.set_faults(Faults {
        outage: Some(Fault {
            endpoints: sends(),
            ..Fault::default()
        }),
        ..Faults::default()
    });
    everybody_writes(&simulator, &customers, "q001");
    all_taken_in(&simulator, CUSTOMERS);
    std::thread::sleep(OUTAGE.saturating_sub(began.elapsed()));
    assert!(
        Delivered::read(&simulator).texts.is_empty(),
        "nothing gets through an outage"
    );

    platform.set_faults(Faults::default());
    // Long enough for breaker, backoff and every push the budget allows.
    let healed = platform.journal().last_seq();
    platform
        .journal()
        .wait_for(healed, Duration::from_secs(20), |_| false);
    let after_heal = Delivered::read(&simulator);
    assert!(after_heal.pushes <= BUDGET, "{} pushes", after_heal.pushes);

    everybody_writes(&simulator, &customers, "q002");
    all_taken_in(&simulator, 2 * CUSTOMERS);
    let mut answered = 0;
    let all = platform
        .journal()
        .wait_for(healed, Duration::from_secs(60), |entry| {
            if let What::Call(call) = &entry.what
                && call.body.contains("\"a002\"")
                && call.accepted
            {
                answered += call.deliveries.len();
            }
            answered >= CUSTOMERS
        });
    assert!(
        all.is_some(),
        "only {answered} customers were answered after the outage: {}",
        hotline.last_words()
    );

    // A doubtful push is tried again at most a minute apart: its end may still be on the way.
    let until = Instant::now() + Duration::from_secs(90);
    let end = loop {
        let end = Delivered::read(&simulator);
        let missing = customers
            .iter()
            .filter(|c| end.count(c, "a001") == 0)
            .count();
        if missing as u64 == flagged(&socket) || Instant::now() > until {
            break end;
        }
        let seen = platform.journal().last_seq();
        platform
            .journal()
            .wait_for(seen, Duration::from_secs(2), |_| true);
    };
    assert!(
        end.pushes <= BUDGET,
        "{} pushes, the budget is {BUDGET}",
        end.pushes
    );
    let (mut late, mut missing) = (0, 0);
    for customer in &customers {
        assert_eq!(end.count(customer, "a002"), 1, "{customer}");
        match end.count(customer, "a001") {
            0 => missing += 1,
            1 => late += 1,
            more => panic!("{customer} was answered {more} times"),
        }
        // A push that was set aside may come after; what went free came in order.
        if !end.pushed.contains(&**customer) && end.count(customer, "a001") == 1 {
            assert_eq!(end.texts[&**customer], ["a001", "a002"], "{customer}");
        }
    }
    println!("late {late}, flagged {missing}, pushes {}", end.pushes);
    assert_eq!(
        flagged(&socket),
        missing,
        "whoever was not answered is flagged"
    );
    assert!(
        late > 9 * missing,
        "nearly all that was owed reached its customer"
    );
}

/// Answers that ended without reaching anybody, as the metrics tell.
fn flagged(socket: &Path) -> u64 {
    let count = |outcome| {
        metric(
            socket,
            &format!("hotline_deliveries_total{{channel=\"{CHANNEL}\",outcome=\"{outcome}\"}}"),
        )
    };
    ["unconfirmed", "expired", "failed"].map(count).iter().sum()
}
