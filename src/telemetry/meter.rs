//! The only place where metrics are raised: one function per thing that happened.
//!
//! Handles of what happens at every message are resolved once, in `handles`.
#![allow(clippy::disallowed_macros)] // the one place where the raw macros may stand

mod assistant;
mod connectors;
mod handles;
mod house;
mod line;
mod spool;
mod talk;

pub use assistant::{
    assistant_breaker, assistant_budget, assistant_call, assistant_confidence, assistant_gate,
    assistant_load, assistant_parts, assistant_question, assistant_tokens,
};
pub use connectors::{connector_breaker, connector_try};
pub use house::{
    Sampled, archive, archive_removed, archived, housekeeping, presence_lapsed, reloaded, sampled,
    store_batch, store_checkpoint, store_conflict, store_pipeline, store_resent,
};
pub use line::{breaker, line_call, line_held_back, quota};
pub use spool::{
    SpoolSampled, spool_drain_failed, spool_drained, spool_refused, spool_sampled, spooled,
};

use super::catalogue::{CATALOGUE, Kind};
use crate::domain::conversation::{Ending, Fact, Rejected};
use crate::domain::ids::ChannelId;
use handles::{
    ACTOR_DEATHS, ACTOR_STARTS, ACTORS, CONFLICTS, DUPLICATES, FIRST_RESPONSE, LATE, PASSIVATIONS,
    STALE, TAKEOVERS, WEBHOOK_EVENTS, WEBHOOK_IN_FLIGHT, WEBHOOK_SECONDS, per,
};
use metrics::{counter, gauge, histogram};

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
        if outcome == "spooled" {
            WEBHOOK_EVENTS.record(events as f64);
        }
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
            // A flow's, a phrase's and the assistant's words are told by metrics of their own.
            Fact::Answered { rule, .. } if rule.contains(':') || &**rule == "assistant" => {}
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
            fact @ (Fact::Routed { .. }
            | Fact::Assisted { .. }
            | Fact::HandedOff { .. }
            | Fact::CameBack { .. }
            | Fact::FlowBegan { .. }
            | Fact::FlowEnded { .. }
            | Fact::Called { .. }) => talk::learned(channel, fact),
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

/// An automatic push was asked for and not granted.
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
