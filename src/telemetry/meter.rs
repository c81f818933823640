//! The only place where metrics are raised: one function per thing that happened.
//!
//! Handles are resolved once (the macros hash name and labels at each call): per process for plain
//! metrics, per thread and channel for the others.
#![allow(clippy::disallowed_macros)] // the one place where the raw macros may stand

use super::catalogue::{CATALOGUE, Kind};
use crate::domain::conversation::{Ending, Fact, Rejected};
use crate::domain::ids::ChannelId;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

macro_rules! handles {
    ($($fn:ident: $kind:ident = $make:expr;)*) => {
        $(static $fn: LazyLock<$kind> = LazyLock::new(|| $make);)*
    };
}

handles! {
    WEBHOOK_SECONDS: Histogram = histogram!("hotline_webhook_duration_seconds");
    WEBHOOK_EVENTS: Histogram = histogram!("hotline_webhook_events_per_request");
    WEBHOOK_IN_FLIGHT: Gauge = gauge!("hotline_webhook_in_flight");
    DUPLICATES: Counter = counter!("hotline_events_duplicate_total");
    LATE: Counter = counter!("hotline_events_late_total");
    STALE: Counter = counter!("hotline_attempts_stale_total");
    FIRST_RESPONSE: Histogram = histogram!("hotline_first_response_seconds", "handler" => "auto");
    CONFLICTS: Counter = counter!("hotline_commit_conflicts_total");
    TAKEOVERS: Counter = counter!("hotline_takeovers_total");
    ACTORS: Gauge = gauge!("hotline_actors", "kind" => "conversation");
    ACTOR_STARTS: Counter = counter!("hotline_actor_starts_total", "kind" => "conversation");
    ACTOR_DEATHS: Counter = counter!("hotline_actor_deaths_total", "kind" => "conversation");
    PASSIVATIONS: Counter = counter!("hotline_actor_passivations_total", "kind" => "conversation");
    STORE_COMMIT: Histogram = histogram!("hotline_store_commit_seconds");
    STORE_SYNC: Histogram = histogram!("hotline_store_fsync_seconds");
    STORE_BATCH: Histogram = histogram!("hotline_store_batch_records");
}

struct PerChannel {
    accepted: Counter,
    events: HashMap<&'static str, Counter>,
    hits: Counter,
    misses: Counter,
    endings: HashMap<Ending, Counter>,
    replies: Counter,
    pushes: Counter,
}

const EVENT_TYPES: [&str; 7] = [
    "message", "postback", "follow", "unfollow", "unsend", "join", "leave",
];

impl PerChannel {
    fn resolve(channel: &ChannelId) -> PerChannel {
        let id = channel.as_str().to_string();
        let event = |kind: &'static str| counter!("hotline_events_total", "channel" => id.clone(), "type" => kind);
        let ending = |outcome: &'static str| counter!("hotline_deliveries_total", "channel" => id.clone(), "outcome" => outcome);
        let auto = |result: &'static str| counter!("hotline_auto_reply_total", "channel" => id.clone(), "result" => result);
        let sent = |method: &'static str| counter!("hotline_line_messages_total", "channel" => id.clone(), "method" => method);
        PerChannel {
            accepted: counter!("hotline_webhook_requests_total", "channel" => id.clone(), "outcome" => "accepted"),
            events: EVENT_TYPES
                .into_iter()
                .chain(["other", "broken"])
                .map(|kind| (kind, event(kind)))
                .collect(),
            hits: auto("hit"),
            misses: auto("miss"),
            endings: [
                (Ending::Accepted, ending("accepted")),
                (Ending::Presumed, ending("presumed")),
                (Ending::Unconfirmed, ending("unconfirmed")),
                (Ending::Failed, ending("failed")),
                (Ending::Expired, ending("expired")),
                (Ending::Withdrawn, ending("withdrawn")),
            ]
            .into_iter()
            .collect(),
            replies: sent("reply"),
            pushes: sent("push"),
        }
    }
}

thread_local! {
    static CHANNELS: RefCell<HashMap<ChannelId, Rc<PerChannel>>> = RefCell::default();
}

fn per(channel: &ChannelId) -> Rc<PerChannel> {
    CHANNELS.with_borrow_mut(|known| match known.get(channel) {
        Some(handles) => handles.clone(),
        None => {
            let handles = Rc::new(PerChannel::resolve(channel));
            known.insert(channel.clone(), handles.clone());
            handles
        }
    })
}

