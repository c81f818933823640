//! Commits on their way to one master: what is ready goes in one pipeline, what gathers meanwhile goes
//! with the next. Each commit has its own verdict and its own end of patience, counted from when it
//! was submitted. Nothing waits for company.

use super::core::Core;
use super::errors::{Trouble, Verdict};
use super::job::Job;
use super::link::Each;
use super::master::Master;
use super::options::Durability;
use super::reply::{number, outcome};
use crate::ports::store::{Error, Outcome, Revision};
use redis::Pipeline;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// First and longest pause between two tries.
const PAUSES: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(320)];
/// Redirections and reloads followed at once, before pauses are made.
const AT_ONCE: u32 = 5;

/// Frees a lane whose task did not end by itself.
struct Flight {
    core: Arc<Core>,
    master: Arc<Master>,
    lane: usize,
    landed: bool,
}

impl Drop for Flight {
    fn drop(&mut self) {
        if self.landed || self.core.ended.load(Ordering::Acquire) {
            return;
        }
        let (core, master) = (Arc::clone(&self.core), Arc::clone(&self.master));
        self.core.runtime.spawn(fly(core, master, self.lane));
    }
}

/// Sends what waits for a master until nothing does.
pub async fn fly(core: Arc<Core>, master: Arc<Master>, lane: usize) {
    let mut flight = Flight {
        core: Arc::clone(&core),
        master: Arc::clone(&master),
        lane,
        landed: false,
    };
    loop {
        let jobs = master.queue.take(lane);
        if jobs.is_empty() {
            flight.landed = true;
            return;
        }
        send(&core, &master, lane, jobs).await;
    }
}

/// Sends some commits in one go and deals with what each was told.
async fn send(core: &Arc<Core>, master: &Arc<Master>, lane: usize, jobs: Vec<Job>) {
    let mut jobs: Vec<Option<Job>> = jobs.into_iter().map(Some).collect();
    let mut pipe = Pipeline::with_capacity(jobs.len() + 1);
    let mut places = Vec::with_capacity(jobs.len());
    for job in jobs.iter_mut().flatten() {
        if std::mem::take(&mut job.asking) {
            pipe.cmd("ASKING");
        }
        places.push(pipe.len());
        if let Some(work) = &mut job.work {
            pipe.add_command(std::mem::take(&mut work.call));
        }
    }
    let needed = (core.options.durability == Durability::Replicated)
        .then(|| master.replicas.load(Ordering::Relaxed))
        .map(|attached| attached.max(core.options.replicas_min));
    if let Some(needed) = needed {
        // Its own answer must come before the connection's time-out, or too few look like none.
        let limit = core.options.answer_timeout * 4 / 5;
        pipe.cmd("WAIT").arg(needed).arg(limit.as_millis() as u64);
    }
    let begun = Instant::now();
    let commits = jobs.len();
    let mut sending = pin!(master.commit(lane, &pipe));
    let tried = loop {
        let Some(first) = jobs.iter().flatten().map(Job::deadline).min() else {
            break sending.await;
        };
        tokio::select! {
            biased;
            tried = &mut sending => break tried,
            () = sleep_until(first) => {}
        }
        // The pipeline goes on: whether its connection lives is seen by its own time-out.
        let now = Instant::now();
        let late = jobs
            .iter_mut()
            .filter(|job| job.as_ref().is_some_and(|job| job.deadline() <= now));
        let late: Vec<Job> = late.filter_map(Option::take).collect();
        let queued = master.queue.expired(now);
        late.into_iter().chain(queued).for_each(Job::give_up);
    };
    let back = |job: &mut Job, place: usize| {
        if let (Some(work), Some(call)) = (&mut job.work, pipe.cmd_iter().nth(place)) {
            work.call = call.clone();
        }
    };
    let mut sorted = Sorted::default();
    match tried {
        Err(trouble) => {
            for (job, place) in jobs.into_iter().zip(places) {
                let Some(mut job) = job else { continue };
                back(&mut job, place);
                sorted.sort(job, &trouble, master);
            }
        }
        Ok(mut answers) => {
            let took = begun.elapsed().as_secs_f64();
            core.options.figures.pipeline(commits, took);
            let lacking = needed.and_then(|needed| {
                let held = answers.pop().and_then(Result::ok).and_then(number);
                let held = held.unwrap_or(0) as usize;
                (held < needed).then(|| Trouble::unreplicated(held, needed))
            });
            (sorted.recount, sorted.look) = (lacking.is_some(), lacking.is_some());
            let mut answers: Vec<Option<Each>> = answers.into_iter().map(Some).collect();
            for (job, place) in jobs.into_iter().zip(places) {
                let Some(mut job) = job else { continue };
                let answer = match answers[place].take() {
                    Some(answer) => answer,
                    None => Err(Trouble::nonsense("no answer")),
                };
                let proposed = job.work.as_ref().map(|work| work.proposed);
                let said =
                    answer.map(|value| outcome(value, proposed.unwrap_or(Revision([0; 16]))));
                match (said, &lacking) {
                    (Ok(Ok(Outcome::Committed(_))), Some(lacking)) => {
                        back(&mut job, place);
                        sorted.sort(job, lacking, master);
                    }
                    (Ok(said), _) => job.finish(said),
                    (Err(trouble), _) => {
                        back(&mut job, place);
                        sorted.sort(job, &trouble, master);
                    }
                }
            }
        }
    }
    sorted.go_on(core, master).await;
}

