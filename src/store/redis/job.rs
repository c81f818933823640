//! Commits that wait for a pipeline. Each is answered once, whatever becomes of the task that carries
//! it, and only then does the next commit of its entity begin.

use super::batch;
use super::core::Core;
use super::errors::Trouble;
use super::lanes;
use super::master::Master;
use crate::ports::store::{EntityKey, Error, Outcome, Revision};
use redis::Cmd;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Most commits, and about the most bytes, in one pipeline.
const COMMITS: usize = 128;
const BYTES: usize = 1 << 20;
/// Pipelines under way to one master.
const FLIGHTS: usize = 2;

/// What comes of a commit.
pub type Answer = Result<Outcome, Error>;

/// A commit as it is sent.
pub struct Work {
    pub key: EntityKey,
    pub partition: u16,
    pub proposed: Revision,
    pub call: Cmd,
    /// About how long the call is.
    pub bytes: usize,
    pub deadline: Instant,
    pub tell: oneshot::Sender<Answer>,
}

impl Work {
    /// Tells that patience has ended.
    pub fn give_up(self, patience: Duration, said: &str) {
        let patience = patience.as_millis();
        // Whoever asked may be gone.
        let _ = self.tell.send(Err(Error::Io(format!(
            "redis gave no answer within {patience} ms, last: {said}"
        ))));
    }
}

/// The commit of an entity that is under way; the entity's next begins when this is dropped.
pub struct Job {
    pub core: Arc<Core>,
    /// Gone when it was answered.
    pub work: Option<Work>,
    /// An earlier try may have landed, or may still.
    pub unknown: bool,
    /// Tries that did not succeed.
    pub tries: u32,
    /// Where it was told to go, for one try.
    pub to: Option<Arc<Master>>,
    /// `ASKING` goes before it, once.
    pub asking: bool,
    said: String,
}

/// Commits that wait for a pipeline.
#[derive(Default)]
pub struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    flying: [bool; FLIGHTS],
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a commit; returns the lane that must begin to fly, if one rests.
    fn push(&self, job: Job) -> Option<usize> {
        let mut waiting = self.lock();
        waiting.jobs.push_back(job);
        waiting.rested()
    }

    /// What flies next; nothing: the lane rests.
    pub fn take(&self, lane: usize) -> Vec<Job> {
        let mut waiting = self.lock();
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while taken.len() < COMMITS && bytes < BYTES {
            let Some(job) = waiting.jobs.pop_front() else {
                break;
            };
            bytes += job.work.as_ref().map_or(0, |work| work.bytes);
            taken.push(job);
        }
        if taken.is_empty() {
            waiting.flying[lane] = false;
        }
        taken
    }

    /// What has waited too long. They came in the order of their deadlines, but for a few.
    pub fn expired(&self, now: Instant) -> Vec<Job> {
        let mut waiting = self.lock();
        let mut expired = Vec::new();
        while waiting
            .jobs
            .front()
            .is_some_and(|job| job.deadline() <= now)
        {
            expired.extend(waiting.jobs.pop_front());
        }
        expired
    }

    /// Everything, when the store ends.
    pub fn drain(&self) -> VecDeque<Job> {
        std::mem::take(&mut self.lock().jobs)
    }
}

impl Waiting {
    fn rested(&mut self) -> Option<usize> {
        let lane = self.flying.iter().position(|flies| !flies)?;
        self.flying[lane] = true;
        Some(lane)
    }
}

impl Job {
    /// Sends a commit on its way.
    pub fn begin(core: &Arc<Core>, work: Work) {
        let job = Job {
            core: Arc::clone(core),
            work: Some(work),
            unknown: false,
            tries: 0,
            to: None,
            asking: false,
            said: String::from("no connection was made"),
        };
        job.route();
    }

    /// To the master it belongs to.
    pub fn route(mut self) {
        let core = Arc::clone(&self.core);
        let Some(work) = &self.work else { return };
        if core.ended.load(Ordering::Acquire) {
            return;
        }
        if work.deadline <= Instant::now() {
            return self.give_up();
        }
        let master = match self.to.take() {
            Some(master) => Ok(master),
            None => core.masters.of(work.partition),
        };
        match master {
            Ok(master) => {
                if let Some(lane) = master.queue.push(self) {
                    let runtime = core.runtime.clone();
                    runtime.spawn(batch::fly(core, master, lane));
                }
            }
            Err(trouble) => {
                self.met(&trouble);
                batch::again(&core, vec![self], true);
            }
        }
    }

    /// When patience ends.
    pub fn deadline(&self) -> Instant {
        let deadline = self.work.as_ref().map(|work| work.deadline);
        deadline.unwrap_or_else(Instant::now)
    }

    /// Notes a try that did not succeed.
    pub fn met(&mut self, trouble: &Trouble) {
        self.unknown |= trouble.unknown;
        self.tries += 1;
        self.said.clone_from(&trouble.said);
    }

    /// Answers.
    pub fn finish(mut self, answer: Answer) {
        match &answer {
            Ok(Outcome::Committed(_)) => {
                self.core.landed.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Outcome::Conflict(_)) => self.core.options.figures.conflict(),
            Err(_) => {}
        }
        if let Some(work) = self.work.take() {
            let _ = work.tell.send(answer);
            lanes::release(&self.core, &work.key);
        }
    }

    /// Answers that patience has ended.
    pub fn give_up(mut self) {
        if let Some(work) = self.work.take() {
            let key = work.key.clone();
            work.give_up(self.core.options.patience, &self.said);
            lanes::release(&self.core, &key);
        }
    }
}

/// A task that ends before its time still answers and makes way.
impl Drop for Job {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            let said = "the store's task ended, the outcome is unknown";
            let _ = work
                .tell
                .send(Err(match self.core.ended.load(Ordering::Acquire) {
                    true => Error::Closed(said.into()),
                    false => Error::Io(said.into()),
                }));
            lanes::release(&self.core, &work.key);
        }
    }
}
