//! The writer thread: drains the queue, judges each commit against what is stored, appends the
//! applied ones as one batch, syncs, shows them to readers, answers.

use super::codec::{Builder, Head};
use super::feed::FeedBatch;
use super::handle::Core;
use super::identity::{Aliases, number};
use super::keeper::Task;
use super::log::Log;
use super::overlay::{ById, Entry, Overlay, Step};
use super::queue::{Answer, Control, Job, Patience};
use super::ticket::{Ticket, Wakes};
use super::witness::{Sighting, Witness};
use crate::ports::store::{
    Class, Commit, Committed, EntityKey, Error, Outcome, Revision, Stored, Write,
};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Everything the writer thread owns.
pub struct Writer {
    core: Arc<Core>,
    log: Log,
    witness: Arc<Witness>,
    keeper: Sender<Task>,
    last: Sighting,
    checkpointed: u64,
    builder: Builder,
    steps: Vec<Step>,
    latest: ById<usize>,
    aliases: Aliases,
    answers: Vec<(Arc<Ticket<Answer>>, Answer)>,
    wakes: Wakes,
    pace: Pace,
    draw: u64,
    wanted: Vec<Task>,
    space_sampled: Option<Instant>,
}

/// What is at an entity's number.
enum Seat {
    Empty,
    Mine(Revision),
    Other,
}

impl Writer {
    /// Takes over after recovery; `last` is the last durable batch.
    pub fn new(
        core: Arc<Core>,
        log: Log,
        witness: Arc<Witness>,
        keeper: Sender<Task>,
        last: Sighting,
        checkpointed: u64,
        draw: u64,
    ) -> Writer {
        let aliases = core.read().aliases.clone();
        Writer {
            core,
            log,
            witness,
            keeper,
            last,
            checkpointed,
            builder: Builder::default(),
            steps: Vec::new(),
            latest: ById::default(),
            aliases,
            answers: Vec::new(),
            wakes: Wakes::default(),
            pace: Pace::default(),
            draw: draw | 1,
            wanted: Vec::new(),
            space_sampled: None,
        }
    }

    /// Runs until stopped or until the disk fails.
    pub fn run(mut self) {
        let mut jobs = Vec::new();
        loop {
            let patience = self.patience();
            let controls = self.core.queue.take(&mut jobs, &patience);
            if self.wakes.unled() {
                self.wakes.sweep();
            }
            if let Err(reason) = self.turn(&mut jobs, controls) {
                match reason {
                    End::Asked => self.end("the store was closed"),
                    End::Failed(reason) => {
                        self.end(&reason);
                        (self.core.options.on_fatal)(&reason);
                    }
                }
                return;
            }
        }
    }

    fn turn(&mut self, jobs: &mut Vec<Job>, controls: Vec<Control>) -> Result<(), End> {
        if !jobs.is_empty() {
            self.batch(jobs)?;
        }
        for control in controls {
            match control {
                Control::Compact(ticket) => self.wanted.push(Task::Compact(ticket)),
                Control::Close(ticket) => self.wanted.push(Task::Close(ticket)),
                Control::Stop => return Err(End::Asked),
            }
        }
        self.checkpoint_if_due()
    }

    fn patience(&mut self) -> Patience {
        let tuning = &self.core.options.tuning;
        let lazy = if self.wakes.unled() {
            Duration::from_millis(1)
        } else {
            self.core.options.lazy_wait.std()
        };
        Patience {
            lazy,
            deep: self.pace.is_idle() && !self.wakes.unled() && self.wanted.is_empty(),
            gather: (self.pace.rate > f64::from(tuning.gather_above)).then_some(tuning.gather),
        }
    }

    fn batch(&mut self, jobs: &mut Vec<Job>) -> Result<(), End> {
        let begun = Instant::now();
        self.pace.note(begun, jobs.len());
        self.sample_space(begun);
        let commits = jobs.len();
        let core = Arc::clone(&self.core);
        self.builder.begin();
        let mut generation;
        {
            let overlay = core.read();
            generation = overlay.generation;
            for job in jobs.drain(..) {
                let answer = self.judge(
                    &overlay,
                    job.mark.id,
                    job.mark.check,
                    job.commit,
                    &mut generation,
                );
                self.answers.push((job.ticket, answer));
            }
        }
        let mut bytes = 0;
        let mut sync_seconds = 0.0;
        if !self.builder.is_empty() {
            (bytes, sync_seconds) = self.persist(generation)?;
        }
        self.latest.clear();
        for (ticket, answer) in self.answers.drain(..) {
            ticket.answer(answer, &mut self.wakes);
        }
        self.wakes.deliver();
        let seconds = begun.elapsed().as_secs_f64();
        core.options
            .observer
            .batch(commits, bytes, seconds, sync_seconds);
        Ok(())
    }

