//! The monthly quota and LINE's daily counts.
//!
//! Counted are recipients, not bubbles. Source: LINE docs, "Messaging API pricing"; reference, "Get
//! number of messages sent this month".

use super::clock::{line_day, line_month};
use super::options::Quota;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Usage of one channel.
#[derive(Debug)]
pub struct Usage {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    limit: Quota,
    month: u32,
    used: u64,
    days: HashMap<(u32, &'static str), u64>,
}

/// The month's limit is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("monthly limit of {limit} messages is reached: {used} used")]
pub struct OverLimit {
    /// The plan's limit.
    pub limit: u64,
    /// Used so far.
    pub used: u64,
}

impl Usage {
    /// Nothing used yet.
    pub fn new(limit: Quota) -> Usage {
        Usage {
            inner: Mutex::new(Inner {
                limit,
                month: 0,
                used: 0,
                days: HashMap::new(),
            }),
        }
    }

    /// Counts `recipients`, all or none.
    ///
    /// # Errors
    /// They would pass the month's limit.
    pub fn spend(&self, recipients: u64, now: u64) -> Result<(), OverLimit> {
        let mut inner = self.turned(now);
        if let Quota::Limited(limit) = inner.limit
            && recipients > 0
            && inner.used + recipients > limit
        {
            return Err(OverLimit {
                limit,
                used: inner.used,
            });
        }
        inner.used += recipients;
        Ok(())
    }

    /// Counts sent messages of a kind (`reply`, `push`, `multicast`, `broadcast`) for its day.
    pub fn count(&self, kind: &'static str, messages: u64, now: u64) {
        *self
            .turned(now)
            .days
            .entry((line_day(now), kind))
            .or_default() += messages;
    }

    /// The count of a kind on a day (`yyyymmdd`).
    pub fn day(&self, kind: &str, day: u32) -> u64 {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner
            .days
            .iter()
            .find(|((on, of), _)| *on == day && *of == kind)
            .map_or(0, |(_, count)| *count)
    }

    /// Limit and usage of the month.
    pub fn month(&self, now: u64) -> (Quota, u64) {
        let inner = self.turned(now);
        (inner.limit, inner.used)
    }

    /// Changes the plan.
    pub fn set_limit(&self, limit: Quota) {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .limit = limit;
    }

    fn turned(&self, now: u64) -> std::sync::MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let month = line_month(now);
        if inner.month != month {
            inner.month = month;
            inner.used = 0;
        }
        inner
    }
}
