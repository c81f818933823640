//! Proof that a kill met work in flight, from the journal alone.

use super::world::World;
use hotline::simulator::{JournalEntry, What};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// An accepted send younger than this cannot have been recorded by its sender: the answer to it was
/// still on its way (the weather holds it back for longer).
const FRESH_MS: u64 = 8;

/// A moment at which the program was ended.
#[derive(Clone, Copy, Debug)]
pub struct Kill {
    /// Last entry of the journal before.
    before: u64,
    /// Last entry when the process was gone.
    gone: u64,
    /// Platform time, milliseconds.
    at: u64,
}

impl Kill {
    /// Platform time, milliseconds.
    pub fn at(&self) -> u64 {
        self.at
    }
}

/// What was in flight at a kill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InFlight {
    /// Events sent to the webhook whose request the kill broke.
    pub delivered: usize,
    /// Events answered 200 whose answer LINE accepted after the death of the process.
    pub acknowledged: usize,
    /// Answers LINE had accepted without the process knowing.
    pub accepted: usize,
}

/// Ends the program by `end` and notes the moment.
pub fn noted(world: &World, end: impl FnOnce()) -> Kill {
    let before = world.platform().journal().last_seq();
    let at = world.platform().now();
    end();
    Kill {
        before,
        gone: world.platform().journal().last_seq(),
        at,
    }
}

/// The same for a process that ended by itself just now: the moment is known only roughly, so only
/// what the journal saw after its end is counted.
pub fn noticed(world: &World) -> Kill {
    noted(world, || ())
}

impl InFlight {
    pub fn any(&self) -> bool {
        self.delivered + self.acknowledged + self.accepted > 0
    }
}

impl fmt::Display for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "delivered={} acknowledged={} accepted={}",
            self.delivered, self.acknowledged, self.accepted
        )
    }
}

/// Looks at each kill; to be called when everything is over.
pub fn in_flight(world: &World, kills: &[Kill]) -> Vec<InFlight> {
    let entries = world.platform().journal().entries_since(0);
    let answered = answered(&entries);
    let acknowledged = acknowledged(world, &entries);
    let look = |kill: &Kill| {
        let mut found = InFlight::default();
        for entry in &entries {
            match &entry.what {
                What::Webhook(webhook) => {
                    let broken = !webhook.acknowledged() && webhook.sent_at <= kill.at;
                    if broken && entry.seq > kill.before && entry.at >= kill.at {
                        found.delivered += webhook.event_ids.len();
                    }
                }
                What::Call(call) => {
                    let fresh = entry.at <= kill.at && entry.at + FRESH_MS >= kill.at;
                    if fresh && entry.seq <= kill.before {
                        found.accepted += call.deliveries.len();
                    }
                }
            }
        }
        let owed = acknowledged.iter().filter(|(question, seq)| {
            *seq <= kill.before && answered.get(question).is_none_or(|at| *at > kill.gone)
        });
        found.acknowledged = owed.count();
        found
    };
    kills.iter().map(look).collect()
}

/// Events whose webhook was under way at the moment: sent before, answered or broken after.
pub fn pending(world: &World, kill: &Kill) -> usize {
    let entries = world.platform().journal().entries_since(kill.before);
    let under_way = entries.iter().filter_map(|entry| match &entry.what {
        What::Webhook(webhook) if webhook.sent_at <= kill.at => Some(webhook.event_ids.len()),
        What::Webhook(_) | What::Call(_) => None,
    });
    under_way.sum()
}

type Named = (String, String);

/// Customer and marker → the entry that accepted the answer.
fn answered(entries: &[Arc<JournalEntry>]) -> HashMap<Named, u64> {
    let mut answered = HashMap::new();
    for entry in entries {
        let What::Call(call) = &entry.what else {
            continue;
        };
        for delivered in &call.deliveries {
            for message in call.messages() {
                let marker = message["text"].as_str().unwrap_or_default().to_owned();
                let named = (delivered.to.to_string(), marker);
                answered.entry(named).or_insert(entry.seq);
            }
        }
    }
    answered
}

/// Every acknowledged question, and the entry that says so.
fn acknowledged(world: &World, entries: &[Arc<JournalEntry>]) -> Vec<(Named, u64)> {
    let mut events: HashMap<&str, u64> = HashMap::new();
    for entry in entries {
        if let What::Webhook(webhook) = &entry.what
            && webhook.acknowledged()
        {
            for id in &webhook.event_ids {
                events.entry(id).or_insert(entry.seq);
            }
        }
    }
    let asked = world.asked.lock().expect("no thread panics holding it");
    let known = asked.iter().filter_map(|question| {
        let seq = events.get(&*question.event)?;
        let named = (question.customer.clone(), question.answer.clone());
        Some((named, *seq))
    });
    known.collect()
}
