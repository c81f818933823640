//! One master: its connections, the commits that wait for it, and how many replicas it has. All its
//! connections share one life: when it is known to be no master any more none of them is used again.

use super::address::{Address, Way};
use super::errors::Trouble;
use super::info::{close_replicas, text};
use super::job::Queue;
use super::link::{Each, Link};
use super::options::{Durability, Options};
use redis::Pipeline;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// For what a connection is. An answer never stands before one of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Loads, claims and other short answers.
    Reads,
    /// Answers that may be long.
    Bulk,
}

/// A server that takes writes, as far as is known.
pub struct Master {
    /// Where it is.
    pub address: Address,
    /// How it is reached.
    pub way: Way,
    /// Commits that wait for it.
    pub queue: Queue,
    /// Replicas that followed closely when last asked.
    pub replicas: AtomicUsize,
    over: Arc<AtomicBool>,
    /// Whatever it says it is, there is no other to turn to.
    only: bool,
    commits: Vec<Link>,
    reads: Link,
    bulk: Link,
}

impl Master {
    /// Not connected yet.
    pub fn new(way: &Way, options: &Options, only: bool) -> Master {
        let over = Arc::new(AtomicBool::new(false));
        let link = |answer: Duration| {
            let (way, over) = (way.clone(), Arc::clone(&over));
            Link::new(way, options.connect_timeout, answer, over)
        };
        // `WAIT` holds up what comes after it on its connection.
        let lanes = match options.durability {
            Durability::Replicated => 2,
            Durability::Fast | Durability::Disk => 1,
        };
        Master {
            address: way.address(),
            queue: Queue::default(),
            replicas: AtomicUsize::new(0),
            only,
            commits: (0..lanes).map(|_| link(options.answer_timeout)).collect(),
            reads: link(options.answer_timeout),
            bulk: link(options.bulk_timeout),
            way: way.clone(),
            over,
        }
    }

    /// Asks over one of the connections that are not for commits.
    pub async fn ask(&self, line: Line, pipe: &Pipeline) -> Result<Vec<Each>, Trouble> {
        match line {
            Line::Reads => self.reads.send(pipe).await,
            Line::Bulk => self.bulk.send(pipe).await,
        }
    }

    /// Connects, which asks the server whether it is a master.
    pub async fn prove(&self) -> Result<(), Trouble> {
        self.reads.lend().await?;
        self.count_replicas().await;
        Ok(())
    }

    /// Sends commits; `lane` spreads them over the connections there are.
    pub async fn commit(&self, lane: usize, pipe: &Pipeline) -> Result<Vec<Each>, Trouble> {
        self.commits[lane % self.commits.len()].send(pipe).await
    }

    /// Asks how many replicas follow closely. What cannot be asked leaves the number as it was.
    pub async fn count_replicas(&self) {
        let mut pipe = Pipeline::new();
        pipe.cmd("INFO").arg("replication");
        let Ok(said) = self.ask(Line::Reads, &pipe).await else {
            return;
        };
        if let Some(Ok(info)) = said.into_iter().next() {
            self.learn_replicas(&text(info));
        }
    }

    /// Learns from `INFO` how many replicas follow closely.
    pub fn learn_replicas(&self, info: &str) {
        self.replicas.store(close_replicas(info), Ordering::Relaxed);
    }

    /// Whether it is known to be no master any more.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// It is no master any more. An only server gets new connections instead: its name may lead to
    /// another machine by now.
    /// Waits for nothing: whoever dials one of them meanwhile holds it.
    pub fn demote(self: &Arc<Self>) {
        if !self.only {
            return self.end();
        }
        let master = Arc::clone(self);
        tokio::spawn(async move {
            for link in master.commits.iter().chain([&master.reads, &master.bulk]) {
                link.drop_any().await;
            }
        });
    }

    /// Another one has its place.
    pub fn end(&self) {
        self.over.store(true, Ordering::Release);
    }
}
