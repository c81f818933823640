//! Opening hours as written: `[hours]`.
//!
//! Without the table people answer at every moment. Times are of one fixed offset from UTC; a day may
//! have several openings, a date may differ from its weekday.

use crate::config::document::{Node, Value};
use crate::config::section::Section;
use crate::domain::calendar::{Calendar, Opening};
use std::ops::RangeInclusive;

const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

const OPENINGS: &str = "a list of openings like [\"09:00-12:00\", \"13:00-18:00\"], in order, \
                        or [] for closed";
const DATE: &str = "a date like \"2027-01-01\"";

/// Years a date of the calendar may lie in: nobody plans further.
const YEARS: RangeInclusive<i64> = 2_000..=2_100;

/// Reads `[hours]`. A day that is left out is closed.
pub fn read(section: Section<'_>) -> Calendar {
    let offset = section.parsed("utc_offset", "an offset like \"+08:00\"", offset);
    let mut calendar = Calendar {
        offset: offset.unwrap_or(480),
        weekly: Default::default(),
        days: Vec::new(),
    };
    for (day, openings) in DAYS.into_iter().zip(&mut calendar.weekly) {
        if let Some(entry) = section.entry(day) {
            *openings = list(&section, day, &entry.node);
        }
    }
    if !DAYS.iter().any(|day| section.has(day)) {
        section.fault(
            "monday",
            "no day",
            "openings of at least one of monday to sunday",
        );
    }
    holidays(&section, &mut calendar);
    special(&section, &mut calendar);
    calendar.days.sort_by_key(|(day, _)| *day);
    section.finish();
    calendar
}

fn holidays(section: &Section<'_>, calendar: &mut Calendar) {
    let Some(entry) = section.entry("holidays") else {
        return;
    };
    let Value::List(items) = &entry.node.value else {
        section.fault("holidays", &entry.node.shown(), "a list of dates");
        return;
    };
    for (i, item) in items.iter().enumerate() {
        let text = match &item.value {
            Value::Text(text) => Some(text.text.as_str()),
            Value::Datetime(text) => Some(text.as_str()),
            _ => None,
        };
        match text.and_then(date) {
            Some(day) => add(
                section,
                &format!("holidays[{i}]"),
                item,
                calendar,
                day,
                Vec::new(),
            ),
            None => note(
                section,
                &format!("holidays[{i}]"),
                item,
                &item.shown(),
                DATE,
            ),
        }
    }
}

fn special(section: &Section<'_>, calendar: &mut Calendar) {
    let Some(entry) = section.entry("special") else {
        return;
    };
    let Value::Table(table) = &entry.node.value else {
        section.fault(
            "special",
            &entry.node.shown(),
            "a table of dates and their openings",
        );
        return;
    };
    for entry in &table.entries {
        let key = format!("special.{}", entry.key);
        let openings = list(section, &key, &entry.node);
        match date(&entry.key) {
            Some(day) => add(section, &key, &entry.node, calendar, day, openings),
            None => note(
                section,
                &key,
                &entry.node,
                &format!("{:?}", entry.key),
                DATE,
            ),
        }
    }
}

fn add(
    section: &Section<'_>,
    key: &str,
    node: &Node,
    calendar: &mut Calendar,
    day: i64,
    openings: Vec<Opening>,
) {
    if calendar.days.iter().any(|(known, _)| *known == day) {
        note(section, key, node, "a date a second time", "each date once");
        return;
    }
    calendar.days.push((day, openings));
}

fn list(section: &Section<'_>, key: &str, node: &Node) -> Vec<Opening> {
    let Value::List(items) = &node.value else {
        note(section, key, node, &node.shown(), OPENINGS);
        return Vec::new();
    };
    let mut openings: Vec<Opening> = Vec::with_capacity(items.len());
    for item in items {
        let opening = match &item.value {
            Value::Text(text) => opening(&text.text),
            _ => None,
        };
        let after = openings.last().map_or(0, |last| last.until);
        match opening {
            Some(opening) if opening.from >= after => openings.push(opening),
            _ => note(section, key, item, &item.shown(), OPENINGS),
        }
    }
    openings
}