    /// Appends and syncs the batch, then shows it to readers.
    fn persist(&mut self, generation: u64) -> Result<(usize, f64), End> {
        let mark = Sighting {
            number: self.last.number + 1,
            id: self.random(),
            at: self.core.clock.now().max(self.last.at),
        };
        let head = Head {
            number: mark.number,
            id: mark.id,
            previous: self.last.id,
            at: mark.at,
            generation,
            ..Head::default()
        };
        let (frame, feed) = self.builder.finish(head);
        let bytes = frame.len();
        let feed = (!feed.is_empty()).then(|| {
            Arc::new(FeedBatch {
                number: mark.number,
                at: mark.at,
                body: feed.into(),
            })
        });
        fail::fail_point!("store::before_commit");
        let written = self.log.append(frame);
        let synced = Instant::now();
        written
            .and_then(|()| self.log.sync())
            .map_err(|error| End::Failed(format!("log of batch {}: {error}", mark.number)))?;
        let sync_seconds = synced.elapsed().as_secs_f64();
        fail::fail_point!("store::after_commit");
        self.last = mark;
        self.witness
            .note(mark)
            .map_err(|error| End::Failed(format!("witness of batch {}: {error}", mark.number)))?;
        {
            let mut overlay = self.core.write();
            for mut step in self.steps.drain(..) {
                step.entry.at = mark.at;
                overlay.show(mark.number, step);
            }
            overlay.generation = generation;
            overlay.tail.extend(feed);
            if overlay.aliases.len() != self.aliases.len() {
                overlay.aliases = self.aliases.clone();
            }
        }
        self.core.batch.store(mark.number, Ordering::Relaxed);
        Ok((bytes, sync_seconds))
    }

    /// Decides one commit against what is stored and what this batch already did.
    fn judge(
        &mut self,
        overlay: &Overlay,
        hashed: i64,
        check: u64,
        commit: Commit,
        generation: &mut u64,
    ) -> Answer {
        let mut id = number(
            &self.aliases,
            &commit.key,
            super::identity::Mark { id: hashed, check },
        );
        let revision = match self.seat(overlay, id, check, &commit.key)? {
            Seat::Mine(revision) => Some(revision),
            Seat::Empty => None,
            Seat::Other if commit.expected.is_some() => return Ok(Outcome::Conflict(None)),
            Seat::Other => {
                id = self.free_number(overlay, id)?;
                None
            }
        };
        if revision != commit.expected {
            if revision == Some(commit.proposed) {
                return Ok(Outcome::Committed(Committed::attest(commit.proposed)));
            }
            return Ok(Outcome::Conflict(match revision {
                Some(_) => self.stored(overlay, id)?,
                None => None,
            }));
        }
        if commit.class == Class::Accepting {
            self.core.room()?;
        }
        if id != hashed && !self.aliases.contains_key(&commit.key) {
            self.aliases.insert(commit.key.clone(), id);
        }
        Ok(self.apply(overlay, id, commit, generation))
    }

    fn apply(
        &mut self,
        overlay: &Overlay,
        id: i64,
        commit: Commit,
        generation: &mut u64,
    ) -> Outcome {
        let upto = self.builder.add(&commit);
        let before = match self.latest.get(&id) {
            Some(&step) => self.steps[step].desk.as_deref(),
            None if overlay.desk.is_empty() => None,
            None => overlay.desk.get(&id).map(|(_, row)| &**row),
        };
        if before != commit.desk.as_deref() {
            *generation += 1;
        }
        let revision = commit.proposed;
        self.latest.insert(id, self.steps.len());
        self.steps.push(Step {
            id,
            entry: Entry {
                key: commit.key,
                revision,
                value: match commit.write {
                    Write::Put(value) => Some(value),
                    Write::Delete => None,
                },
                due: commit.due,
                at: self.last.at,
            },
            desk: commit.desk,
            erase: commit.erase,
            upto,
        });
        Outcome::Committed(Committed::attest(revision))
    }

    fn entry<'a>(&'a self, overlay: &'a Overlay, id: i64) -> Option<&'a Entry> {
        match self.latest.get(&id) {
            Some(&step) => Some(&self.steps[step].entry),
            None => overlay.get(id),
        }
    }

