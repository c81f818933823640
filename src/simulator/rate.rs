//! Token buckets, one per endpoint. Refuses when empty; never sleeps.

use super::endpoints::Endpoint;
use super::options::Rates;
use std::sync::{Mutex, PoisonError};

/// The buckets of one channel.
#[derive(Debug)]
pub struct Buckets {
    rates: Rates,
    levels: Vec<Mutex<Level>>,
}

#[derive(Debug)]
struct Level {
    tokens: f64,
    at_ms: u64,
}

impl Buckets {
    /// Full buckets.
    pub fn new(rates: Rates, now: u64) -> Buckets {
        let levels = Endpoint::ALL
            .iter()
            .map(|endpoint| {
                Mutex::new(Level {
                    tokens: capacity(rates, *endpoint),
                    at_ms: now,
                })
            })
            .collect();
        Buckets { rates, levels }
    }

    /// Takes one call out of the endpoint's bucket; false when there is none.
    pub fn take(&self, endpoint: Endpoint, now: u64) -> bool {
        let rate = endpoint.rate();
        let mut level = self.levels[endpoint as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_sub(level.at_ms) as f64;
        let refill = passed * f64::from(rate.calls) * self.rates.scale / rate.per_ms as f64;
        level.tokens = (level.tokens + refill).min(capacity(self.rates, endpoint));
        level.at_ms = level.at_ms.max(now);
        let allowed = level.tokens >= 1.0;
        if allowed {
            level.tokens -= 1.0;
        }
        allowed
    }
}

/// Hourly limits hold a whole hour's calls: LINE says "60 requests per hour", not one a minute.
fn capacity(rates: Rates, endpoint: Endpoint) -> f64 {
    let rate = endpoint.rate();
    let window = if rate.per_ms > 1_000 {
        1.0
    } else {
        rates.burst_seconds
    };
    (f64::from(rate.calls) * rates.scale * window).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bucket_refills_with_time() {
        let buckets = Buckets::new(Rates::default(), 0);
        for _ in 0..100 {
            assert!(buckets.take(Endpoint::Loading, 0));
        }
        assert!(!buckets.take(Endpoint::Loading, 0));
        assert!(!buckets.take(Endpoint::Loading, 9));
        assert!(buckets.take(Endpoint::Loading, 10));
        assert!(buckets.take(Endpoint::Reply, 0), "buckets are per endpoint");
    }
}
