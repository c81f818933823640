//! Store time: wall time at open, or what was last written if that is later, advanced by the
//! monotonic clock. A wall clock that jumps while the process runs is not looked at; one set back
//! between two runs is not followed; one far ahead is followed, because nothing better is known.

use crate::domain::time::Millis;
use std::time::Instant;

/// The clock of one open store.
pub struct StoreClock {
    start: Instant,
    base: Millis,
}

impl StoreClock {
    /// Starts at the later of `wall` and `high_water`, the greatest store time found in the files.
    pub fn start(wall: Millis, high_water: Millis) -> StoreClock {
        StoreClock {
            start: Instant::now(),
            base: wall.max(high_water),
        }
    }

    /// Store time now.
    pub fn now(&self) -> Millis {
        Millis(self.base.0 + self.start.elapsed().as_millis() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_set_back_is_not_followed() {
        assert!(StoreClock::start(Millis(5), Millis(9_000)).now() >= Millis(9_000));
    }

    #[test]
    fn a_wall_clock_ahead_is_followed() {
        assert!(StoreClock::start(Millis(9_000), Millis(5)).now() >= Millis(9_000));
    }
}
