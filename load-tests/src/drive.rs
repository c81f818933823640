//! Drives the schedule: each message leaves at its time, whatever became of the others.
//!
//! Law: nobody waits, with one exception that LINE has too: a customer's next message leaves after
//! the webhook of the one before is over, because order exists only between such. Its latency
//! counts from its own time all the same, and its waiting is the server's, not the generator's lag.

use crate::client::{Client, Target};
use crate::live::{Live, Question, count};
use crate::schedule::Arrival;
use crate::server_config::{CHANNEL, MARKERS, SECRET, question_marker};
use bytes::Bytes;
use hotline::simulator::{Minted, Platform, WebhookCall, events};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;
use tokio::task::LocalSet;

/// Connections opened before the first message.
const WARM: usize = 32;

/// What became of one message on its way in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The event's id; empty when it was never sent.
    pub event: String,
    /// Which of its customer's messages, from 0.
    pub nth: u32,
    /// Microseconds it left late by the generator's own fault; `None`: it waited for another.
    pub lag: Option<u64>,
    /// Microseconds from its time to the end of its webhook.
    pub ack: u64,
    /// Status; 0 when there was none.
    pub status: u16,
}

/// The beginning of a run on two clocks.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// For what this process measures.
    pub at: Instant,
    /// For what the journal says: microseconds since the Unix epoch.
    pub epoch_us: u64,
}

