//! A master that is replaced.

use super::chains::Load;
use super::server::{Server, installed, wait};
use super::support::*;
use super::topology::{Watched, follow, pair};
use hotline::ports::store::*;
use hotline::store::redis::{Durability, Options, Redis, Servers};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn a_failover_under_load_loses_nothing_acknowledged_and_heals() {
    if !installed() {
        return;
    }
    let mut watched = Watched::start();
    let store = Redis::open(watched.options(Durability::Replicated)).unwrap();
    assert!(
        store
            .health()
            .promise
            .contains("replicas hold every commit")
    );
    let load = Load::during(&store, |load| {
        load.more(300);
        watched.servers[0].kill();
        // The only replica is the master now and has none of its own: nothing is acknowledged until
        // the old one is back behind it.
        wait("the replica is promoted", || {
            watched.servers[1]
                .say(&["INFO", "replication"])
                .contains("role:master")
        });
        watched.servers[0].again();
        load.more(300);
    });
    load.check(&store);
    assert!(
        watched.servers[0]
            .say(&["INFO", "replication"])
            .contains("role:slave")
    );
    run(async { store.close().await.unwrap() });
}

/// Answers as a sentinel would, with whatever it was told last.
struct Fake {
    here: SocketAddr,
    says: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.here);
    }
}

impl Fake {
    fn saying(port: u16) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fake = Fake {
            here: listener.local_addr().unwrap(),
            says: Arc::new(AtomicU16::new(port)),
            asked: Arc::default(),
            ended: Arc::default(),
        };
        let (says, ended) = (Arc::clone(&fake.says), Arc::clone(&fake.ended));
        let asked = Arc::clone(&fake.asked);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(client) = client else { continue };
                let (says, asked) = (Arc::clone(&says), Arc::clone(&asked));
                std::thread::spawn(move || answer(client, &says, &asked));
            }
        });
        fake
    }

    fn say(&self, server: &Server) {
        self.says.store(server.port(), Ordering::SeqCst);
    }
}

fn answer(client: TcpStream, says: &AtomicU16, asked: &AtomicUsize) -> Option<()> {
    let mut lines = BufReader::new(client.try_clone().unwrap()).lines();
    let mut client = client;
    loop {
        let count: usize = lines.next()?.ok()?.strip_prefix('*')?.parse().ok()?;
        let words = (0..count).map(|_| lines.by_ref().nth(1)?.ok());
        let words: Option<Vec<String>> = words.collect();
        let said = match words?.first()?.as_str() {
            "SENTINEL" => {
                asked.fetch_add(1, Ordering::SeqCst);
                let port = says.load(Ordering::SeqCst).to_string();
                format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len())
            }
            _ => "+OK\r\n".to_owned(),
        };
        client.write_all(said.as_bytes()).ok()?;
    }
}

fn gets(server: &Server) -> String {
    let stats = server.say(&["INFO", "commandstats"]);
    let line = stats.lines().find(|line| line.starts_with("cmdstat_get:"));
    let calls = line.and_then(|line| line.split(',').next());
    calls.unwrap_or_default().to_owned()
}

#[test]
fn a_demoted_master_takes_no_read_and_no_commit_whatever_a_sentinel_says() {
    if !installed() {
        return;
    }
    let [old, new] = pair();
    let fake = Fake::saying(old.port());
    let servers = Servers::Sentinel {
        sentinels: vec![format!("redis://{}", fake.here)],
        master: "any".into(),
    };
    let store = Redis::open(Options {
        partitions: 16,
        patience: Duration::from_secs(20),
        ..Options::of(servers, Durability::Fast)
    })
    .unwrap();
    run(async {
        landed(store.commit(put("a", None, 1, "x")).await, 1);
        // Its connections stay open, and the sentinel still names it.
        // (A replica is called online before it is sent what was written since.)
        let all = old.say(&["DBSIZE"]);
        wait("the replica has all", || new.say(&["DBSIZE"]) == all);
        assert_eq!(new.say(&["REPLICAOF", "NO", "ONE"]), "+OK");
        follow(&old, &new);
        let waits = store.commit(put("a", Some(1), 2, "y"));
        let loads = store.load(&key("a"));
        // It says itself that it is a replica, to the commit or to the upkeep: the sentinel is asked
        // again and again, and not believed.
        let before = fake.asked.load(Ordering::SeqCst);
        wait("the store looks for another", || {
            fake.asked.load(Ordering::SeqCst) >= before + 3
        });
        fake.say(&new);
        landed(waits.await, 2);
        loads.await.unwrap();
        let before = gets(&old);
        for _ in 0..50 {
            assert_eq!(store.load(&key("a")).await.unwrap(), Some(stored(2, "y")));
        }
        assert_eq!(gets(&old), before);
    });
}
