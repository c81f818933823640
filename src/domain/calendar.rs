//! Opening hours: when people answer.

use crate::domain::time::Millis;

/// Minutes of a day from one moment up to, not including, another: 09:00–18:00 is 540 and 1080.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The first minute.
    pub from: u16,
    /// The minute after the last; 1440 is the end of the day.
    pub until: u16,
}

impl Opening {
    /// All day.
    pub const DAY: Opening = Opening {
        from: 0,
        until: 1_440,
    };
}

/// Opening hours of a week with exceptions by date, in one fixed offset from UTC. Taiwan has kept
/// +08:00 without summer time since 1980.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Minutes east of UTC.
    pub offset: i32,
    /// Monday first; openings of a day in order.
    pub weekly: [Vec<Opening>; 7],
    /// Days that differ from their weekday, by days since 1970-01-01, ascending: holidays (no
    /// opening) and make-up working days.
    pub days: Vec<(i64, Vec<Opening>)>,
}

impl Calendar {
    /// Open at every moment.
    pub fn always() -> Calendar {
        Calendar {
            offset: 0,
            weekly: std::array::from_fn(|_| vec![Opening::DAY]),
            days: Vec::new(),
        }
    }

    /// Whether somebody is there at this moment of wall time.
    pub fn is_open(&self, at: Millis) -> bool {
        let minutes = (at.0 / 60_000) as i64 + i64::from(self.offset);
        let day = minutes.div_euclid(1_440);
        let minute = minutes.rem_euclid(1_440) as u16;
        let openings = match self.days.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(found) => &self.days[found].1,
            // 1970-01-01 was a Thursday.
            Err(_) => &self.weekly[(day + 3).rem_euclid(7) as usize],
        };
        openings
            .iter()
            .any(|opening| (opening.from..opening.until).contains(&minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mon–Fri 09:00–18:00 in Taipei.
    fn office() -> Calendar {
        let mut office = Calendar::always();
        office.offset = 480;
        let office_hours = Opening {
            from: 540,
            until: 1_080,
        };
        for (day, hours) in office.weekly.iter_mut().enumerate() {
            *hours = if day < 5 { vec![office_hours] } else { vec![] };
        }
        office
    }

    #[test]
    fn hours_are_those_of_the_place() {
        // 2026-05-06, a Wednesday, 06:20 UTC: 14:20 in Taipei; and nine hours later.
        let afternoon = Millis(1_778_048_400_000);
        assert!(office().is_open(afternoon));
        assert!(!office().is_open(Millis(afternoon.0 + 9 * 3_600_000)));
        // The Saturday after it.
        assert!(!office().is_open(Millis(afternoon.0 + 3 * 86_400_000)));
    }

    #[test]
    fn an_exception_beats_its_weekday() {
        let afternoon = Millis(1_778_048_400_000);
        let mut holiday = office();
        holiday.days = vec![(20_579, vec![])];
        assert!(!holiday.is_open(afternoon));
        holiday.days[0].0 += 1;
        assert!(holiday.is_open(afternoon));
    }
}
