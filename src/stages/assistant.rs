//! The assistant stage: bounded places, one question to a worker, an answer always.
//!
//! A question takes a place (`ai.concurrency`, over all threads) or waits for one, not longer than it is
//! patient; more than [`WAITING`] to a place do not wait. Each worker has one question at a time, so that a
//! panic costs one question; its supervisor starts another with backoff. A question nobody waits for any more
//! is let go of.

use super::supervisor::{Handle, Observed};
use crate::assistant::Answers;
use crate::domain::time::Span;
use crate::domain::verdict::{By, Failing, Verdict};
use crate::ports::assistant::{AssistantStage, Health, Question};
use crate::telemetry::meter;
use actix::fut::{ActorFutureExt, WrapFuture};
use actix::prelude::*;
use futures_util::future::{BoxFuture, Either, select};
use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

/// Questions that may wait for each place.
pub const WAITING: usize = 8;
/// Workers of a thread for each place: those that died and rest leave the place to others.
const SEATS_PER_PLACE: usize = 2;
/// After its patience an answer that is on its way may still come.
const GRACE: Duration = Duration::from_millis(500);

/// Works on one question at a time.
pub struct Worker {
    answers: Arc<dyn Answers>,
}

impl Actor for Worker {
    type Context = Context<Self>;
}

/// A question with its place.
struct Ask {
    question: Question,
    done: oneshot::Sender<Verdict>,
    place: Place,
}

impl Message for Ask {
    type Result = ();
}

/// Frees worker and place when dropped, by a panic, too.
struct Place {
    busy: Arc<AtomicBool>,
    load: Arc<Load>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.busy.store(false, Ordering::Release);
        self.load.change(&self.load.in_flight, -1);
    }
}

impl Handler<Ask> for Worker {
    type Result = ();

    fn handle(&mut self, ask: Ask, ctx: &mut Context<Self>) {
        die_of(&ask.question.text);
        let Ask {
            question,
            mut done,
            place,
        } = ask;
        let answer = self.answers.answer(question);
        let work = async move {
            let _place = place;
            // Whoever asked may give up: then the answer is let go of, and its connection with it.
            let verdict = match select(answer, pin!(done.closed())).await {
                Either::Left((verdict, _)) => Some(verdict),
                Either::Right(_) => None,
            };
            if let Some(verdict) = verdict {
                let _ = done.send(verdict);
            }
        };
        // The mailbox rests meanwhile.
        ctx.wait(work.into_actor(self).map(|(), _, _| ()));
    }
}

/// A test may name a word to die of. A function of its own: a failpoint returns from where it stands.
fn die_of(text: &str) {
    let _ = text; // read only where failpoints are compiled in
    fail::fail_point!("assistant::answer", |word| {
        assert!(
            !word.is_some_and(|word| text.contains(&word)),
            "failpoint: poison question"
        );
    });
}

/// How much is under way.
#[derive(Default)]
struct Load {
    in_flight: AtomicUsize,
    waiting: AtomicUsize,
}

impl Load {
    fn change(&self, count: &AtomicUsize, by: isize) {
        count.fetch_add(by as usize, Ordering::AcqRel); // two's complement: adding -1 takes one away
        self.tell();
    }

    fn tell(&self) {
        let (in_flight, waiting) = (&self.in_flight, &self.waiting);
        meter::assistant_load(
            in_flight.load(Ordering::Acquire),
            waiting.load(Ordering::Acquire),
        );
    }
}

/// One worker of this thread.
struct Seat {
    handle: Handle<Worker>,
    busy: Arc<AtomicBool>,
}

thread_local! {
    static SEATS: RefCell<HashMap<u64, Vec<Seat>>> = RefCell::default();
}

/// The stage over all threads.
pub struct Assistant {
    inner: Arc<Inner>,
}

struct Inner {
    answers: Arc<dyn Answers>,
    places: Arc<Semaphore>,
    most: usize,
    load: Arc<Load>,
    observed: Arc<Observed>,
    /// Tells this stage's workers from those of another in the same process (tests).
    id: u64,
}

impl Assistant {
    /// A stage with so many places.
    pub fn new(answers: Arc<dyn Answers>, places: NonZeroUsize) -> Assistant {
        static IDS: AtomicU64 = AtomicU64::new(1);
        Assistant {
            inner: Arc::new(Inner {
                answers,
                places: Arc::new(Semaphore::new(places.get())),
                most: places.get(),
                load: Arc::default(),
                observed: Arc::default(),
                id: IDS.fetch_add(1, Ordering::Relaxed),
            }),
        }
    }

    /// What the stage shows of itself.
    pub fn observed(&self) -> &Observed {
        &self.inner.observed
    }
}

