//! The webhook: verify raw bytes, split, sort by conversation, deliver, answer when durable.
//!
//! One request may carry many customers' events: their commits run side by side under one deadline
//! (LINE waits 2 s). 200 says that every event is durable; 503 says only that *some* event is not
//! known to be: the others proceed, and an unknown one may still land.

mod answer;

use super::finish::Finish;
use super::inbound::{Reading, Sorted};
use super::signature::{self, Verifier};
use super::spooling::{Crowd, Spooling, Taken};
use crate::actors::{Inbound, Refusal, Registry};
use crate::domain::ids::ConversationKey;
use crate::line_wire::event;
use crate::telemetry::meter;
use actix_web::http::ConnectionType;
use actix_web::{HttpRequest, HttpResponse, web};
use answer::{Answer, refused};
use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{FutureExt as _, StreamExt as _};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a request waits for its commits. LINE counts an answer after 2 s as an error (docs,
/// "Check webhook error statistics"); the rest is for the network.
pub const DEADLINE: Duration = Duration::from_millis(1_500);

/// A request that goes to the spool at once is a matter of milliseconds; beyond so many times
/// [`Bounds::in_flight`] the disk does not keep up either.
pub const AT_THE_DISK: usize = 4;

/// One channel's way in.
pub struct Channel {
    /// How its events are read.
    pub reading: Reading,
    /// Its secrets.
    pub verifier: Verifier,
    /// The bot user id webhooks should name; another one is taken but said in the log.
    pub destination: Option<Arc<str>>,
}

/// Bounds of the way in.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Greatest body in bytes; LINE publishes none.
    pub body: usize,
    /// Requests worked on at once, so many as may wait for the store. With a spool that takes events
    /// there may be [`AT_THE_DISK`] times as many: from ¾ of this number on they go to the disk.
    pub in_flight: usize,
    /// Sends begun and not ended, over all channels, and answers of a channel held back, beyond either
    /// of which no new work is taken; more may be held back while LINE takes them fast enough.
    pub owed: usize,
}

/// The way in.
pub struct Webhook {
    channels: HashMap<Box<str>, Channel>,
    registry: Arc<Registry>,
    spooling: Option<Arc<Spooling>>,
    bounds: Bounds,
    in_flight: AtomicUsize,
    leaving: AtomicBool,
}

impl Webhook {
    /// The way in for these channels.
    pub fn new(channels: Vec<Channel>, registry: Arc<Registry>, bounds: Bounds) -> Webhook {
        let channels = channels
            .into_iter()
            .map(|channel| (Box::from(channel.reading.channel.as_str()), channel));
        Webhook {
            channels: channels.collect(),
            registry,
            spooling: None,
            bounds,
            in_flight: AtomicUsize::new(0),
            leaving: AtomicBool::new(false),
        }
    }

    /// What the store does not take goes to this spool.
    #[must_use]
    pub fn with_spool(mut self, spooling: Option<Arc<Spooling>>) -> Webhook {
        self.spooling = spooling;
        self
    }

    /// From now on every answer ends its connection: a node that leaves accepts no new ones, and
    /// work must not go on coming over those that LINE keeps open.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Requests being worked on.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    fn most_in_flight(&self) -> usize {
        let most = self.bounds.in_flight;
        match &self.spooling {
            Some(spooling) if spooling.is_taking() => most.saturating_mul(AT_THE_DISK),
            _ => most,
        }
    }

    /// How much of the room for requests that wait for the store is taken.
    fn crowd(&self) -> Crowd {
        let (now, most) = (self.in_flight(), self.bounds.in_flight);
        if now > most - most / 4 {
            Crowd::Packed
        } else if now > most / 2 {
            Crowd::Dense
        } else {
            Crowd::None
        }
    }

    /// Takes one request in.
    async fn take(&self, request: &HttpRequest, payload: web::Payload) -> (usize, Answer) {
        let id = channel_of(request.path()).unwrap_or_default();
        let Some(channel) = self.channels.get(id) else {
            return (0, Answer::UnknownChannel);
        };
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let _leaving = Leaving(&self.in_flight);
        if before >= self.most_in_flight() {
            return (0, Answer::Overloaded("too many requests under way"));
        }
        // Whoever sends a byte a minute must not hold a place that LINE needs.
        let body = match tokio::time::timeout(DEADLINE, read(payload, self.bounds.body)).await {
            Ok(Ok(body)) => body,
            Ok(Err(answer)) => return (0, answer),
            Err(_) => return (0, Answer::TooSlow),
        };
        let header = request
            .headers()
            .get(signature::HEADER)
            .map(|value| value.as_bytes());
        if !channel.verifier.verify(header, &body) {
            return (0, Answer::BadSignature);
        }
        let shared = self.registry.shared();
        if shared.is_full(&channel.reading.channel, self.bounds.owed) {
            return (0, Answer::Overloaded("too many answers are owed"));
        }
        // Room on the disk is the store's own question: its writer refuses what it cannot keep.
        let sorted = match self.sort(channel, &body) {
            Ok(sorted) => sorted,
            Err(error) => return (0, Answer::NotAWebhook(error.to_string())),
        };
        let events = sorted.len();
        (events, self.deliver(sorted).await)
    }

    fn sort(&self, channel: &Channel, body: &Bytes) -> Result<Vec<Sorted>, event::NotAWebhook> {
        let split = event::split(body)?;
        if let (Some(expected), Some(named)) = (&channel.destination, &split.destination)
            && **expected != **named
        {
            tracing::warn!(channel = %channel.reading.channel, destination = %named,
                "webhook names another bot than the config");
        }
        let now = self.registry.shared().store.now();
        let name = &channel.reading.channel;
        let sorted = split.events.into_iter().filter_map(|raw| {
            let bytes = body.slice_ref(raw.get().as_bytes());
            match event::read(raw) {
                Ok(read) => {
                    meter::event(name, &read.event_type);
                    let sorted = channel.reading.sort(read, bytes, now);
                    if sorted.is_none() {
                        meter::unaddressed(name);
                    }
                    sorted
                }
                Err(error) => {
                    tracing::warn!(channel = %name, error = %error, "event cannot be read, kept undecided");
                    meter::event(name, "broken");
                    Some(channel.reading.broken(raw, bytes, &error, now))
                }
            }
        });
        Ok(sorted.collect())
    }

    async fn deliver(&self, sorted: Vec<Sorted>) -> Answer {
        let mut groups = group(sorted, self.spooling.is_some());
        let all = async {
            // One customer's is the usual case.
            match (groups.pop(), groups.is_empty()) {
                (None, _) => Answer::Accepted,
                (Some(only), true) => self.finished(only).await,
                (Some(last), false) => {
                    let deliveries = groups.into_iter().chain([last]);
                    let ended = join_all(deliveries.map(|group| self.finished(group))).await;
                    let worst = ended.into_iter().max_by_key(Answer::severity);
                    worst.unwrap_or(Answer::Accepted)
                }
            }
        };
        tokio::time::timeout(DEADLINE, all)
            .await
            .unwrap_or(Answer::NotDurable("some event is not durable in time"))
    }

    /// Delivers, and goes on delivering when nobody waits any more: what was taken in is finished
    /// (healed, set aside, counted) even when this request is given up.
    async fn finished(&self, Group { key, events, raws }: Group) -> Answer {
        if let Some(spooling) = &self.spooling {
            return match spooling.take(key, events, raws, self.crowd()).await {
                Taken::Committed => Answer::Accepted,
                Taken::Spooled => Answer::Spooled,
                Taken::Overloaded => refused(&Refusal::Overloaded),
                Taken::Refused(why) => Answer::NotDurable(why),
            };
        }
        let registry = self.registry.clone();
        let delivery = async move { registry.deliver(&key, events).await };
        // A fault in one delivery must not take its neighbours with it.
        match Finish::new(AssertUnwindSafe(delivery).catch_unwind()).await {
            Ok(Ok(())) => Answer::Accepted,
            Ok(Err(refusal)) => refused(&refusal),
            Err(_) => Answer::NotDurable("a delivery died"),
        }
    }
}

