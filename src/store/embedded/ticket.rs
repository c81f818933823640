//! How a waiter learns that its batch is durable: one wake per batch and waiting thread.
//!
//! Waking a task from another thread costs a system call. So waiters that asked from one thread
//! share a *lane*: the writer wakes one of them, and that one, when polled, wakes the others from
//! inside their own runtime, where a wake is a push to a local queue. Any poll or drop of any
//! waiter of the lane does this duty; if none happens within a millisecond the writer wakes all
//! itself ([`Wakes::sweep`]), so no executor's habits can strand a waiter.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

thread_local! {
    static LANE: Arc<Lane> = Arc::new(Lane::default());
}

/// Waiters of one thread whose answers are there but who were not woken yet.
#[derive(Default)]
pub struct Lane {
    some: AtomicBool,
    ready: Mutex<Vec<Waker>>,
}

impl Lane {
    fn drain(&self) {
        if !self.some.load(Ordering::Acquire) {
            return;
        }
        let wakers = {
            let mut ready = lock(&self.ready);
            self.some.store(false, Ordering::Release);
            std::mem::take(&mut *ready)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// A mutex whose poison means nothing here: no holder leaves its content half changed.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

enum State<T> {
    Waiting(Option<Waker>),
    Done(T),
    Taken,
}

/// The writer's end.
pub struct Ticket<T> {
    state: Mutex<State<T>>,
    lane: Arc<Lane>,
}

/// The waiter's end. Dropping it gives up the answer, not the work.
pub struct Waiter<T>(Arc<Ticket<T>>);

/// A pair, in the lane of the calling thread.
pub fn ticket<T>() -> (Arc<Ticket<T>>, Waiter<T>) {
    let ticket = Arc::new(Ticket {
        state: Mutex::new(State::Waiting(None)),
        lane: LANE.with(Arc::clone),
    });
    (Arc::clone(&ticket), Waiter(ticket))
}

impl<T> Ticket<T> {
    /// Puts the answer down; the waiter is woken by [`Wakes::deliver`].
    pub fn answer(&self, answer: T, wakes: &mut Wakes) {
        let before = std::mem::replace(&mut *lock(&self.state), State::Done(answer));
        if let State::Waiting(Some(waker)) = before {
            wakes.add(&self.lane, waker);
        }
    }

    /// Puts the answer down and wakes the waiter at once.
    pub fn answer_now(&self, answer: T) {
        let mut wakes = Wakes::default();
        self.answer(answer, &mut wakes);
        wakes.deliver();
        wakes.sweep();
    }
}

impl<T> Future for Waiter<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let polled = {
            let mut state = lock(&self.0.state);
            match &mut *state {
                State::Waiting(Some(waker)) if waker.will_wake(context.waker()) => Poll::Pending,
                State::Waiting(waker) => {
                    *waker = Some(context.waker().clone());
                    Poll::Pending
                }
                State::Done(_) => match std::mem::replace(&mut *state, State::Taken) {
                    State::Done(answer) => Poll::Ready(answer),
                    _ => Poll::Pending,
                },
                State::Taken => Poll::Pending,
            }
        };
        self.0.lane.drain();
        polled
    }
}

impl<T> Drop for Waiter<T> {
    fn drop(&mut self) {
        self.0.lane.drain();
    }
}

/// The wakes owed for one batch.
#[derive(Default)]
pub struct Wakes {
    owed: Vec<(Arc<Lane>, Vec<Waker>)>,
    led: Vec<Arc<Lane>>,
}

impl Wakes {
    fn add(&mut self, lane: &Arc<Lane>, waker: Waker) {
        match self.owed.iter_mut().find(|(l, _)| Arc::ptr_eq(l, lane)) {
            Some((_, wakers)) => wakers.push(waker),
            None => self.owed.push((Arc::clone(lane), vec![waker])),
        }
    }

    /// Wakes one waiter of each lane.
    pub fn deliver(&mut self) {
        for (lane, mut wakers) in self.owed.drain(..) {
            let leader = wakers.pop();
            if !wakers.is_empty() {
                {
                    let mut ready = lock(&lane.ready);
                    ready.append(&mut wakers);
                    lane.some.store(true, Ordering::Release);
                }
                if !self.led.iter().any(|l| Arc::ptr_eq(l, &lane)) {
                    self.led.push(lane);
                }
            }
            if let Some(leader) = leader {
                leader.wake();
            }
        }
    }

    /// Whether some lane has not been drained by its leader yet.
    pub fn unled(&mut self) -> bool {
        self.led.retain(|lane| lane.some.load(Ordering::Acquire));
        !self.led.is_empty()
    }

    /// Wakes everybody whose leader did not do its duty.
    pub fn sweep(&mut self) {
        self.led.drain(..).for_each(|lane| lane.drain());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn poll<T>(waiter: &mut Waiter<T>, count: &Arc<Count>) -> Poll<T> {
        let waker = Waker::from(Arc::clone(count));
        Pin::new(waiter).poll(&mut Context::from_waker(&waker))
    }

    /// On a thread of its own: the lane belongs to the thread.
    fn three_waiting(body: impl FnOnce(Vec<Waiter<u8>>, Vec<Arc<Count>>, Wakes) + Send + 'static) {
        let thread = std::thread::spawn(move || {
            let (mut waiters, mut counts, mut wakes) = (Vec::new(), Vec::new(), Wakes::default());
            let mut tickets = Vec::new();
            for _ in 0..3 {
                let (asked, mut waiter) = ticket::<u8>();
                let count = Arc::new(Count::default());
                assert!(poll(&mut waiter, &count).is_pending());
                tickets.push(asked);
                waiters.push(waiter);
                counts.push(count);
            }
            for asked in &tickets {
                asked.answer(7, &mut wakes);
            }
            wakes.deliver();
            body(waiters, counts, wakes);
        });
        thread.join().unwrap();
    }

    fn woken(counts: &[Arc<Count>]) -> usize {
        counts
            .iter()
            .filter(|c| c.0.load(Ordering::SeqCst) > 0)
            .count()
    }

    #[test]
    fn one_wake_reaches_all_waiters_of_a_thread() {
        three_waiting(|mut waiters, counts, mut wakes| {
            assert_eq!(woken(&counts), 1);
            let leader = counts
                .iter()
                .position(|c| c.0.load(Ordering::SeqCst) > 0)
                .unwrap();
            assert_eq!(poll(&mut waiters[leader], &counts[leader]), Poll::Ready(7));
            assert_eq!(woken(&counts), 3);
            assert!(!wakes.unled());
        });
    }

    #[test]
    fn a_leader_that_is_dropped_leaves_nobody_asleep() {
        three_waiting(|mut waiters, counts, _| {
            drop(waiters.pop());
            assert_eq!(woken(&counts), 3);
        });
    }

    #[test]
    fn a_leader_that_is_never_polled_leaves_nobody_asleep() {
        three_waiting(|_waiters, counts, mut wakes| {
            assert!(wakes.unled());
            wakes.sweep();
            assert_eq!(woken(&counts), 3);
        });
    }
}
