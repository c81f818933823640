//! What the handle, its tasks and the upkeep share.

use super::asking::{ask, ask_this};
use super::clock::Clock;
use super::keys::Keys;
use super::lanes::Lanes;
use super::master::{Line, Master};
use super::nodes::Others;
use super::options::Options;
use super::reply::strange;
use super::scripts::Scripts;
use super::servers::Masters;
use crate::domain::ids::Incarnation;
use crate::domain::time::Millis;
use crate::ports::store::Error;
use redis::{Cmd, Value};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
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
    /// Whom to ask.
    pub masters: Arc<Masters>,
    pub lanes: Lanes,
    /// Nothing is taken in any more, and why.
    pub closed: OnceLock<String>,
    /// Nothing is sent any more.
    pub ended: AtomicBool,
    /// Commits acknowledged to this process.
    pub landed: AtomicU64,
    pub server: Server,
    /// What is known of the other nodes.
    pub nodes: Others,
    /// What the operator should know, found when the store was opened.
    pub warnings: Vec<String>,
}

/// What the upkeep last heard of the servers.
pub struct Server {
    /// Memory left where the least is left; `u64::MAX`: no bound.
    pub free_bytes: AtomicU64,
    /// `used_memory` of all masters.
    pub used_bytes: AtomicU64,
    /// What a 200 promises.
    pub promise: &'static str,
    /// A server has another store than the one that was opened, or none, and refuses commits. It heals
    /// when the right one is back.
    pub is_strange: AtomicBool,
}

impl Core {
    /// Refuses after a close.
    pub fn alive(&self) -> Result<(), Error> {
        match self.closed.get() {
            Some(why) => Err(Error::Closed(why.clone())),
            None => Ok(()),
        }
    }

    /// Longest that a commit taken in may be without an answer: its patience, and the try that was
    /// under way then.
    pub fn longest(&self) -> Duration {
        let options = &self.options;
        options.patience + options.connect_timeout + options.answer_timeout
    }

    /// Asks for short answers: each call with the partition whose keys it names. Answers in the order
    /// of the calls.
    pub async fn ask(&self, calls: Vec<(u16, Cmd)>) -> Result<Vec<Value>, Error> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        ask(&self.masters, Line::Reads, calls, self.options.patience).await
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
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let patience = self.options.patience + self.options.bulk_timeout;
        ask(&self.masters, Line::Bulk, calls, patience).await
    }

    /// As [`Core::ask_one`], for an answer that may be long.
    pub async fn bulk_one(&self, partition: u16, call: Cmd) -> Result<Value, Error> {
        let answers = self.bulk(vec![(partition, call)]).await?;
        answers.into_iter().next().ok_or_else(|| strange("nothing"))
    }

    /// Asks one thing of one master, which may be answered twice; for what no partition is named in.
    pub async fn ask_master(&self, master: &Arc<Master>, call: Cmd) -> Result<Value, Error> {
        ask_this(master, call, self.options.patience).await
    }
}