/// Describes every metric and raises those without a channel label to zero.
pub(super) fn describe() {
    for metric in CATALOGUE {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            Kind::Histogram(_) => metrics::describe_histogram!(metric.name, metric.help),
        }
        if metric.labels.iter().any(|(_, values)| values.is_empty()) {
            continue;
        }
        let mut sets: Vec<Vec<metrics::Label>> = vec![Vec::new()];
        for (name, values) in metric.labels {
            sets = sets
                .into_iter()
                .flat_map(|set| {
                    values.iter().map(move |value| {
                        let mut set = set.clone();
                        set.push(metrics::Label::from_static_parts(name, value));
                        set
                    })
                })
                .collect();
        }
        for labels in sets {
            match metric.kind {
                Kind::Counter => counter!(metric.name, labels).increment(0),
                Kind::Gauge => gauge!(metric.name, labels).set(0.0),
                Kind::Histogram(_) => drop(histogram!(metric.name, labels)),
            }
        }
    }
    gauge!("hotline_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// Raises a channel's metrics to zero, so that ratios exist before the first event.
pub fn channel_known(channel: &ChannelId) {
    drop(per(channel));
}

/// A webhook request was answered.
pub fn webhook(channel: &ChannelId, outcome: &'static str, events: usize, seconds: f64) {
    if outcome == "accepted" {
        per(channel).accepted.increment(1);
        WEBHOOK_EVENTS.record(events as f64);
    } else {
        let id = channel.as_str().to_string();
        counter!("hotline_webhook_requests_total", "channel" => id, "outcome" => outcome)
            .increment(1);
    }
    WEBHOOK_SECONDS.record(seconds);
}

/// A webhook request began or ended.
pub fn webhook_in_flight(change: f64) {
    WEBHOOK_IN_FLIGHT.increment(change);
}

/// An event was taken in; types the catalogue does not know count as `other`.
pub fn event(channel: &ChannelId, event_type: &str) {
    let handles = per(channel);
    let counter = handles
        .events
        .get(event_type)
        .unwrap_or(&handles.events["other"]);
    counter.increment(1);
}

/// A group event was not addressed to the account.
pub fn unaddressed(channel: &ChannelId) {
    let id = channel.as_str().to_string();
    counter!("hotline_events_unaddressed_total", "channel" => id).increment(1);
}

/// A commit taught us these facts.
pub fn learned(channel: &ChannelId, facts: &[Fact], refused: &[Rejected]) {
    let handles = per(channel);
    for fact in facts {
        match fact {
            Fact::Received { late: true, .. } => LATE.increment(1),
            Fact::Answered { rule, .. } if &**rule == "fallback" => handles.misses.increment(1),
            Fact::Answered { .. } => handles.hits.increment(1),
            Fact::AwaitsToken { effects } => {
                let id = channel.as_str().to_string();
                counter!("hotline_answers_waiting_total", "channel" => id)
                    .increment(effects.len() as u64);
            }
            Fact::Ended {
                effects,
                ending,
                billed,
                took,
                ..
            } => {
                handles.endings[ending].increment(effects.len() as u64);
                if matches!(ending, Ending::Accepted | Ending::Presumed) {
                    FIRST_RESPONSE.record(took.0 as f64 / 1_000.0);
                    if *billed {
                        &handles.pushes
                    } else {
                        &handles.replies
                    }
                    .increment(1);
                }
            }
            Fact::TakenOver { .. } => TAKEOVERS.increment(1),
            Fact::Received { .. } | Fact::Unsent { .. } | Fact::Quarantined { .. } => {}
        }
    }
    rejected(refused);
}

/// The core refused these events.
pub fn rejected(refused: &[Rejected]) {
    for rejected in refused {
        match rejected {
            Rejected::Duplicate => DUPLICATES.increment(1),
            Rejected::Stale => STALE.increment(1),
        }
    }
}

/// A commit met another writer's.
pub fn conflict() {
    CONFLICTS.increment(1);
}

/// A conversation actor came to life.
pub fn actor_started() {
    ACTORS.increment(1.0);
    ACTOR_STARTS.increment(1);
}

/// A conversation actor left, by passivation or by death.
pub fn actor_stopped() {
    ACTORS.decrement(1.0);
}

/// A conversation actor died of a panic.
pub fn actor_died() {
    ACTOR_DEATHS.increment(1);
}

/// An idle conversation left memory.
pub fn passivated() {
    PASSIVATIONS.increment(1);
}

/// A conversation is left alone for a while.
pub fn parked() {
    counter!("hotline_actor_parked_total").increment(1);
}

/// An event was kept raw, undecided.
pub fn quarantined() {
    counter!("hotline_events_quarantined_total").increment(1);
}

/// A full mailbox refused a message.
pub fn mailbox_refused(kind: &'static str) {
    counter!("hotline_mailbox_rejected_total", "kind" => kind).increment(1);
}

/// The budget or the quota refused an automatic push.
pub fn push_refused(channel: &ChannelId) {
    counter!("hotline_pushes_refused_total", "channel" => channel.as_str().to_string())
        .increment(1);
}

/// The recovery after a start woke conversations.
pub fn recovered(conversations: usize) {
    counter!("hotline_recovered_conversations_total").increment(conversations as u64);
}

/// A conversation could not be woken now; the sweeper tries again.
pub fn wake_refused() {
    counter!("hotline_wakes_refused_total").increment(1);
}

/// A stage supervisor replaced a worker.
pub fn stage_restarted(stage: &'static str, reason: &'static str) {
    counter!("hotline_stage_restarts_total", "stage" => stage, "reason" => reason).increment(1);
}

/// A stage answered "unknown" in its worker's stead.
pub fn stage_unanswered(stage: &'static str, reason: &'static str) {
    counter!("hotline_stage_unanswered_total", "stage" => stage, "reason" => reason).increment(1);
}

/// A call to LINE ended. Endpoint and code are values of the catalogue.
pub fn line_call(channel: &ChannelId, endpoint: &'static str, code: &'static str, seconds: f64) {
    thread_local! {
        /// Resolved per thread: every message passes here.
        static CALLS: RefCell<HashMap<(ChannelId, &'static str, &'static str), (Counter, Histogram)>> =
            RefCell::default();
    }
    CALLS.with_borrow_mut(|known| {
        let key = (channel.clone(), endpoint, code);
        let (count, took) = known.entry(key).or_insert_with(|| {
            let id = channel.as_str().to_string();
            let count = counter!("hotline_line_api_requests_total", "channel" => id, "endpoint" => endpoint, "code" => code);
            (count, histogram!("hotline_line_api_seconds", "endpoint" => endpoint))
        });
        count.increment(1);
        took.record(seconds);
    });
}

/// A send was not begun.
pub fn line_held_back(channel: &ChannelId, reason: &'static str) {
    let id = channel.as_str().to_string();
    counter!("hotline_line_held_back_total", "channel" => id, "reason" => reason).increment(1);
}

/// A channel's breaker opened or closed.
pub fn breaker(channel: &ChannelId, open: bool) {
    let id = channel.as_str().to_string();
    gauge!("hotline_line_breaker_open", "channel" => id).set(f64::from(u8::from(open)));
}

/// What is left of a channel's month.
pub fn quota(channel: &ChannelId, left: Option<u64>) {
    let id = channel.as_str().to_string();
    gauge!("hotline_line_quota_remaining_messages", "channel" => id)
        .set(left.map_or(-1.0, |left| left as f64));
}

/// What is looked at when metrics are read, not when it happens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sampled {
    /// Sends begun and not ended.
    pub sends: usize,
    /// Commits waiting for the disk.
    pub store_waiting: usize,
    /// Free bytes on the store's disk.
    pub disk_free: u64,
    /// Bytes of the store's files.
    pub store_bytes: u64,
    /// The node takes work.
    pub ready: bool,
    /// The node is leaving.
    pub draining: bool,
}