/// Commits that were not answered, by what becomes of them.
#[derive(Default)]
struct Sorted {
    at_once: Vec<Job>,
    later: Vec<Job>,
    look: bool,
    demoted: bool,
    recount: bool,
}

impl Sorted {
    fn sort(&mut self, mut job: Job, trouble: &Trouble, master: &Master) {
        job.met(trouble);
        let quick = job.tries <= AT_ONCE;
        match &trouble.verdict {
            Verdict::Refused => {
                return job.finish(Err(Error::Io(format!("redis: {}", trouble.said))));
            }
            // A try of unknown outcome may still land when there is room again.
            Verdict::Full if !job.unknown => {
                return job.finish(Err(Error::Full {
                    free_bytes: 0,
                    floor_bytes: 1,
                }));
            }
            Verdict::Wait => self.look |= trouble.may_be_cut_off(),
            Verdict::Full | Verdict::Reload => {}
            Verdict::Reconnect => self.look = true,
            Verdict::Demoted => (self.look, self.demoted) = (true, true),
            Verdict::Moved(said) => {
                self.look = true;
                job.to = job.core.masters.named(said, master);
            }
            Verdict::Ask(said) => {
                job.to = job.core.masters.named(said, master);
                job.asking = job.to.is_some();
            }
        }
        job.core.options.figures.resent();
        let prompt = trouble.verdict == Verdict::Reload || job.to.is_some();
        match prompt && quick {
            true => self.at_once.push(job),
            false => self.later.push(job),
        }
    }

    async fn go_on(self, core: &Arc<Core>, master: &Arc<Master>) {
        if self.demoted {
            master.demote();
        }
        if self.recount {
            let master = Arc::clone(master);
            core.runtime
                .spawn(async move { master.count_replicas().await });
        }
        if self.look && self.later.is_empty() {
            let masters = Arc::clone(&core.masters);
            // What it finds shows at the next try.
            core.runtime
                .spawn(async move { masters.look().await.is_ok() });
        }
        self.at_once.into_iter().for_each(Job::route);
        again(core, self.later, self.look);
    }
}

/// Sends commits again after a pause, and after a look for who the master is, if that is in doubt.
pub fn again(core: &Arc<Core>, jobs: Vec<Job>, look: bool) {
    let Some(first) = jobs.iter().map(Job::deadline).min() else {
        return;
    };
    let tries = jobs.iter().map(|job| job.tries).max().unwrap_or(1);
    let jitter = Duration::from_millis(u64::from(getrandom::u32().unwrap_or(0) % 16));
    let pause = (PAUSES[0] * (1 << tries.clamp(1, 5) >> 1)).min(PAUSES[1]) + jitter;
    let masters = Arc::clone(&core.masters);
    core.runtime.spawn(async move {
        sleep_until(first.min(Instant::now() + pause)).await;
        if look {
            // What it met is in the commits' own words already.
            let _ = timeout_at(first, masters.look()).await;
        }
        jobs.into_iter().for_each(Job::route);
    });
}
