//! Customers who write steadily, and the weather on the way to LINE.

use super::config::{CHANNEL, QUESTIONS, answer, question};
use super::rng::Rng;
use hotline::simulator::{Fault, Faults, Minted, Platform};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often the latency of LINE changes.
const WEATHER: Duration = Duration::from_millis(40);

/// A question that was asked.
#[derive(Clone, Debug)]
pub struct Question {
    pub customer: String,
    pub event: String,
    pub answer: String,
}

/// Every question asked so far; noted before it is sent.
pub type Asked = Arc<Mutex<Vec<Question>>>;

/// How LINE behaves; called again and again.
pub type Weather = fn(&mut Rng) -> Faults;

/// LINE takes 20 to 80 ms, half of it before and half after it decides.
pub fn usual(rng: &mut Rng) -> Faults {
    let mut wait = |from, to| {
        Some(Fault {
            ms: rng.within(from, to),
            endpoints: sends(),
            ..Fault::default()
        })
    };
    Faults {
        latency_before: wait(10, 40),
        latency_after: wait(10, 40),
        ..Faults::default()
    }
}

/// The endpoints that deliver something.
pub fn sends() -> Vec<String> {
    vec!["reply".to_owned(), "push".to_owned()]
}

/// Steady load on a thread; ends when dropped or stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Load {
    /// `customers` write `rate` messages a second together, each its questions in order.
    pub fn start(
        platform: Arc<Platform>,
        asked: Asked,
        customers: usize,
        rate: u64,
        weather: Weather,
        seed: u64,
    ) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let mut rng = Rng::seeded(seed);
            let mut next = next_questions(&asked, customers);
            let begun = Instant::now();
            let mut changed = None::<Instant>;
            let mut sent = 0;
            while !stopped.load(Ordering::Relaxed) {
                if changed.is_none_or(|at| at.elapsed() > WEATHER) {
                    platform.set_faults(weather(&mut rng));
                    changed = Some(Instant::now());
                }
                let due = begun.elapsed().as_micros() as u64 * rate / 1_000_000;
                while sent < due {
                    sent += 1;
                    let customer = rng.within(0, customers as u64 - 1) as usize;
                    if next[customer] < QUESTIONS {
                        say(&platform, &asked, customer, next[customer]);
                        next[customer] += 1;
                    }
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        Load {
            stop,
            thread: Some(thread),
        }
    }

    /// No more questions.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A later load goes on where an earlier one stopped.
fn next_questions(asked: &Asked, customers: usize) -> Vec<usize> {
    let mut next = vec![0; customers];
    for question in asked.lock().expect("no thread panics holding it").iter() {
        if let Some(customer) = (0..customers).find(|n| name(*n) == question.customer) {
            next[customer] += 1;
        }
    }
    next
}

/// LINE's shape of a user id.
pub fn name(customer: usize) -> String {
    format!("U{customer:032x}")
}

/// The customer asks its `n`-th question now.
pub fn say(platform: &Platform, asked: &Asked, customer: usize, n: usize) {
    let minted = write(platform, asked, customer, n);
    let channel = platform.channel(CHANNEL).expect("the channel is simulated");
    platform.enqueue(channel, minted);
}

/// The customer writes its `n`-th question; it is not under way yet.
pub fn write(platform: &Platform, asked: &Asked, customer: usize, n: usize) -> Minted {
    let customer = name(customer);
    let minted = platform
        .customer_says(CHANNEL, &customer, &question(n))
        .expect("the channel is simulated");
    asked
        .lock()
        .expect("no thread panics holding it")
        .push(Question {
            customer,
            event: minted.webhook_event_id.clone(),
            answer: answer(n),
        });
    minted
}
