//! Store time: the server's time, advanced by this machine's monotonic clock between two looks at
//! it and moved towards it by small steps. A server clock that jumps is followed slowly; store time
//! never runs backwards within one process.

use crate::domain::time::Millis;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

/// Most that one look at the server moves store time, in ms. Looks are a second apart.
const STEP: i64 = 100;

/// The clock of one open store.
pub struct Clock {
    start: Instant,
    /// Server time minus time since `start`, ms.
    offset: AtomicI64,
    told: AtomicU64,
}

impl Clock {
    /// Starts at the server's time.
    pub fn start(server: Millis) -> Clock {
        Clock {
            start: Instant::now(),
            offset: AtomicI64::new(server.0 as i64),
            told: AtomicU64::new(server.0),
        }
    }

    /// Store time now.
    pub fn now(&self) -> Millis {
        let raw = self.elapsed() + self.offset.load(Ordering::Relaxed);
        let raw = raw.max(0) as u64;
        Millis(self.told.fetch_max(raw, Ordering::Relaxed).max(raw))
    }

    /// Learns the server's time as of now. One caller at a time.
    pub fn learn(&self, server: Millis) {
        let offset = self.offset.load(Ordering::Relaxed);
        let wanted = server.0 as i64 - self.elapsed();
        let step = (wanted - offset).clamp(-STEP, STEP);
        self.offset.store(offset + step, Ordering::Relaxed);
    }

    fn elapsed(&self) -> i64 {
        self.start.elapsed().as_millis() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_clock_set_back_never_takes_time_back() {
        let clock = Clock::start(Millis(1_000_000));
        let before = clock.now();
        clock.learn(Millis(10));
        assert!(clock.now() >= before);
    }

    #[test]
    fn a_server_clock_ahead_is_followed_step_by_step() {
        let clock = Clock::start(Millis(1_000_000));
        clock.learn(Millis(9_000_000));
        let now = clock.now();
        assert!(now >= Millis(1_000_100) && now < Millis(1_060_000), "{now}");
    }
}
