//! How long customers waited: from the end of the webhook that brought the question to the call that
//! LINE accepted with its answer. From the journal alone.

use super::world::World;
use hotline::simulator::What;
use std::collections::HashMap;

/// A customer's wait.
#[derive(Clone, Debug)]
pub struct Wait {
    pub customer: String,
    pub answer: String,
    /// Platform time at which the webhook was answered 200, milliseconds.
    pub accepted: u64,
    /// How much later LINE had the answer; 0: before.
    pub waited: u64,
}

/// Every answered question, longest wait first.
pub fn waits(world: &World) -> Vec<Wait> {
    let entries = world.platform().journal().entries_since(0);
    let mut accepted: HashMap<&str, u64> = HashMap::new();
    let mut answered: HashMap<(String, String), u64> = HashMap::new();
    for entry in &entries {
        match &entry.what {
            What::Webhook(webhook) if webhook.acknowledged() => {
                for id in &webhook.event_ids {
                    accepted.entry(id).or_insert(entry.at);
                }
            }
            What::Call(call) => {
                for delivered in &call.deliveries {
                    for message in call.messages() {
                        let text = message["text"].as_str().unwrap_or_default().to_owned();
                        let named = (delivered.to.to_string(), text);
                        answered.entry(named).or_insert(entry.at);
                    }
                }
            }
            What::Webhook(_) => {}
        }
    }
    let asked = world.asked.lock().expect("no thread panics holding it");
    let mut waits: Vec<Wait> = asked
        .iter()
        .filter_map(|question| {
            let from = *accepted.get(&*question.event)?;
            let named = (question.customer.clone(), question.answer.clone());
            let until = *answered.get(&named)?;
            Some(Wait {
                customer: named.0,
                answer: named.1,
                accepted: from,
                waited: until.saturating_sub(from),
            })
        })
        .collect();
    waits.sort_by_key(|wait| std::cmp::Reverse(wait.waited));
    waits
}

/// A wait longer than this is one that a customer notices, milliseconds.
const LONG: u64 = 1_000;

/// What a fault did to the customers. Milliseconds of platform time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Healing {
    /// The longest wait that was not over when the fault began.
    pub longest: u64,
    /// From the fault until no accepted question waits longer than a second any more. Questions that
    /// were never answered are not in it: they are lost or unconfirmed.
    pub healed_after: u64,
    /// From the fault until the last webhook that was not answered 200; 0: there was none.
    pub refused_until: u64,
    /// Events in those webhooks.
    pub refused: usize,
}

/// Looks at a fault that began at this platform time; to be called when everything is over.
pub fn healing(world: &World, fault: u64) -> Healing {
    let mut healing = Healing::default();
    for wait in waits(world) {
        let over = wait.accepted + wait.waited;
        if over < fault {
            continue;
        }
        healing.longest = healing.longest.max(wait.waited);
        if wait.waited > LONG {
            healing.healed_after = healing.healed_after.max(over - fault);
        }
    }
    for entry in world.platform().journal().entries_since(0) {
        let What::Webhook(webhook) = &entry.what else {
            continue;
        };
        if entry.at >= fault && !webhook.acknowledged() {
            healing.refused_until = healing.refused_until.max(entry.at - fault);
            healing.refused += webhook.event_ids.len();
        }
    }
    healing
}
