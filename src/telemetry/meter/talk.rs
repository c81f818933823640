//! What becomes of texts: routes, intents, the assistant's answers, handoffs, flows, connectors.

use super::handles::{CONFIDENCE, per};
use crate::domain::conversation::{Fact, Outcome};
use crate::domain::ids::ChannelId;
use metrics::counter;

/// A commit taught us one of these facts.
pub(super) fn learned(channel: &ChannelId, fact: &Fact) {
    let id = || channel.as_str().to_string();
    match fact {
        Fact::Routed {
            handler,
            intent,
            confidence,
            ..
        } => {
            let handles = per(channel);
            handles.routed[handler].increment(1);
            let mut intents = handles.intents.borrow_mut();
            let intent = intent.as_deref().unwrap_or("unknown");
            match intents.get(intent) {
                Some(counter) => counter.increment(1),
                None => {
                    let name = intent.to_string();
                    let counter =
                        counter!("hotline_intents_total", "channel" => id(), "intent" => name);
                    counter.increment(1);
                    intents.insert(intent.into(), counter);
                }
            }
            CONFIDENCE.record(f64::from(*confidence) / 100.0);
        }
        Fact::Assisted {
            outcome, failing, ..
        } => {
            let outcome = match outcome {
                Outcome::Answered => "answered",
                Outcome::Unsure => "unsure",
                Outcome::Failed => failing.map_or("failed", |failing| failing.as_str()),
                Outcome::Expired => "expired",
                Outcome::Dropped => "dropped",
            };
            counter!("hotline_assisted_total", "channel" => id(), "outcome" => outcome)
                .increment(1);
        }
        Fact::HandedOff {
            reason, ticketed, ..
        } => {
            let to = if *ticketed { "ticket" } else { "line" };
            counter!("hotline_handoffs_total", "channel" => id(), "reason" => reason.as_str(), "to" => to)
                .increment(1);
        }
        Fact::CameBack { why, .. } => {
            counter!("hotline_handoffs_ended_total", "channel" => id(), "why" => why.as_str())
                .increment(1);
        }
        Fact::FlowBegan { flow } => {
            let flow = flow.to_string();
            counter!("hotline_flows_begun_total", "channel" => id(), "flow" => flow).increment(1);
        }
        Fact::FlowEnded { flow, how } => {
            let (flow, how) = (flow.to_string(), how.to_string());
            counter!("hotline_flows_ended_total", "channel" => id(), "flow" => flow, "how" => how)
                .increment(1);
        }
        Fact::Called { connector, outcome } => {
            let (connector, outcome) = (connector.to_string(), outcome.to_string());
            counter!("hotline_flow_calls_total", "channel" => id(), "connector" => connector, "outcome" => outcome)
                .increment(1);
        }
        _ => {}
    }
}