impl Start {
    /// A start a little ahead.
    pub fn soon(ahead: Duration) -> Start {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let epoch = now.unwrap_or_default() + ahead;
        Start {
            at: Instant::now() + ahead,
            epoch_us: u64::try_from(epoch.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// Everything a run needs.
pub struct Job {
    /// The simulated LINE.
    pub platform: Arc<Platform>,
    /// Where webhooks go.
    pub target: Target,
    /// When who writes what.
    pub plan: Arc<Vec<Arrival>>,
    /// The texts of the scenario.
    pub texts: Vec<String>,
    /// Parts the customers of one seed from those of another.
    pub seed: u64,
    /// Counters.
    pub live: Arc<Live>,
    /// When it begins.
    pub start: Start,
}

/// LINE's id of a customer.
pub fn user_id(seed: u64, customer: u32) -> String {
    format!("U{seed:016x}{customer:016x}")
}

/// The customer of LINE's id; `None`: somebody else.
pub fn customer_of(user_id: &str) -> Option<u32> {
    let digits = user_id.strip_prefix('U')?.get(16..)?;
    u32::from_str_radix(digits, 16).ok()
}

/// Runs the whole schedule on the calling thread; returns one record a message, in plan order.
///
/// # Errors
/// The runtime cannot be made.
pub fn run(job: Job) -> std::io::Result<Vec<Sent>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let live = job.live.clone();
    let sent = LocalSet::new().block_on(&runtime, drive(job));
    live.over.store(true, Ordering::Release);
    Ok(sent)
}

struct Shared {
    job: Job,
    url: String,
    client: Rc<Client>,
    sent: RefCell<Vec<Sent>>,
    /// Customers with a webhook under way, and what they wrote meanwhile.
    busy: RefCell<HashMap<u32, VecDeque<Waiting>>>,
    open: Cell<usize>,
    ended: Notify,
}

struct Waiting {
    message: usize,
    minted: Minted,
}

async fn drive(job: Job) -> Vec<Sent> {
    let client = Rc::new(Client::new(job.target.clone(), job.live.clone()));
    client.warm(WARM).await;
    let shared = Rc::new(Shared {
        url: job.target.url(),
        sent: RefCell::new(vec![Sent::default(); job.plan.len()]),
        job,
        client,
        busy: RefCell::default(),
        open: Cell::new(0),
        ended: Notify::new(),
    });
    let mut written: HashMap<u32, u32> = HashMap::new();
    let plan = shared.job.plan.clone();
    for (message, arrival) in plan.iter().enumerate() {
        let due = shared.job.start.at + Duration::from_micros(arrival.at);
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        } else if message.is_multiple_of(16) {
            // Behind: the connections must still get their turn.
            tokio::task::yield_now().await;
        }
        let nth = written.entry(arrival.customer).or_default();
        write(&shared, message, arrival, *nth);
        *nth += 1;
    }
    while shared.open.get() > 0 {
        shared.ended.notified().await;
    }
    shared.sent.take()
}

/// A customer writes: at once, or behind the webhook of the message before.
fn write(shared: &Rc<Shared>, message: usize, arrival: &Arrival, nth: u32) {
    let words = &shared.job.texts[usize::from(arrival.text)];
    let text = format!("{words} {}", question_marker(nth));
    let user = user_id(shared.job.seed, arrival.customer);
    let Ok(minted) = shared.job.platform.customer_says(CHANNEL, &user, &text) else {
        return; // there is only this one channel
    };
    {
        let mut sent = shared.sent.borrow_mut();
        sent[message].event.clone_from(&minted.webhook_event_id);
        sent[message].nth = nth;
    }
    shared.open.set(shared.open.get() + 1);
    let waiting = Waiting { message, minted };
    let mut busy = shared.busy.borrow_mut();
    if let Some(queue) = busy.get_mut(&arrival.customer) {
        queue.push_back(waiting);
        return;
    }
    busy.insert(arrival.customer, VecDeque::new());
    drop(busy);
    let (shared, customer) = (shared.clone(), arrival.customer);
    tokio::task::spawn_local(async move {
        let mut next = Some((waiting, true));
        while let Some((waiting, at_once)) = next {
            deliver(&shared, waiting, at_once).await;
            let mut busy = shared.busy.borrow_mut();
            next = busy
                .get_mut(&customer)
                .and_then(VecDeque::pop_front)
                .map(|waiting| (waiting, false));
            if next.is_none() {
                busy.remove(&customer);
            }
        }
    });
}

/// One webhook, from signing to the journal.
async fn deliver(shared: &Shared, waiting: Waiting, at_once: bool) {
    let Waiting { message, minted } = waiting;
    let job = &shared.job;
    if let Some(reply_token) = &minted.reply_token {
        job.platform.arm(reply_token);
    }
    let question = Question {
        customer: job.plan[message].customer,
        marker: shared.sent.borrow()[message].nth % MARKERS,
    };
    job.live.expect(question, message);
    let destination = job
        .platform
        .channels()
        .first()
        .map_or("", |channel| &channel.options().destination);
    let body = events::body(destination, &[&*minted.event]);
    let signature = events::signature(SECRET, body.as_bytes());
    let sent_at = job.platform.now();
    count(&job.live.sent);
    let ended = shared
        .client
        .post(Bytes::from(body.clone()), &signature)
        .await;
    let due = job.start.at + Duration::from_micros(job.plan[message].at);
    let status = ended.status.unwrap_or(0);
    count(match status {
        200..300 => &job.live.accepted,
        503 => &job.live.refused,
        _ => &job.live.failed,
    });
    {
        let mut sent = shared.sent.borrow_mut();
        sent[message].lag = at_once.then(|| micros(ended.sent - due));
        sent[message].ack = micros(ended.over - due);
        sent[message].status = status;
    }
    let error = match ended.status {
        Ok(200..300) => None,
        Ok(_) => Some("error_status_code"),
        Err(word) => Some(word),
    };
    let call = WebhookCall {
        url: shared.url.clone(),
        body,
        event_ids: vec![minted.webhook_event_id],
        sent_at,
        status,
        took_ms: u64::try_from((ended.over - ended.sent).as_millis()).unwrap_or(u64::MAX),
        error: error.map(str::to_owned),
        attempt: 0,
    };
    let now = job.platform.now();
    job.platform.journal().record_webhook(now, CHANNEL, call);
    shared.open.set(shared.open.get() - 1);
    if shared.open.get() == 0 {
        shared.ended.notify_one();
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customers_id_names_the_customer_and_looks_like_lines() {
        for customer in [0, 7, u32::MAX] {
            let id = user_id(u64::MAX, customer);
            assert_eq!(id.len(), 33);
            assert_eq!(customer_of(&id), Some(customer));
        }
        assert_eq!(customer_of("U12"), None);
    }
}
