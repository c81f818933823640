//! A server that syncs every write is killed again and again under load: every commit that was
//! acknowledged is found, none twice, each conversation's in order.

use super::support::*;
use super::{Server, installed, whole_feed};
use futures_util::future::join_all;
use hotline::ports::store::*;
use hotline::store::redis::Redis;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const CHAINS: usize = 12;
const LENGTH: u64 = 60;
const KILLS: usize = 4;

#[test]
fn what_was_acknowledged_is_found_after_the_server_was_killed() {
    if !installed() {
        return;
    }
    let mut server = Server::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let mut options = server.options();
    options.patience = Duration::from_secs(30);
    let store = Redis::open(options).unwrap();
    assert!(
        store
            .health()
            .promise
            .contains("power cut of its one machine")
    );
    let landed_so_far = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            run(join_all((0..CHAINS).map(async |n| {
                chain(&store, n, &landed_so_far).await;
            })));
        });
        let share = CHAINS * LENGTH as usize / (KILLS + 1);
        for kill in 1..=KILLS {
            while landed_so_far.load(Ordering::SeqCst) < kill * share && !load.is_finished() {
                std::thread::yield_now();
            }
            server.kill();
            server.again();
        }
    });
    run(async {
        for n in 0..CHAINS {
            let seen = store.load(&key(&n.to_string())).await.unwrap();
            assert_eq!(seen, Some(stored(LENGTH, &LENGTH.to_string())));
        }
        let feed = whole_feed(&store).await;
        for n in 0..CHAINS {
            let of = key(&n.to_string());
            let said = feed.iter().filter(|record| record.key == of);
            let said: Vec<_> = said.filter_map(words).collect();
            let all: Vec<_> = (1..=LENGTH).map(|n| n.to_string()).collect();
            assert_eq!(said, all);
        }
    });
}

/// One conversation: every commit stands on the one before, so one that was lost or came twice shows.
async fn chain(store: &Redis, name: usize, landed_so_far: &AtomicUsize) {
    for n in 1..=LENGTH {
        let word = n.to_string();
        let before = (n > 1).then(|| n - 1);
        let commit = put(&name.to_string(), before, n, &word).with_feed(&[&word]);
        landed(store.commit(commit).await, n);
        landed_so_far.fetch_add(1, Ordering::SeqCst);
    }
}
