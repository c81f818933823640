//! Lines over seconds as SVG: written by hand, no script, labelled at their ends.

use std::fmt::Write as _;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;

/// A line: its label, its CSS class, a value a second; `None` leaves a gap.
pub struct Line<'a> {
    /// Stands at the line's end.
    pub label: &'a str,
    /// Colour, from the style sheet.
    pub class: &'a str,
    /// One a second.
    pub values: Vec<Option<f64>>,
}

/// Draws lines over one axis that begins at 0; `spoken` writes the axis's values.
pub fn draw(title: &str, lines: &[Line<'_>], spoken: impl Fn(f64) -> String) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_chart(&mut out, title, lines, spoken);
    out
}

fn write_chart(
    out: &mut String,
    title: &str,
    lines: &[Line<'_>],
    spoken: impl Fn(f64) -> String,
) -> std::fmt::Result {
    let seconds = lines
        .iter()
        .map(|line| line.values.len())
        .max()
        .unwrap_or(0);
    let values = lines.iter().flat_map(|line| line.values.iter().flatten());
    let top = round_up(values.fold(0.0, |most: f64, value| most.max(*value)));
    let span = (seconds.max(2) - 1) as f64;
    let x = |second: usize| LEFT + (WIDTH - LEFT - RIGHT) * second as f64 / span;
    let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top;
    write!(
        out,
        r#"<figure><figcaption>{title}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">"#
    )?;
    for part in [0.0, 0.5, 1.0] {
        let at = y(top * part);
        write!(
            out,
            r#"<line class="grid" x1="{LEFT}" x2="{:.1}" y1="{at:.1}" y2="{at:.1}"/><text class="axis" x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0,
            spoken(top * part),
        )?;
    }
    for second in [0, seconds.saturating_sub(1) / 2, seconds.saturating_sub(1)] {
        write!(
            out,
            r#"<text class="axis" x="{:.1}" y="{:.1}" text-anchor="middle">{second} s</text>"#,
            x(second),
            HEIGHT - 8.0,
        )?;
    }
    for (line, label_y) in lines.iter().zip(label_places(lines, y)) {
        write!(out, r#"<path class="{}" d=""#, line.class)?;
        let mut pen_up = true;
        for (second, value) in line.values.iter().enumerate() {
            if let Some(value) = value {
                let go = if pen_up { 'M' } else { 'L' };
                write!(out, "{go}{:.1} {:.1}", x(second), y(*value))?;
            }
            pen_up = value.is_none();
        }
        write!(
            out,
            r#""/><text class="label {}" x="{:.1}" y="{label_y:.1}">{}</text>"#,
            line.class,
            WIDTH - RIGHT + 8.0,
            line.label,
        )?;
    }
    out.push_str("</svg></figure>");
    Ok(())
}

/// Where labels stand: at their line's last value, pushed apart so that none covers another.
fn label_places(lines: &[Line<'_>], y: impl Fn(f64) -> f64) -> Vec<f64> {
    let last = |line: &Line<'_>| line.values.iter().rev().flatten().next().copied();
    let mut wanted: Vec<(usize, f64)> = lines
        .iter()
        .enumerate()
        .map(|(place, line)| (place, y(last(line).unwrap_or(0.0)) + 4.0))
        .collect();
    // From the bottom up: the lowest label stays, the next goes at least a line above it.
    wanted.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut places = vec![0.0; lines.len()];
    let mut floor = f64::INFINITY;
    for (place, at) in wanted {
        places[place] = at.min(floor - 15.0);
        floor = places[place];
    }
    places
}

/// The next of 1, 2, 5 × a power of ten; 1 for nothing.
fn round_up(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    let step = steps.into_iter().find(|step| step * power >= most);
    step.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_number() {
        for (most, top) in [
            (0.0, 1.0),
            (0.7, 1.0),
            (3.0, 5.0),
            (1_052.0, 2_000.0),
            (5.0, 5.0),
        ] {
            assert!((round_up(most) - top).abs() < 1e-9, "{most}");
        }
    }

    #[test]
    fn gaps_lift_the_pen_and_labels_keep_apart() {
        let line = |label, values| Line {
            label,
            class: "a",
            values,
        };
        let lines = [
            line("one", vec![Some(1.0), None, Some(1.0), Some(2.0)]),
            line("two", vec![Some(2.0); 4]),
        ];
        let svg = draw("t", &lines, |value| format!("{value}"));
        let first = svg.split(" d=\"").nth(1).expect("a path");
        let path = first.split('"').next().expect("its end");
        assert_eq!(path.matches('M').count(), 2, "{path}");
        let places = label_places(&lines, |value| 100.0 - value);
        assert!((places[0] - places[1]).abs() >= 15.0);
    }
}
