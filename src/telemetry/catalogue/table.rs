//! The table itself, put together from its rooms; buckets and words they share.

use super::{Label, Metric, assistant, connectors, conversations, house, line, talk};

/// Seconds, for what should be quick. LINE waits 2 s for a webhook.
pub const FAST: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0,
];
/// Seconds, for answers. A reply token lives 60 s.
pub const REPLY: &[f64] = &[
    0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 50.0, 60.0, 120.0, 300.0,
];
/// Shares of one.
pub const RATIO: &[f64] = &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// Counts.
pub const SIZE: &[f64] = &[
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0,
];

/// The operator's channel ids.
pub(super) const CHANNEL: Label = ("channel", &[]);

macro_rules! metric {
    ($name:literal, $kind:expr, [$($label:expr),*], $help:literal) => {
        $crate::telemetry::catalogue::Metric { name: $name, kind: $kind, help: $help, labels: &[$($label),*] }
    };
}
pub(super) use metric;

const ROOMS: [&[Metric]; 6] = [
    conversations::METRICS,
    talk::METRICS,
    assistant::METRICS,
    connectors::METRICS,
    line::METRICS,
    house::METRICS,
];
const COUNT: usize = ROOMS[0].len()
    + ROOMS[1].len()
    + ROOMS[2].len()
    + ROOMS[3].len()
    + ROOMS[4].len()
    + ROOMS[5].len();

/// The catalogue.
pub const CATALOGUE: &[Metric] = &joined();

const fn joined() -> [Metric; COUNT] {
    let mut all = [ROOMS[0][0]; COUNT];
    let (mut room, mut at, mut count) = (0, 0, 0);
    while room < ROOMS.len() {
        while at < ROOMS[room].len() {
            all[count] = ROOMS[room][at];
            (at, count) = (at + 1, count + 1);
        }
        (room, at) = (room + 1, 0);
    }
    all
}
