//! Time as the core sees it: a number handed in, never a clock that is asked.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// A point in store time: milliseconds since the Unix epoch as the store counts them.
///
/// Store time never runs backwards within one process and is advanced by the monotonic clock, so
/// a jump of the wall clock neither kills reply tokens nor revives them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub u64);

/// A stretch of time in milliseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub u64);

impl Span {
    /// A span of whole seconds.
    pub const fn secs(n: u64) -> Span {
        Span(n * 1_000)
    }

    /// A span of whole minutes.
    pub const fn mins(n: u64) -> Span {
        Span(n * 60_000)
    }

    /// A span of whole hours.
    pub const fn hours(n: u64) -> Span {
        Span(n * 3_600_000)
    }

    /// The same stretch as the standard library says it.
    pub const fn std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }
}

impl Millis {
    /// How long ago `earlier` was; zero when it lies in the future.
    pub fn since(self, earlier: Millis) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Millis {
    /// The day in UTC as `YYYY-MM-DD` (proleptic Gregorian; Hinnant's days-to-civil).
    pub fn utc_date(self) -> String {
        let days = (self.0 / 86_400_000) as i64 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        format!("{year:04}-{month:02}-{day:02}")
    }
}

impl Add<Span> for Millis {
    type Output = Millis;
    fn add(self, span: Span) -> Millis {
        Millis(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Millis {
    type Output = Millis;
    fn sub(self, span: Span) -> Millis {
        Millis(self.0.saturating_sub(span.0))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_the_names_of_the_calendar() {
        assert_eq!(Millis(0).utc_date(), "1970-01-01");
        assert_eq!(Millis(1_709_164_800_000).utc_date(), "2024-02-29");
        assert_eq!(Millis(1_795_132_800_000).utc_date(), "2026-11-20");
        assert_eq!(Millis(4_102_444_799_999).utc_date(), "2099-12-31");
    }

    #[test]
    fn time_never_underflows() {
        assert_eq!(Millis(5).since(Millis(9)), Span(0));
        assert_eq!(Millis(5) - Span(9), Millis(0));
        assert_eq!(Millis(u64::MAX) + Span(1), Millis(u64::MAX));
    }
}