/// Sets the sampled gauges.
pub fn sampled(now: Sampled) {
    gauge!("hotline_line_api_in_flight").set(now.sends as f64);
    gauge!("hotline_store_waiting").set(now.store_waiting as f64);
    gauge!("hotline_store_disk_free_bytes").set(now.disk_free as f64);
    gauge!("hotline_store_bytes").set(now.store_bytes as f64);
    gauge!("hotline_ready").set(f64::from(u8::from(now.ready)));
    gauge!("hotline_draining").set(f64::from(u8::from(now.draining)));
}

/// The housekeeper moved records to the archive.
pub fn archived(records: usize) {
    counter!("hotline_archive_records_total").increment(records as u64);
}

/// The housekeeper removed objects that were old enough from the archive.
pub fn archive_removed(objects: usize) {
    counter!("hotline_archive_removed_total").increment(objects as u64);
}

/// What the archive holds.
pub fn archive(objects: u64, bytes: u64) {
    gauge!("hotline_archive_objects").set(objects as f64);
    gauge!("hotline_archive_bytes").set(bytes as f64);
}

/// A round of the housekeeper ended.
pub fn housekeeping(is_done: bool) {
    let result = if is_done { "done" } else { "failed" };
    counter!("hotline_housekeeping_runs_total", "result" => result).increment(1);
    if is_done {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = now.unwrap_or_default().as_secs_f64();
        gauge!("hotline_housekeeping_last_done_timestamp_seconds").set(seconds);
    }
}

/// A batch of commits became durable.
pub fn store_batch(commits: usize, seconds: f64, sync_seconds: f64) {
    STORE_SYNC.record(sync_seconds);
    STORE_BATCH.record(commits as f64);
    STORE_COMMIT.record(seconds);
}

/// The embedded store wrote a checkpoint.
pub fn store_checkpoint(seconds: f64) {
    histogram!("hotline_store_checkpoint_seconds").record(seconds);
}

/// A reload was applied or refused.
pub fn reloaded(applied: bool) {
    let result = if applied { "applied" } else { "refused" };
    counter!("hotline_config_reloads_total", "result" => result).increment(1);
}
