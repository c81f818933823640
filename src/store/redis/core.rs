//! What the handle, its tasks and the upkeep share.

use super::asking::ask;
use super::clock::Clock;
use super::keys::Keys;
use super::lanes::Lanes;
use super::link::Link;
use super::options::Options;
use super::reply::strange;
use super::scripts::Scripts;
use super::shared::Others;
use crate::domain::ids::Incarnation;
use crate::domain::time::Millis;
use crate::ports::store::Error;
use redis::{Cmd, Pipeline, Value};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::runtime::Handle;

/// The state of one open store.
pub struct Core {
    pub options: Options,
    pub keys: Keys,
    pub scripts: Scripts,
    pub clock: Clock,
    pub incarnation: Incarnation,
    /// The server's time when this was opened.
    pub born: Millis,
    /// Where this store's tasks run.
    pub runtime: Handle,
    /// Commits go here…
    pub commits: Link,
    /// …and everything else there: a long answer must not stand before a commit's.
    pub reads: Link,
    pub lanes: Lanes,
    pub closed: AtomicBool,
    /// Commits acknowledged to this process.
    pub landed: AtomicU64,
    pub server: Server,
    /// What is known of the other nodes.
    pub nodes: Others,
}

/// What the upkeep last heard of the server.
pub struct Server {
    /// `maxmemory`; 0: no bound.
    pub max_bytes: AtomicU64,
    /// `used_memory`.
    pub used_bytes: AtomicU64,
    /// What a 200 promises, by how the server writes to its disk.
    pub promise: &'static str,
}

impl Core {
    /// Refuses after a close.
    pub fn alive(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Closed("the store was closed".into()));
        }
        Ok(())
    }

    /// Asks over the connection for reads: each call with the partition whose keys it names. Answers
    /// in the order of the calls.
    pub async fn ask(&self, calls: Vec<(u16, Cmd)>) -> Result<Vec<Value>, Error> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = Pipeline::new();
        for (_, call) in calls {
            pipe.add_command(call);
        }
        ask(&self.reads, &pipe, self.options.patience).await
    }

    /// Asks one thing of one partition.
    pub async fn ask_one(&self, partition: u16, call: Cmd) -> Result<Value, Error> {
        let answers = self.ask(vec![(partition, call)]).await?;
        answers.into_iter().next().ok_or_else(|| strange("nothing"))
    }

    /// Asks every partition the same, in one go; answers in the order of the partitions.
    pub async fn ask_all(&self, call: impl Fn(u16) -> Cmd) -> Result<Vec<Value>, Error> {
        let partitions = 0..self.keys.partitions();
        self.ask(partitions.map(|p| (p, call(p))).collect()).await
    }

    /// As [`Core::ask`], for answers that may be long: over a connection of their own, with a time-out
    /// of their own, so that they never stand before a load.
    pub async fn bulk(&self, calls: Vec<(u16, Cmd)>) -> Result<Vec<Value>, Error> {
        self.ask(calls).await
    }

    /// As [`Core::ask_one`], for an answer that may be long.
    pub async fn bulk_one(&self, partition: u16, call: Cmd) -> Result<Value, Error> {
        let answers = self.bulk(vec![(partition, call)]).await?;
        answers.into_iter().next().ok_or_else(|| strange("nothing"))
    }
}
