//! How quickly commits come in: whether to wait for company, whether to sleep deeply.

use std::time::{Duration, Instant};

/// How quickly commits come in.
#[derive(Default)]
pub struct Pace {
    since: Option<Instant>,
    last: Option<Instant>,
    commits: usize,
    /// Commits per second, lately.
    pub rate: f64,
}

impl Pace {
    /// Notes a batch.
    pub fn note(&mut self, now: Instant, commits: usize) {
        self.last = Some(now);
        self.commits += commits;
        let since = *self.since.get_or_insert(now);
        let window = now.duration_since(since).as_secs_f64();
        if window >= 0.01 {
            self.rate = self.commits as f64 / window;
            self.commits = 0;
            self.since = Some(now);
        }
    }

    /// Whether nothing came for a second.
    pub fn is_idle(&self) -> bool {
        self.last
            .is_none_or(|last| last.elapsed() > Duration::from_secs(1))
    }
}
