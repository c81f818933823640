//! The simulator's clock: wall time, or a hand-moved time for the tests of LINE's rules.
//!
//! Refuses to run backwards by hand: [`Clock::advance`] only adds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// LINE counts months and days in Japan time (UTC+9), whatever the account's country.
///
/// Source: LINE reference, "Get number of sent messages": "timezone: UTC+9".
const LINE_OFFSET_MS: u64 = 9 * 3_600_000;

/// Where the platform gets its time from, in milliseconds since the Unix epoch.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's wall clock.
    #[default]
    Wall,
    /// A number moved by the test.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// A hand-moved clock that stands at `at` milliseconds.
    pub fn manual(at: u64) -> Clock {
        Clock::Manual(Arc::new(AtomicU64::new(at)))
    }

    /// The time now, in milliseconds since the Unix epoch.
    pub fn now(&self) -> u64 {
        match self {
            Clock::Wall => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |span| {
                    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
                }),
            Clock::Manual(at) => at.load(Ordering::SeqCst),
        }
    }

    /// Moves a hand-moved clock forward; does nothing to the wall clock.
    pub fn advance(&self, ms: u64) {
        if let Clock::Manual(at) = self {
            at.fetch_add(ms, Ordering::SeqCst);
        }
    }
}

/// The day of a point in time as LINE counts days: `yyyymmdd`, UTC+9.
pub fn line_day(at_ms: u64) -> u32 {
    let (year, month, day) = civil((at_ms + LINE_OFFSET_MS) / 86_400_000);
    year * 10_000 + month * 100 + day
}

/// The month of a point in time as LINE counts months: `yyyymm`, UTC+9.
pub fn line_month(at_ms: u64) -> u32 {
    line_day(at_ms) / 100
}

/// ISO 8601 in UTC with milliseconds, as LINE writes times in its answers.
pub fn iso(at_ms: u64) -> String {
    let (year, month, day) = civil(at_ms / 86_400_000);
    let in_day = at_ms % 86_400_000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        in_day / 3_600_000,
        in_day / 60_000 % 60,
        in_day / 1_000 % 60,
        in_day % 1_000
    )
}

/// Days since 1970-01-01 to (year, month, day), proleptic Gregorian.
fn civil(days: u64) -> (u32, u32, u32) {
    let mut left = u32::try_from(days).unwrap_or(u32::MAX / 2);
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if left < length || year > 9_998 {
            break;
        }
        left -= length;
        year += 1;
    }
    let mut month = 1;
    for length in [
        31,
        28 + u32::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month.min(12), left.min(30) + 1)
}

fn leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_days_turn_at_japanese_midnight() {
        // 2024-02-29T14:59:59.999Z is still the 29th in Japan, one millisecond later it is March.
        let last = 1_709_218_799_999;
        assert_eq!(iso(last), "2024-02-29T14:59:59.999Z");
        assert_eq!(line_day(last), 20240229);
        assert_eq!(line_day(last + 1), 20240301);
        assert_eq!(line_month(last + 1), 202403);
    }
}
