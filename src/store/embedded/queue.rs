//! What waits for the writer, and when the writer wakes.
//!
//! An urgent commit wakes it; a lazy one rides along. When commits come quickly the writer gathers
//! for a moment, because a batch of 64 costs little more than a batch of 8.

use super::identity::Mark;
use super::ticket::{Ticket, lock};
use crate::ports::store::{Commit, Error, Outcome};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// The answer to a commit.
pub type Answer = Result<Outcome, Error>;

/// A commit on its way.
pub struct Job {
    /// Hash of its key.
    pub mark: Mark,
    /// The commit.
    pub commit: Commit,
    /// Where the answer goes.
    pub ticket: Arc<Ticket<Answer>>,
}

/// Something other than a commit that only the writer may do.
pub enum Control {
    /// Checkpoint, then hand this to the keeper.
    Compact(Arc<Ticket<Result<(), Error>>>),
    /// Write what waits, checkpoint, end.
    Close(Arc<Ticket<Result<(), Error>>>),
    /// Write what waits, end without a checkpoint.
    Stop,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sleep {
    Awake,
    Gathering,
    Light,
    Deep,
}

struct Inner {
    jobs: Vec<Job>,
    controls: Vec<Control>,
    urgent: bool,
    rung: bool,
    sleep: Sleep,
    closed: Option<String>,
}

/// The writer's queue.
pub struct Queue {
    inner: Mutex<Inner>,
    bell: Condvar,
    shut: AtomicBool,
    limit: usize,
    enough: usize,
}

/// How long the writer may sleep and gather this time.
pub struct Patience {
    /// Longest light sleep: what a lazy commit may wait.
    pub lazy: Duration,
    /// Whether nothing at all happened for a while: sleep until woken.
    pub deep: bool,
    /// Time to wait for company.
    pub gather: Option<Duration>,
}

impl Queue {
    /// An empty queue for at most `limit` commits.
    pub fn new(limit: usize) -> Queue {
        Queue {
            inner: Mutex::new(Inner {
                jobs: Vec::new(),
                controls: Vec::new(),
                urgent: false,
                rung: false,
                sleep: Sleep::Awake,
                closed: None,
            }),
            bell: Condvar::new(),
            shut: AtomicBool::new(false),
            limit,
            enough: 256,
        }
    }

    /// Puts a commit in, or says why not; nothing was written then.
    pub fn push(&self, job: Job, urgent: bool) -> Result<(), Error> {
        let mut inner = lock(&self.inner);
        if let Some(reason) = &inner.closed {
            return Err(Error::Closed(reason.clone()));
        }
        if inner.jobs.len() >= self.limit {
            return Err(Error::Busy {
                waiting: inner.jobs.len(),
            });
        }
        inner.jobs.push(job);
        inner.urgent |= urgent;
        let ring = match inner.sleep {
            Sleep::Awake => false,
            Sleep::Gathering => inner.jobs.len() >= self.enough,
            Sleep::Light => urgent,
            Sleep::Deep => true,
        };
        if ring {
            inner.sleep = Sleep::Awake;
            drop(inner);
            self.bell.notify_one();
        }
        Ok(())
    }

    /// Asks the writer for something else.
    pub fn control(&self, control: Control) -> Result<(), Error> {
        let mut inner = lock(&self.inner);
        if let Some(reason) = &inner.closed {
            return Err(Error::Closed(reason.clone()));
        }
        inner.controls.push(control);
        inner.sleep = Sleep::Awake;
        self.bell.notify_one();
        Ok(())
    }

    /// Somebody waits behind a lazy commit.
    pub fn nudge(&self) {
        let mut inner = lock(&self.inner);
        if !inner.jobs.is_empty() && !inner.urgent {
            inner.urgent = true;
            if inner.sleep == Sleep::Light {
                inner.sleep = Sleep::Awake;
                self.bell.notify_one();
            }
        }
    }

    /// Wakes the writer to look around: a checkpoint ended.
    pub fn ring(&self) {
        let mut inner = lock(&self.inner);
        inner.rung = true;
        inner.sleep = Sleep::Awake;
        self.bell.notify_one();
    }

    /// Commits waiting.
    pub fn len(&self) -> usize {
        lock(&self.inner).jobs.len()
    }

    /// Refuses everything from now on; what waits is handed back.
    pub fn close(&self, reason: &str) -> (Vec<Job>, Vec<Control>) {
        let mut inner = lock(&self.inner);
        inner.closed.get_or_insert_with(|| reason.to_owned());
        self.shut.store(true, Ordering::Release);
        (
            std::mem::take(&mut inner.jobs),
            std::mem::take(&mut inner.controls),
        )
    }

    /// Why the queue is closed, if it is.
    pub fn closed(&self) -> Option<Error> {
        if !self.shut.load(Ordering::Acquire) {
            return None;
        }
        lock(&self.inner).closed.clone().map(Error::Closed)
    }

    /// Waits for something to do and takes it: commits into `jobs` (which is empty), controls as
    /// the result. Comes back empty-handed after `patience.lazy`.
    pub fn take(&self, jobs: &mut Vec<Job>, patience: &Patience) -> Vec<Control> {
        let mut inner = lock(&self.inner);
        let mut until = None;
        while !inner.urgent && inner.controls.is_empty() && !inner.rung {
            if patience.deep && inner.jobs.is_empty() && until.is_none() {
                inner.sleep = Sleep::Deep;
                inner = wait(&self.bell, inner, Duration::from_secs(3600));
                continue;
            }
            let end = *until.get_or_insert_with(|| Instant::now() + patience.lazy);
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            inner.sleep = Sleep::Light;
            inner = wait(&self.bell, inner, left);
        }
        if let Some(gather) = patience.gather {
            let end = Instant::now() + gather;
            while inner.urgent && inner.controls.is_empty() && inner.jobs.len() < self.enough {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                inner.sleep = Sleep::Gathering;
                inner = wait(&self.bell, inner, left);
            }
        }
        inner.sleep = Sleep::Awake;
        inner.urgent = false;
        inner.rung = false;
        std::mem::swap(jobs, &mut inner.jobs);
        std::mem::take(&mut inner.controls)
    }
}

fn wait<'a>(
    bell: &Condvar,
    guard: std::sync::MutexGuard<'a, Inner>,
    time: Duration,
) -> std::sync::MutexGuard<'a, Inner> {
    match bell.wait_timeout(guard, time) {
        Ok((guard, _)) => guard,
        Err(poison) => poison.into_inner().0,
    }
}
