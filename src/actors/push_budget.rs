//! The hourly budget of automatic pushes: two minutes of outage must never become an invoice.
//!
//! One counter entity per channel holds the times of the grants of the last hour, so the budget
//! survives a crash and slides: no sixty minutes ever see more than it.

use super::draw::revision;
use crate::domain::ids::ChannelId;
use crate::domain::time::{Millis, Span};
use crate::ports::store::{
    Class, Commit, EntityKey, EntityKind, Error, Outcome, Store, Urgency, Write,
};
use crate::telemetry::meter;
use std::sync::Arc;

const WINDOW: Span = Span::hours(1);

/// Whether the monthly quota leaves room for an automatic push, beside the agents' share.
pub type QuotaGate = Arc<dyn Fn(&ChannelId) -> bool + Send + Sync>;

/// Grants automatic pushes.
pub struct PushBudget {
    per_hour: usize,
    quota: QuotaGate,
}

impl PushBudget {
    /// A budget of `per_hour` pushes per channel, and never beyond what the quota gate allows.
    pub fn new(per_hour: u32, quota: QuotaGate) -> PushBudget {
        PushBudget {
            per_hour: per_hour as usize,
            quota,
        }
    }

    /// Asks for one push now. A grant is durable before it is given; when in doubt the answer is no.
    pub async fn ask(&self, store: &dyn Store, channel: &ChannelId) -> bool {
        if self.per_hour == 0 || !(self.quota)(channel) {
            return false;
        }
        match self.grant(store, channel).await {
            Ok(granted) => granted,
            Err(error) => {
                tracing::warn!(channel = %channel, error = %error, "push budget cannot be asked");
                false
            }
        }
    }

    async fn grant(&self, store: &dyn Store, channel: &ChannelId) -> Result<bool, Error> {
        let entity = EntityKey::new(EntityKind::Counter, &format!("push/{channel}"));
        let mut stored = store.load(&entity).await?;
        loop {
            let now = store.now();
            let value = stored.as_ref().and_then(|stored| stored.value.as_deref());
            let mut grants = value.map(decode).unwrap_or_default();
            grants.retain(|at| now.since(*at) < WINDOW);
            if grants.len() >= self.per_hour {
                meter::push_refused(channel);
                return Ok(false);
            }
            grants.push(now);
            let commit = Commit {
                key: entity.clone(),
                expected: stored.as_ref().map(|stored| stored.revision),
                proposed: revision(),
                write: Write::Put(encode(&grants).into()),
                due: None,
                desk: None,
                feed: Vec::new(),
                erase: Vec::new(),
                class: Class::Completing,
                urgency: Urgency::Now,
            };
            match store.commit(commit).await? {
                Outcome::Committed(_) => return Ok(true),
                Outcome::Conflict(found) => stored = found,
            }
        }
    }
}

/// Format byte, then the grants as little-endian milliseconds.
fn encode(grants: &[Millis]) -> Box<[u8]> {
    let mut value = vec![1u8];
    grants
        .iter()
        .for_each(|at| value.extend_from_slice(&at.0.to_le_bytes()));
    value.into_boxed_slice()
}

fn decode(value: &[u8]) -> Vec<Millis> {
    let rest = value.get(1..).unwrap_or_default();
    rest.chunks_exact(8)
        .map(|bytes| {
            Millis(u64::from_le_bytes(
                bytes.try_into().expect("chunks of eight"),
            ))
        })
        .collect()
}
