//! Hints over the server's publish and subscribe: one channel for the whole store, a connection of its
//! own to listen, one queue to speak.
//!
//! The channel carries the tag of the first partition, so that with `SPUBLISH` (Redis 7.0) a cluster
//! keeps it on one shard instead of telling every server. A call that is repeated because its answer
//! was lost would be heard twice: hints of a node are numbered, and what is not newer is not heard.

use super::core::Core;
use super::errors::Trouble;
use crate::domain::ids::Incarnation;
use crate::ports::store::{HINTS_KEPT, Hint, MAX_HINT_BYTES, MAX_TOPIC_BYTES};
use redis::{AsyncConnectionConfig, PushInfo, PushKind, RedisResult, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{sleep, timeout};

const PARTITION: u16 = 0;
/// Hints that wait to be sent; one more is dropped.
const QUEUE: usize = 1_024;
/// Hints sent in one go.
const AT_ONCE: usize = 64;
/// A connection that is silent for so long is asked whether it lives.
const SILENCE: Duration = Duration::from_secs(5);
/// First and longest pause before connecting again.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];
/// Nodes whose numbers are remembered.
const SPEAKERS: usize = 1_024;
/// Number and speaker stand before the rest, 8 bytes each, then the topic's length.
const HEAD: usize = 17;

/// Hints of one open store.
pub struct Hints {
    own: Incarnation,
    heard: broadcast::Sender<Hint>,
    /// Frames in the order of their numbers.
    queue: mpsc::Sender<Vec<u8>>,
    number: Mutex<u64>,
    waiting: Mutex<Option<mpsc::Receiver<Vec<u8>>>>,
    /// The server has `SPUBLISH`.
    sharded: bool,
}

impl Hints {
    /// Nothing is sent and nobody listens before [`speak`] and [`hear`] run.
    pub fn new(own: Incarnation, sharded: bool) -> Hints {
        let (queue, waiting) = mpsc::channel(QUEUE);
        Hints {
            own,
            heard: broadcast::Sender::new(HINTS_KEPT),
            queue,
            number: Mutex::new(0),
            waiting: Mutex::new(Some(waiting)),
            sharded,
        }
    }

    /// Tells this node now and the others soon.
    pub fn say(&self, topic: &str, payload: &[u8]) {
        if topic.len() > MAX_TOPIC_BYTES || payload.len() > MAX_HINT_BYTES {
            tracing::debug!(topic, bytes = payload.len(), "hint too long, dropped");
            return;
        }
        // Nobody listens: nothing is lost.
        let _ = self.heard.send(Hint {
            from: self.own,
            topic: topic.into(),
            payload: payload.into(),
        });
        // Numbered and queued in one step: numbers must rise on the wire.
        let mut number = self.number.lock().unwrap_or_else(PoisonError::into_inner);
        *number += 1;
        let frame = frame(self.own, *number, topic, payload);
        if self.queue.try_send(frame).is_err() {
            tracing::debug!(topic, "too many hints wait, dropped");
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Hint> {
        self.heard.subscribe()
    }
}

/// Sends what waits, for as long as the store's thread runs.
pub async fn speak(core: Arc<Core>) {
    let waiting = &core.nodes.hints.waiting;
    let waiting = waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(mut waiting) = waiting else { return };
    let (publish, _) = words(core.nodes.hints.sharded);
    let channel = core.keys.of(PARTITION, "hints");
    let mut frames = Vec::with_capacity(AT_ONCE);
    while waiting.recv_many(&mut frames, AT_ONCE).await > 0 {
        let calls = frames.drain(..).map(|frame| {
            let mut call = redis::cmd(publish);
            call.arg(&channel).arg(frame);
            (PARTITION, call)
        });
        if let Err(error) = core.ask(calls.collect()).await {
            tracing::debug!(%error, "hints were not sent");
        }
    }
}

/// Listens to the other nodes, for as long as the store's thread runs.
pub async fn hear(core: Arc<Core>) {
    let mut known = HashMap::new();
    let mut pause = PAUSES[0];
    while core.closed.get().is_none() {
        if let Err(error) = subscribed(&core, &mut known, &mut pause).await {
            // Not as the library says it: that may hold the password.
            let said = Trouble::outside(&error).said;
            tracing::debug!(said, "hints of other nodes are not heard");
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES[1]);
    }
}

/// Until the connection ends.
async fn subscribed(
    core: &Core,
    known: &mut HashMap<u64, u64>,
    pause: &mut Duration,
) -> RedisResult<()> {
    let (tell, mut told) = mpsc::unbounded_channel::<PushInfo>();
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(core.options.connect_timeout))
        .set_response_timeout(Some(core.options.answer_timeout))
        .set_push_sender(tell);
    let Ok(master) = core.masters.of(PARTITION) else {
        // Looked for by those who have to have it.
        return Ok(());
    };
    let mut connection = master.way.unasked().dial(&config).await?;
    let (_, subscribe) = words(core.nodes.hints.sharded);
    let mut call = redis::cmd(subscribe);
    call.arg(core.keys.of(PARTITION, "hints"));
    connection.send_packed_command(&call).await?;
    *pause = PAUSES[0];
    loop {
        let told = timeout(SILENCE, told.recv()).await;
        // What the one that took its place publishes is not heard here.
        if master.is_over() {
            return Ok(());
        }
        let Ok(push) = told else {
            connection.send_packed_command(&redis::cmd("PING")).await?;
            continue;
        };
        match push {
            Some(push) if matches!(push.kind, PushKind::Message | PushKind::SMessage) => {
                if let Some(Value::BulkString(frame)) = push.data.into_iter().nth(1) {
                    heard(&core.nodes.hints, known, &frame);
                }
            }
            // A shard that moved takes its subscribers off.
            Some(push) if matches!(push.kind, PushKind::Disconnection | PushKind::SUnsubscribe) => {
                return Ok(());
            }
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

fn heard(hints: &Hints, known: &mut HashMap<u64, u64>, bytes: &[u8]) {
    // Not ours, or of a later form: a hint may be missed.
    let Some((number, hint)) = read(bytes) else {
        return;
    };
    // Own ones were heard when they were said.
    if hint.from == hints.own {
        return;
    }
    if known.len() >= SPEAKERS && !known.contains_key(&hint.from.0) {
        known.clear();
    }
    let last = known.entry(hint.from.0).or_default();
    if number > *last {
        *last = number;
        // Nobody listens: nothing is lost.
        let _ = hints.heard.send(hint);
    }
}

fn words(sharded: bool) -> (&'static str, &'static str) {
    match sharded {
        true => ("SPUBLISH", "SSUBSCRIBE"),
        false => ("PUBLISH", "SUBSCRIBE"),
    }
}

fn frame(own: Incarnation, number: u64, topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + topic.len() + payload.len());
    frame.extend_from_slice(&number.to_le_bytes());
    frame.extend_from_slice(&own.0.to_le_bytes());
    frame.push(topic.len() as u8);
    frame.extend_from_slice(topic.as_bytes());
    frame.extend_from_slice(payload);
    frame
}

fn read(frame: &[u8]) -> Option<(u64, Hint)> {
    let (number, rest) = frame.split_first_chunk()?;
    let (from, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first()?;
    let (topic, payload) = rest.split_at_checked(usize::from(*length))?;
    let hint = Hint {
        from: Incarnation(u64::from_le_bytes(*from)),
        topic: std::str::from_utf8(topic).ok()?.into(),
        payload: payload.into(),
    };
    Some((u64::from_le_bytes(*number), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: Incarnation = Incarnation(8);

    #[test]
    fn a_hint_that_is_sent_twice_is_heard_once_and_own_ones_are_heard_when_said() {
        let hints = Hints::new(Incarnation(7), true);
        let mut listener = hints.listen();
        let mut known = HashMap::new();
        let mut hear = |from, number| heard(&hints, &mut known, &frame(from, number, "t", b"p"));
        for (from, number) in [
            (OTHER, 1),
            (OTHER, 1),
            (OTHER, 3),
            (OTHER, 2),
            (hints.own, 1),
        ] {
            hear(from, number);
        }
        hints.say("mine", b"");
        let topics = std::iter::from_fn(|| listener.try_recv().ok());
        let topics: Vec<_> = topics.map(|hint| hint.topic.to_string()).collect();
        assert_eq!(topics, ["t", "t", "mine"]);
    }

    #[test]
    fn what_is_not_ours_is_not_heard() {
        let whole = frame(OTHER, 5, "topic", b"payload");
        let (number, hint) = read(&whole).unwrap();
        assert_eq!((number, hint.from, &*hint.topic), (5, OTHER, "topic"));
        assert_eq!(&*hint.payload, b"payload");
        for cut in 0..HEAD + 5 {
            assert!(read(&whole[..cut]).is_none(), "{cut}");
        }
    }
}
