//! When a rule answers: in or out of opening hours, from one date to another.

use crate::automation::hours;
use crate::config::document::Value;
use crate::config::section::Section;
use crate::domain::calendar::Calendar;
use crate::domain::time::Millis;

/// When a rule answers. Without conditions: always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Only while people answer, or only while nobody does.
    pub open: Option<bool>,
    /// First day, by days since 1970-01-01 in the calendar's place.
    pub from: Option<i64>,
    /// Last day.
    pub until: Option<i64>,
}

impl Schedule {
    /// Reads `when`, `from` and `until`.
    pub(crate) fn read(section: &Section<'_>) -> Schedule {
        let open = [("open", Some(true)), ("closed", Some(false))];
        let schedule = Schedule {
            open: section.choice("when", &open, None),
            from: date(section, "from"),
            until: date(section, "until"),
        };
        if let (Some(from), Some(until)) = (schedule.from, schedule.until)
            && until < from
        {
            section.fault("until", "a day before \"from\"", "that day or a later one");
        }
        schedule
    }

    /// Whether it holds at this moment.
    pub fn holds(&self, calendar: &Calendar, at: Millis) -> bool {
        if *self == Schedule::default() {
            return true;
        }
        let minutes = (at.0 / 60_000) as i64 + i64::from(calendar.offset);
        let day = minutes.div_euclid(1_440);
        self.open.is_none_or(|open| calendar.is_open(at) == open)
            && self.from.is_none_or(|from| from <= day)
            && self.until.is_none_or(|until| day <= until)
    }

    /// Whether there may be a moment at which both hold.
    pub fn meets(&self, other: &Schedule) -> bool {
        let hours = match (self.open, other.open) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        let before = |one: Option<i64>, other: Option<i64>| match (one, other) {
            (Some(until), Some(from)) => until < from,
            _ => false,
        };
        hours && !before(self.until, other.from) && !before(other.until, self.from)
    }
}

/// A date, as a TOML date or a string.
fn date(section: &Section<'_>, key: &'static str) -> Option<i64> {
    let entry = section.entry(key)?;
    let day = match &entry.node.value {
        Value::Text(text) => hours::date(&text.text),
        Value::Datetime(text) => hours::date(text),
        _ => None,
    };
    if day.is_none() {
        section.fault(key, &entry.node.shown(), "a date like \"2026-11-30\"");
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_counts_to_its_end_in_the_shop_s_own_time() {
        let mut calendar = Calendar::always();
        calendar.offset = 480;
        let schedule = Schedule {
            until: Some(20_579),
            ..Schedule::default()
        };
        let midnight = 20_580 * 86_400_000 - 480 * 60_000;
        assert!(schedule.holds(&calendar, Millis(midnight - 1)));
        assert!(!schedule.holds(&calendar, Millis(midnight)));
    }

    #[test]
    fn open_and_closed_never_meet() {
        let when = |open, from, until| Schedule { open, from, until };
        assert!(!when(Some(true), None, None).meets(&when(Some(false), None, None)));
        assert!(!when(None, None, Some(5)).meets(&when(None, Some(6), None)));
        assert!(when(None, None, Some(6)).meets(&when(None, Some(6), None)));
        assert!(when(Some(true), None, None).meets(&when(None, None, None)));
    }
}