impl Inner {
    async fn ask(&self, mut question: Question) -> Verdict {
        let until = Instant::now() + question.patience.std();
        let Some(permit) = self.place(until).await else {
            return Verdict::Failed(Failing::Full);
        };
        let left = until.saturating_duration_since(Instant::now());
        question.patience = Span(left.as_millis() as u64);
        let Some(answer) = self.submit(question, permit) else {
            return Verdict::Failed(Failing::Died);
        };
        match timeout(left + GRACE, answer).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(_)) => Verdict::Failed(Failing::Died),
            Err(_) => Verdict::Failed(Failing::Timeout),
        }
    }

    /// A place, or `None` when too many wait already or the patience ends.
    async fn place(&self, until: Instant) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = self.places.clone().try_acquire_owned() {
            return Some(permit);
        }
        let _waits = Waits::begin(&self.load, self.most * WAITING)?;
        let permit = timeout_at(until, self.places.clone().acquire_owned());
        permit.await.ok()?.ok()
    }

    /// Gives the question to an idle worker of this thread, or to a new one. `None`: all have died and
    /// rest.
    fn submit(
        &self,
        question: Question,
        permit: OwnedSemaphorePermit,
    ) -> Option<oneshot::Receiver<Verdict>> {
        self.load.change(&self.load.in_flight, 1);
        let (done, answer) = oneshot::channel();
        let mut ask = Ask {
            question,
            done,
            place: Place {
                busy: Arc::default(),
                load: self.load.clone(),
                _permit: permit,
            },
        };
        SEATS.with_borrow_mut(|seats| {
            let seats = seats.entry(self.id).or_default();
            for seat in seats.iter() {
                match seat.give(ask) {
                    Ok(()) => return Some(answer),
                    Err(back) => ask = *back,
                }
            }
            if seats.len() >= self.most * SEATS_PER_PLACE {
                return None;
            }
            let answers = self.answers.clone();
            let factory = move || Worker {
                answers: answers.clone(),
            };
            let seat = Seat {
                handle: Handle::start("assistant", self.observed.clone(), factory),
                busy: Arc::default(),
            };
            let given = seat.give(ask);
            seats.push(seat);
            given.ok().map(|()| answer)
        })
    }
}

impl Seat {
    /// Gives the question to the worker, or back when it is busy or dead.
    fn give(&self, mut ask: Ask) -> Result<(), Box<Ask>> {
        if self.busy.load(Ordering::Acquire) {
            return Err(Box::new(ask));
        }
        let Some(worker) = self.handle.worker() else {
            return Err(Box::new(ask));
        };
        self.busy.store(true, Ordering::Release);
        ask.place.busy = self.busy.clone();
        worker.try_send(ask).map_err(|refused| {
            self.handle.report_death();
            self.busy.store(false, Ordering::Release);
            let (SendError::Full(mut back) | SendError::Closed(mut back)) = refused;
            back.place.busy = Arc::default();
            Box::new(back)
        })
    }
}

/// One that waits for a place.
struct Waits<'a>(&'a Load);

impl<'a> Waits<'a> {
    /// `None`: so many wait already. Looking and counting are one step, threads ask at once.
    fn begin(load: &'a Load, most: usize) -> Option<Waits<'a>> {
        let next = |waiting: usize| (waiting < most).then_some(waiting + 1);
        let (set, fetch) = (Ordering::AcqRel, Ordering::Acquire);
        load.waiting.fetch_update(set, fetch, next).ok()?;
        load.tell();
        Some(Waits(load))
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.change(&self.0.waiting, -1);
    }
}

impl AssistantStage for Assistant {
    fn ask(&self, question: Question) -> BoxFuture<'static, Verdict> {
        let inner = self.inner.clone();
        Box::pin(async move {
            let began = Instant::now();
            let (conversation, attempt) = (question.conversation.clone(), question.attempt.0);
            let verdict = inner.ask(question).await;
            let took = began.elapsed();
            match &verdict {
                Verdict::Answered(draft) => {
                    let by = match draft.by {
                        By::Knowledge => "knowledge",
                        By::Model => "model",
                    };
                    meter::assistant_confidence(by, draft.confidence);
                }
                Verdict::Failed(failing) => {
                    let (why, took_ms) = (failing.as_str(), took.as_millis() as u64);
                    tracing::warn!(%conversation, attempt, why, took_ms, "no answer of the assistant");
                }
            }
            meter::assistant_question(took.as_secs_f64());
            verdict
        })
    }

    fn health(&self) -> Option<Health> {
        let condition = self.inner.answers.condition();
        Some(Health {
            provider: condition.provider,
            breaker: condition.breaker,
            format: condition.format,
            places: self.inner.most,
            in_flight: self.inner.load.in_flight.load(Ordering::Acquire),
            waiting: self.inner.load.waiting.load(Ordering::Acquire),
            workers: self.inner.observed.alive.load(Ordering::Relaxed),
            restarts: self.inner.observed.restarts.load(Ordering::Relaxed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_wait_than_may_however_many_threads_ask() {
        let load = Load::default();
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..50_000 {
                        let waits = Waits::begin(&load, 1);
                        assert!(load.waiting.load(Ordering::Acquire) <= 1);
                        drop(waits);
                    }
                });
            }
        });
        assert_eq!(load.waiting.load(Ordering::Acquire), 0);
    }
}
