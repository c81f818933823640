//! Durations and shares as people write them in scenarios: `20ms`, `1.5s`, `2m`, `1%`.
//!
//! Refuses a number without its unit: 200 what?

use std::time::Duration;

/// Reads a duration: a number and `us`, `ms`, `s` or `m`; at most a day.
pub fn duration(text: &str) -> Result<Duration, String> {
    let refuse = || format!("{text:?} is not a duration like 300us, 20ms, 1.5s or 2m");
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(refuse)?;
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| refuse())?;
    let seconds = match unit.trim() {
        "us" => number / 1e6,
        "ms" => number / 1e3,
        "s" => number,
        "m" => number * 60.0,
        _ => return Err(refuse()),
    };
    if seconds > 86_400.0 {
        return Err(format!("{text:?} is longer than a day"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Reads a share: a percentage, or a number from 0 to 1.
pub fn share(text: &str) -> Result<f64, String> {
    let refuse = || format!("{text:?} is not a share like 1% or 0.01");
    let text = text.trim();
    let value = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|value| value / 100.0),
        None => text.parse::<f64>(),
    }
    .map_err(|_| refuse())?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(refuse())
    }
}

/// Microseconds for people: three digits that matter and a unit.
pub fn spoken(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..10_000 => format!("{:.2} ms", us as f64 / 1e3),
        10_000..100_000 => format!("{:.1} ms", us as f64 / 1e3),
        100_000..1_000_000 => format!("{:.0} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

/// A count with separators: 12,345.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("300us"), Ok(Duration::from_micros(300)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "20", "s", "-1s", "1h", "1.2.3s", "999999m"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shares_lie_between_nothing_and_all() {
        assert_eq!(share("1%"), Ok(0.01));
        assert_eq!(share("0.5"), Ok(0.5));
        for bad in ["101%", "-1%", "2", "much", "NaN"] {
            assert!(share(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(spoken(999), "999 µs");
        assert_eq!(spoken(1_234), "1.23 ms");
        assert_eq!(spoken(2_500_000), "2.50 s");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