    fn seat(&self, overlay: &Overlay, id: i64, check: u64, key: &EntityKey) -> Result<Seat, Error> {
        let seat = |mine: bool, revision| match mine {
            true => Seat::Mine(revision),
            false => Seat::Other,
        };
        if let Some(entry) = self.entry(overlay, id) {
            return Ok(seat(entry.key == *key, entry.revision));
        }
        if let Some(known) = self.core.known.get(id, check, overlay.epoch) {
            return Ok(known.map_or(Seat::Empty, Seat::Mine));
        }
        Ok(match self.core.readers.revision(id)? {
            Some((found, revision)) => seat(found == *key, revision),
            None => Seat::Empty,
        })
    }

    fn stored(&self, overlay: &Overlay, id: i64) -> Result<Option<Stored>, Error> {
        match self.entry(overlay, id) {
            Some(entry) => Ok(Some(entry.stored())),
            None => Ok(self.core.readers.entity(id)?.map(|row| row.stored)),
        }
    }

    fn free_number(&self, overlay: &Overlay, from: i64) -> Result<i64, Error> {
        let mut id = from;
        loop {
            id = id.wrapping_add(1);
            let taken = self.aliases.values().any(|used| *used == id)
                || self.entry(overlay, id).is_some()
                || self.core.readers.revision(id)?.is_some();
            if !taken {
                return Ok(id);
            }
        }
    }

    /// Starts a checkpoint when the log is long or somebody wants one.
    fn checkpoint_if_due(&mut self) -> Result<(), End> {
        let long = self.log.bytes() >= self.core.options.tuning.checkpoint_bytes;
        if !long && self.wanted.is_empty() {
            return Ok(());
        }
        if self.core.read().frozen.is_some() {
            return Ok(());
        }
        if self.last.number > self.checkpointed {
            self.log
                .rotate(self.last.number + 1)
                .map_err(|error| End::Failed(format!("new log segment: {error}")))?;
            self.checkpointed = self.last.number;
            let frozen = self.core.write().freeze(self.last);
            self.send(Task::Checkpoint(frozen));
        }
        let mut closing = false;
        for task in std::mem::take(&mut self.wanted) {
            closing |= matches!(task, Task::Close(_));
            self.send(task);
        }
        if closing { Err(End::Asked) } else { Ok(()) }
    }

    fn send(&self, task: Task) {
        // The keeper outlives the writer unless it failed; then its waiters see `Closed`.
        if let Err(failed) = self.keeper.send(task) {
            failed.0.refuse("the keeper has ended");
        }
    }

    fn end(&mut self, reason: &str) {
        let (jobs, controls) = self.core.queue.close(reason);
        let closed = || Error::Closed(reason.to_owned());
        for (ticket, _) in self.answers.drain(..) {
            ticket.answer(Err(closed()), &mut self.wakes);
        }
        for job in jobs {
            job.ticket.answer(Err(closed()), &mut self.wakes);
        }
        for control in controls {
            if let Control::Compact(ticket) | Control::Close(ticket) = control {
                ticket.answer(Err(closed()), &mut self.wakes);
            }
        }
        for task in self.wanted.drain(..) {
            task.refuse(reason);
        }
        self.wakes.deliver();
        self.wakes.sweep();
    }

    fn sample_space(&mut self, now: Instant) {
        let fresh = self
            .space_sampled
            .is_some_and(|at| now.duration_since(at) < Duration::from_secs(1));
        if !fresh {
            self.space_sampled = Some(now);
            self.core.sample_space();
        }
    }

    /// Splitmix64 from a random start: ids need to differ, not to be secret.
    fn random(&mut self) -> u64 {
        self.draw = self.draw.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.draw;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Why the writer ends.
enum End {
    Asked,
    Failed(String),
}

/// How quickly commits come in.
#[derive(Default)]
struct Pace {
    since: Option<Instant>,
    last: Option<Instant>,
    commits: usize,
    rate: f64,
}

impl Pace {
    fn note(&mut self, now: Instant, commits: usize) {
        self.last = Some(now);
        self.commits += commits;
        let since = *self.since.get_or_insert(now);
        let window = now.duration_since(since).as_secs_f64();
        if window >= 0.01 {
            self.rate = self.commits as f64 / window;
            self.commits = 0;
            self.since = Some(now);
        }
    }

    fn is_idle(&self) -> bool {
        self.last
            .is_none_or(|last| last.elapsed() > Duration::from_secs(1))
    }
}

impl Core {
    /// The overlay, for reading.
    pub fn read(&self) -> std::sync::RwLockReadGuard<'_, Overlay> {
        self.overlay.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The overlay, for the writer and the keeper.
    pub fn write(&self) -> std::sync::RwLockWriteGuard<'_, Overlay> {
        self.overlay.write().unwrap_or_else(PoisonError::into_inner)
    }
}
