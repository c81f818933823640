//! The writer thread: drains the queue, judges each commit against what is stored, appends the
//! applied ones as one batch, syncs, shows them to readers, answers.

use super::codec::{Builder, Head};
use super::core::Core;
use super::feed::FeedBatch;
use super::identity::Aliases;
use super::keeper::Task;
use super::log::Log;
use super::overlay::{ById, Step};
use super::pace::Pace;
use super::queue::{Answer, Control, Job, Patience};
use super::ticket::{Ticket, Wakes};
use super::witness::{Sighting, Witness};
use crate::ports::store::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};
use std::vec::Drain;

/// A batch is closed when it has grown beyond this; recovery takes far longer ones.
const MOST_BYTES: usize = 32 << 20;
/// Log beyond which a store at rest writes a checkpoint.
const REST_BYTES: u64 = 1 << 20;

/// Everything the writer thread owns.
pub struct Writer {
    pub(super) core: Arc<Core>,
    pub(super) log: Log,
    witness: Arc<Witness>,
    keeper: Sender<Task>,
    pub(super) last: Sighting,
    checkpointed: u64,
    pub(super) builder: Builder,
    pub(super) steps: Vec<Step>,
    pub(super) latest: ById<usize>,
    pub(super) aliases: Aliases,
    answers: Vec<(Arc<Ticket<Answer>>, Answer)>,
    wakes: Wakes,
    pace: Pace,
    draw: u64,
    wanted: Vec<Task>,
    space_sampled: Option<Instant>,
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
            self.batches(jobs)?;
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
            deep: self.pace.is_idle()
                && self.log.bytes() < REST_BYTES
                && !self.wakes.unled()
                && self.wanted.is_empty(),
            gather: (self.pace.rate > f64::from(tuning.gather_above)).then_some(tuning.gather),
        }
    }

    /// Writes what waits, in batches of bounded size.
    fn batches(&mut self, jobs: &mut Vec<Job>) -> Result<(), End> {
        self.pace.note(Instant::now(), jobs.len());
        let mut left = jobs.drain(..);
        while left.len() > 0 {
            if let Err(end) = self.batch(&mut left) {
                // Whoever is still waiting is told by `end` together with the rest of this batch.
                let untold = left.map(|job| (job.ticket, Err(Error::Closed(String::new()))));
                self.answers.extend(untold);
                return Err(end);
            }
        }
        Ok(())
    }

    fn batch(&mut self, jobs: &mut Drain<'_, Job>) -> Result<(), End> {
        let begun = Instant::now();
        self.sample_space(begun);
        let before = jobs.len();
        let core = Arc::clone(&self.core);
        self.builder.begin();
        let mut generation;
        {
            let overlay = core.read();
            generation = overlay.generation;
            while self.builder.bytes() < MOST_BYTES {
                let Some(job) = jobs.next() else { break };
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
        let unreadable = self.answers.iter().find_map(|(_, answer)| match answer {
            Err(Error::Io(detail)) => Some(detail.clone()),
            _ => None,
        });
        if let Some(detail) = unreadable {
            return Err(End::Failed(detail));
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
        let commits = before - jobs.len();
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

    /// Starts a checkpoint when the log is long or somebody wants one.
    fn checkpoint_if_due(&mut self) -> Result<(), End> {
        let log = self.log.bytes();
        // At rest the overlay goes to the table: memory is given back, the next open replays little.
        let rested = log >= REST_BYTES && self.pace.is_idle();
        let long = log >= self.core.options.tuning.checkpoint_bytes || rested;
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
