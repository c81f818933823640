//! The month's messages of a channel: what LINE says is left, and the share kept for agents.
//!
//! LINE's figures are approximate and lag behind; pushes LINE accepted since the last look are
//! counted here. Unknown is not plenty: before the first look nothing is pushed automatically.
//! Source: Messaging API reference, "Get the target limit for sending messages this month".

use crate::domain::time::{Millis, Span};
use crate::line::api::{CallError, Client};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// After LINE said that the month is used up, automatic pushes rest at least this long: a running
/// broadcast may have reserved the quota and give some back (LINE FAQ).
const REST: Span = Span::mins(30);

/// What is left this month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remaining {
    /// LINE has not told yet.
    Unknown,
    /// The plan has no limit.
    Unlimited,
    /// So many messages of so many.
    Messages {
        /// Left, at most.
        left: u64,
        /// The month's limit.
        of: u64,
    },
}

/// The quota of one channel.
pub struct Quota {
    state: Mutex<State>,
}

struct State {
    remaining: Remaining,
    exhausted: Option<Millis>,
    is_stale: bool,
}

impl Quota {
    /// Nothing known.
    pub fn new() -> Quota {
        Quota {
            state: Mutex::new(State {
                remaining: Remaining::Unknown,
                exhausted: None,
                is_stale: true,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks LINE. Two calls; what was known stays when one fails.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn refresh(&self, client: &Client) -> Result<Remaining, CallError> {
        let quota = client.quota().await?;
        let remaining = match quota.value {
            Some(of) if quota.kind != "none" => {
                let used = client.consumption().await?.total_usage;
                let left = of.saturating_sub(used);
                Remaining::Messages { left, of }
            }
            _ if quota.kind == "none" => Remaining::Unlimited,
            _ => return Err(CallError::Unreadable),
        };
        let mut state = self.state();
        state.remaining = remaining;
        state.is_stale = false;
        Ok(remaining)
    }

    /// What is left.
    pub fn remaining(&self) -> Remaining {
        self.state().remaining
    }

    /// LINE accepted a push to one customer.
    pub fn spent(&self) {
        if let Remaining::Messages { left, .. } = &mut self.state().remaining {
            *left = left.saturating_sub(1);
        }
    }

    /// LINE said that the month is used up.
    pub fn exhausted(&self, now: Millis) {
        let mut state = self.state();
        state.exhausted = Some(now);
        state.is_stale = true;
    }

    /// Whether to ask before the next regular time; told once.
    pub fn take_stale(&self) -> bool {
        std::mem::replace(&mut self.state().is_stale, false)
    }

    /// The look failed: look again soon.
    pub fn still_stale(&self) {
        self.state().is_stale = true;
    }

    /// Whether an automatic push may spend one: the share reserved for agents, in percent of the
    /// month's limit, is not touched.
    pub fn may_push_automatically(&self, now: Millis, reserve_percent: u8) -> bool {
        let state = self.state();
        if state.exhausted.is_some_and(|at| now.since(at) < REST) {
            return false;
        }
        match state.remaining {
            Remaining::Unknown => false,
            Remaining::Unlimited => true,
            Remaining::Messages { left, of } => {
                let reserve = u128::from(of) * u128::from(reserve_percent.min(100)) / 100;
                u128::from(left) > reserve
            }
        }
    }
}

impl Default for Quota {
    fn default() -> Quota {
        Quota::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(remaining: Remaining) -> Quota {
        let quota = Quota::new();
        quota.state().remaining = remaining;
        quota
    }

    #[test]
    fn the_agents_share_is_not_touched() {
        let quota = with(Remaining::Messages { left: 42, of: 200 });
        let may = |quota: &Quota| quota.may_push_automatically(Millis(0), 20);
        assert!(may(&quota));
        quota.spent();
        assert!(may(&quota));
        quota.spent();
        assert!(!may(&quota));
    }

    #[test]
    fn unknown_is_not_plenty_and_unlimited_is() {
        assert!(!Quota::new().may_push_automatically(Millis(0), 0));
        assert!(with(Remaining::Unlimited).may_push_automatically(Millis(0), 99));
        let all = with(Remaining::Messages { left: 200, of: 200 });
        assert!(!all.may_push_automatically(Millis(0), 100));
    }

    #[test]
    fn after_the_monthly_limit_pushes_rest_and_line_is_asked() {
        let quota = with(Remaining::Unlimited);
        assert!(quota.take_stale());
        assert!(!quota.take_stale());
        quota.exhausted(Millis(1_000));
        assert!(quota.take_stale());
        assert!(!quota.may_push_automatically(Millis(1_000), 0));
        assert!(quota.may_push_automatically(Millis(1_000) + REST, 0));
    }
}