/// One conversation's events of a request.
struct Group {
    key: ConversationKey,
    events: Vec<Inbound>,
    /// As LINE sent them; empty when there is no spool to keep them.
    raws: Vec<Bytes>,
}

/// Groups events by conversation, both in order of first appearance.
fn group(mut sorted: Vec<Sorted>, with_raws: bool) -> Vec<Group> {
    let begin = |Sorted {
                     key,
                     inbound,
                     event,
                 }: Sorted| Group {
        key,
        events: vec![inbound],
        raws: if with_raws { vec![event] } else { Vec::new() },
    };
    if sorted.len() == 1
        && let Some(only) = sorted.pop()
    {
        return vec![begin(only)];
    }
    let mut groups: Vec<Group> = Vec::with_capacity(sorted.len());
    let mut places: HashMap<ConversationKey, usize> = HashMap::new();
    for next in sorted {
        match places.get(&next.key) {
            Some(&place) => {
                groups[place].events.push(next.inbound);
                if with_raws {
                    groups[place].raws.push(next.event);
                }
            }
            None => {
                places.insert(next.key.clone(), groups.len());
                groups.push(begin(next));
            }
        }
    }
    groups
}

async fn read(mut payload: web::Payload, cap: usize) -> Result<Bytes, Answer> {
    // One chunk is the usual case and is not copied.
    let first = match payload.next().await {
        None => return Ok(Bytes::new()),
        Some(chunk) => chunk.map_err(|_| Answer::NotAWebhook("the body ended early".into()))?,
    };
    if first.len() > cap {
        return Err(Answer::TooLarge(cap));
    }
    let mut body: Option<Vec<u8>> = None;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Answer::NotAWebhook("the body ended early".into()))?;
        let gathered = body.get_or_insert_with(|| first.to_vec());
        if gathered.len() + chunk.len() > cap {
            return Err(Answer::TooLarge(cap));
        }
        gathered.extend_from_slice(&chunk);
    }
    Ok(body.map_or(first, Bytes::from))
}

struct Leaving<'a>(&'a AtomicUsize);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The channel in `/line/{channel}/webhook`; ids have no character that a URL would encode.
pub fn channel_of(path: &str) -> Option<&str> {
    let id = path.strip_prefix("/line/")?.strip_suffix("/webhook")?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

/// `POST /line/{channel}/webhook`.
pub async fn handle(
    request: HttpRequest,
    payload: web::Payload,
    webhook: web::Data<Webhook>,
) -> HttpResponse {
    let began = Instant::now();
    let (events, answer) = webhook.take(&request, payload).await;
    let id = channel_of(request.path()).unwrap_or_default();
    if matches!(answer, Answer::UnknownChannel) && request.headers().contains_key(signature::HEADER)
    {
        // Signed: LINE's, or somebody's who tries. A slip in the webhook URL looks like this.
        tracing::warn!(
            channel = id,
            status = 404,
            "webhook for an unknown channel, allowed: /line/ID/webhook with the id of a [[channels]] entry"
        );
    }
    let channel = webhook.channels.get(id);
    let name = channel.map(|channel| &channel.reading.channel);
    let mut response = answer.respond(name, events, began.elapsed());
    if webhook.leaving.load(Ordering::Relaxed) {
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    response
}
