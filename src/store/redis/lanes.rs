//! Keeps the commits of one entity in the order they were submitted, across every repetition: the
//! next is sent when the one before has its answer. Commits of different entities do not wait for
//! each other. An actor has one commit under way, so this costs nothing where it matters.

use super::asking::ask;
use super::core::Core;
use super::reply::{outcome, strange};
use crate::ports::store::{Class, Commit, EntityKey, Error, Outcome};
use redis::Pipeline;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

type Answer = Result<Outcome, Error>;

/// The lanes that are in use.
#[derive(Default)]
pub struct Lanes {
    busy: Mutex<HashMap<EntityKey, VecDeque<Waiting>>>,
    waiting: AtomicUsize,
    empty: Notify,
}

struct Waiting {
    commit: Commit,
    tell: oneshot::Sender<Answer>,
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

    fn busy(&self) -> MutexGuard<'_, HashMap<EntityKey, VecDeque<Waiting>>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes next for an entity; the lane is gone when there is nothing.
    fn next(&self, key: &EntityKey) -> Option<Waiting> {
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
pub fn submit(core: &Arc<Core>, commit: Commit) -> Result<oneshot::Receiver<Answer>, Error> {
    let (tell, told) = oneshot::channel();
    let key = commit.key.clone();
    let waiting = Waiting { commit, tell };
    let mut busy = core.lanes.busy();
    // Under the lock: a close that has seen no commit waiting sees none come.
    core.alive()?;
    let now = core.lanes.waiting();
    if now >= core.options.waiting_max && waiting.commit.class == Class::Accepting {
        return Err(Error::Busy { waiting: now });
    }
    core.lanes.waiting.fetch_add(1, Ordering::AcqRel);
    match busy.entry(key.clone()) {
        Entry::Occupied(lane) => lane.into_mut().push_back(waiting),
        Entry::Vacant(lane) => {
            lane.insert(VecDeque::from([waiting]));
            core.runtime.spawn(drain(Arc::clone(core), key));
        }
    }
    Ok(told)
}

/// Shuts the door for good. Commits that are in are answered.
pub fn shut(core: &Core) {
    let _busy = core.lanes.busy();
    core.closed.store(true, Ordering::Release);
}

async fn drain(core: Arc<Core>, key: EntityKey) {
    while let Some(Waiting { commit, tell }) = core.lanes.next(&key) {
        let answer = land(&core, &commit).await;
        if matches!(answer, Ok(Outcome::Committed(_))) {
            core.landed.fetch_add(1, Ordering::Relaxed);
        }
        // Whoever asked may be gone.
        let _ = tell.send(answer);
        core.lanes.answered();
    }
}

async fn land(core: &Core, commit: &Commit) -> Answer {
    let mut pipe = Pipeline::new();
    pipe.add_command(core.scripts.commit(&core.keys, commit));
    let answers = ask(&core.commits, &pipe, core.options.patience).await?;
    let answer = answers.into_iter().next();
    outcome(answer.ok_or_else(|| strange("nothing"))?, commit.proposed)
}