fn note(section: &Section<'_>, key: &str, node: &Node, found: &str, allowed: &str) {
    let path = section.path(key);
    let findings = section.findings();
    findings.fault(section.file(), node.at, &path, found, allowed);
}

/// `09:00-18:00`; `24:00` is the end of the day.
fn opening(text: &str) -> Option<Opening> {
    let (from, until) = text.split_once(['-', '–'])?;
    let (from, until) = (minute(from.trim())?, minute(until.trim())?);
    (from < until).then_some(Opening { from, until })
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (number(hour)?, number(minute)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= 1_440).then_some(total as u16)
}

/// `+08:00` as minutes east of UTC.
fn offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let minutes = i32::from(minute(rest)?);
    (minutes <= 14 * 60).then_some(sign * minutes)
}

/// One or two digits.
fn number(text: &str) -> Option<u32> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

/// `2027-01-01` as days since 1970-01-01 (Hinnant's days-from-civil).
pub fn date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let year: i64 = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month = i64::from(number(parts.next()?)?);
    let day = i64::from(number(parts.next()?)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !YEARS.contains(&year) || !(1..=last).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::document::Document;
    use crate::config::fault::Findings;
    use crate::domain::time::Millis;

    fn calendar(text: &str) -> (Calendar, Vec<String>) {
        let findings = Findings::default();
        let document = Document::parse("hours.toml", text, &|_| None, &findings);
        let root = Section::root(&document, &findings);
        let calendar = read(root.section("hours"));
        let (Ok(all) | Err(all)) = findings.verdict();
        (calendar, all.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        assert_eq!(date("1970-01-01"), None);
        assert_eq!(date("2026-05-06"), Some(20_579));
        assert_eq!(date("2028-02-29"), Some(21_243));
        for bad in [
            "2027-02-29",
            "2027-13-01",
            "2027-1",
            "27-01-01",
            "2027-01-01-01",
            "",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn hours_holidays_and_special_days_are_kept() {
        let (calendar, faults) = calendar(
            "[hours]\nutc_offset = \"+08:00\"\nwednesday = [\"09:00-12:00\", \"13:00-24:00\"]\n\
             holidays = [\"2026-05-13\", 2026-05-20]\nspecial = { \"2026-05-07\" = [\"10:00-11:00\"] }\n",
        );
        assert!(faults.is_empty(), "{faults:?}");
        // 2026-05-06, a Wednesday, 14:20 in Taipei.
        let afternoon = Millis(1_778_048_400_000);
        let day = |days: u64| Millis(afternoon.0 + days * 86_400_000);
        assert!(calendar.is_open(afternoon));
        assert!(
            !calendar.is_open(Millis(afternoon.0 - 2 * 3_600_000)),
            "12:20"
        );
        assert!(
            !calendar.is_open(day(7)) && !calendar.is_open(day(14)),
            "holidays"
        );
        assert!(calendar.is_open(day(21)));
        assert!(
            !calendar.is_open(day(1)),
            "a special Thursday, after its hour"
        );
        assert!(calendar.is_open(Millis(day(1).0 - 4 * 3_600_000)), "10:20");
    }

    #[test]
    fn what_is_no_opening_is_named() {
        let bad = "[hours]\nmonday = [\"18:00-09:00\"]\ntuesday = [\"9-18\"]\nfunday = []\n\
                   sunday = [\"09:00-12:00\", \"11:00-13:00\"]\nholidays = [\"2027-02-30\"]\nutc_offset = \"8\"\n";
        let (_, faults) = calendar(bad);
        for line in [2, 3, 4, 5, 6, 7] {
            let place = format!("hours.toml:{line}: ");
            assert!(
                faults.iter().any(|fault| fault.starts_with(&place)),
                "{place}{faults:?}"
            );
        }
    }
}
