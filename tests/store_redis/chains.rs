//! Load in which every loss shows: in each conversation every commit stands on the one before and
//! leaves a record, so one that was lost, came twice or in another order is found.

use super::server::wait;
use super::support::*;
use futures_util::future::join_all;
use hotline::ports::store::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Conversations at once.
pub const CHAINS: usize = 24;

/// What the load has done so far.
#[derive(Default)]
pub struct Load {
    landed: AtomicUsize,
    stop: AtomicBool,
    lengths: [AtomicUsize; CHAINS],
}

impl Load {
    /// Commits until the load is stopped, while `meanwhile` happens.
    pub fn during(store: &dyn Store, meanwhile: impl FnOnce(&Load)) -> Load {
        let load = Load::default();
        std::thread::scope(|scope| {
            let running = scope.spawn(|| {
                let chains = (0..CHAINS).map(|chain| load.chain(store, chain));
                run_long(join_all(chains));
            });
            // A panic of either must not leave the other waiting.
            let stop = Stop(&load);
            meanwhile(&load);
            drop(stop);
            running.join().unwrap();
        });
        load
    }

    /// Waits until so many more have landed.
    pub fn more(&self, count: usize) {
        let wanted = self.landed.load(Ordering::SeqCst) + count;
        wait("the load goes on", || {
            self.landed.load(Ordering::SeqCst) >= wanted
        });
    }

    async fn chain(&self, store: &dyn Store, chain: usize) {
        for n in 1.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let before = (n > 1).then(|| n - 1);
            let word = n.to_string();
            let commit = put(&chain.to_string(), before, n, &word).with_feed(&[&word]);
            // As the port has it: what is unknown is sent again as it was.
            let mut answer = store.commit(commit.clone()).await;
            while let Err(Error::Io(_)) = answer {
                if self.stop.load(Ordering::SeqCst) {
                    return;
                }
                answer = store.commit(commit.clone()).await;
            }
            landed(answer, n);
            self.lengths[chain].store(n as usize, Ordering::SeqCst);
            self.landed.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Everything that landed is there, once, in order, and nothing else is.
    pub fn check(&self, store: &dyn Store) {
        run(async {
            let mut feed = Vec::new();
            for partition in 0..store.feeds() {
                feed.extend(
                    store
                        .feed(Cursor::before(partition), 100_000)
                        .await
                        .unwrap(),
                );
            }
            for (chain, length) in self.lengths.iter().enumerate() {
                let (name, length) = (chain.to_string(), length.load(Ordering::SeqCst));
                let seen = store.load(&key(&name)).await.unwrap();
                let seen = seen.expect("it was begun").value.unwrap();
                let seen: usize = std::str::from_utf8(&seen).unwrap().parse().unwrap();
                // One more may have landed whose answer nobody waited for.
                assert!((length..=length + 1).contains(&seen), "{seen} of {length}");
                let of = key(&name);
                let said = feed.iter().filter(|record| record.key == of);
                let said: Vec<_> = said.filter_map(words).collect();
                let all: Vec<_> = (1..=seen).map(|n| n.to_string()).collect();
                assert_eq!(said, all);
            }
        });
    }
}

struct Stop<'a>(&'a Load);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::SeqCst);
    }
}

fn run_long<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}
