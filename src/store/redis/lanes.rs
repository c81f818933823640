//! Keeps the commits of one entity in the order they were submitted, across every repetition: the
//! next is sent when the one before has its answer. Commits of different entities do not wait for
//! each other. An actor has one commit under way, so this costs nothing where it matters.

use super::core::Core;
use super::job::{Answer, Job, Work};
use crate::ports::store::{Class, Commit, EntityKey, Error, Write};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// About what a commit's call has besides values and records.
const FRAME: usize = 500;

/// The lanes that are in use: what waits behind the commit that is under way.
#[derive(Default)]
pub struct Lanes {
    busy: Mutex<HashMap<EntityKey, VecDeque<Work>>>,
    waiting: AtomicUsize,
    empty: Notify,
}

impl Lanes {
    /// Commits that have no answer yet.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Returns when no commit waits.
    pub async fn emptied(&self) {
        loop {
            let emptied = self.empty.notified();
            if self.waiting() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn busy(&self) -> MutexGuard<'_, HashMap<EntityKey, VecDeque<Work>>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes next for an entity; the lane is gone when there is nothing.
    fn next(&self, key: &EntityKey) -> Option<Work> {
        let mut busy = self.busy();
        let next = busy.get_mut(key)?.pop_front();
        if next.is_none() {
            busy.remove(key);
        }
        next
    }

    fn answered(&self) {
        if self.waiting.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.empty.notify_waiters();
        }
    }
}

/// Takes a commit in. It runs whether or not anybody waits for the answer.
///
/// # Errors
/// [`Error::Closed`]; [`Error::Busy`] for new work when too much waits.
pub fn submit(core: &Arc<Core>, commit: &Commit) -> Result<oneshot::Receiver<Answer>, Error> {
    let deadline = Instant::now() + core.options.patience;
    let (tell, told) = oneshot::channel();
    let work = Work {
        key: commit.key.clone(),
        partition: core.keys.partition(&commit.key),
        proposed: commit.proposed,
        call: core.scripts.commit(&core.keys, commit),
        bytes: size(commit),
        deadline,
        tell,
    };
    {
        let mut busy = core.lanes.busy();
        // Under the lock: a close that has seen no commit waiting sees none come.
        core.alive()?;
        let now = core.lanes.waiting();
        if now >= core.options.waiting_max && commit.class == Class::Accepting {
            return Err(Error::Busy { waiting: now });
        }
        core.lanes.waiting.fetch_add(1, Ordering::AcqRel);
        match busy.entry(work.key.clone()) {
            Entry::Occupied(lane) => {
                lane.into_mut().push_back(work);
                return Ok(told);
            }
            Entry::Vacant(lane) => lane.insert(VecDeque::new()),
        };
    }
    Job::begin(core, work);
    Ok(told)
}

/// A commit of this entity was answered: the next one goes. Those whose patience has ended meanwhile
/// are told so.
pub fn release(core: &Arc<Core>, key: &EntityKey) {
    let ended = core.ended.load(Ordering::Acquire);
    loop {
        let next = core.lanes.next(key);
        core.lanes.answered();
        match next {
            Some(work) if ended || work.deadline <= Instant::now() => {
                let said = "the commit before it had no answer either";
                work.give_up(core.options.patience, said);
            }
            Some(work) => return Job::begin(core, work),
            None => return,
        }
    }
}

/// Shuts the door for good and says why, unless that was said before. Commits that are in are
/// answered.
pub fn shut(core: &Core, why: &str) {
    let _busy = core.lanes.busy();
    let _ = core.closed.set(why.to_owned());
}

fn size(commit: &Commit) -> usize {
    let value = match &commit.write {
        Write::Put(value) => value.len(),
        Write::Delete => 0,
    };
    let row = commit.desk.as_ref().map_or(0, |row| row.len());
    let records: usize = commit.feed.iter().map(|entry| entry.payload.len()).sum();
    FRAME + value + row + records
}
