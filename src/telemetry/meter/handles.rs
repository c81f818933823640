//! Handles resolved once (the macros hash name and labels at each call): per process for plain
//! metrics, per thread and channel for the others.
#![allow(clippy::disallowed_macros)] // telemetry::meter is where the raw macros may stand

use crate::domain::conversation::{Ending, Handler};
use crate::domain::ids::ChannelId;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

macro_rules! handles {
    ($($fn:ident: $kind:ident = $make:expr;)*) => {
        $(pub(super) static $fn: LazyLock<$kind> = LazyLock::new(|| $make);)*
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
    CONFIDENCE: Histogram = histogram!("hotline_intent_confidence_ratio");
    STORE_COMMIT: Histogram = histogram!("hotline_store_commit_seconds");
    STORE_SYNC: Histogram = histogram!("hotline_store_fsync_seconds");
    STORE_BATCH: Histogram = histogram!("hotline_store_batch_records");
    STORE_CONFLICTS: Counter = counter!("hotline_store_conflicts_total");
}

pub(super) struct PerChannel {
    pub(super) accepted: Counter,
    pub(super) events: HashMap<&'static str, Counter>,
    pub(super) hits: Counter,
    pub(super) misses: Counter,
    pub(super) endings: HashMap<Ending, Counter>,
    pub(super) routed: HashMap<Handler, Counter>,
    /// By the intent's id, as they come.
    pub(super) intents: RefCell<HashMap<Box<str>, Counter>>,
    pub(super) replies: Counter,
    pub(super) pushes: Counter,
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
        let routed = |handler: Handler| counter!("hotline_routed_total", "channel" => id.clone(), "handler" => handler.as_str());
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
            routed: Handler::ALL
                .map(|handler| (handler, routed(handler)))
                .into(),
            intents: RefCell::default(),
            replies: sent("reply"),
            pushes: sent("push"),
        }
    }
}

thread_local! {
    static CHANNELS: RefCell<HashMap<ChannelId, Rc<PerChannel>>> = RefCell::default();
}

pub(super) fn per(channel: &ChannelId) -> Rc<PerChannel> {
    CHANNELS.with_borrow_mut(|known| match known.get(channel) {
        Some(handles) => handles.clone(),
        None => {
            let handles = Rc::new(PerChannel::resolve(channel));
            known.insert(channel.clone(), handles.clone());
            handles
        }
    })
}
