//! The line of progress on standard error: in place on a terminal, else a line every five seconds.

use crate::live::{Live, read};
use crate::units::grouped;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Tells how a run is going.
pub struct Progress {
    terminal: bool,
    every: Duration,
    next: Instant,
    last: (Instant, u64),
    total: usize,
}

impl Progress {
    /// Of a run of so many messages.
    pub fn new(total: usize) -> Progress {
        let terminal = std::io::stderr().is_terminal();
        let every = Duration::from_secs(if terminal { 1 } else { 5 });
        let now = Instant::now();
        Progress {
            terminal,
            every,
            next: now + every,
            last: (now, 0),
            total,
        }
    }

    /// Says something when it is time to.
    pub fn tell(&mut self, live: &Live, answered: u64, elapsed: Duration, word: &str) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + self.every;
        let sent = read(&live.sent);
        let rate = (sent - self.last.1) as f64 / (now - self.last.0).as_secs_f64();
        self.last = (now, sent);
        let accepted = read(&live.accepted);
        let line = format!(
            "{:>4.0} s {word}: {} of {} sent ({rate:.0}/s), {} accepted, {} answered, {} owed, \
             {} × 503, {} failed, {} connections",
            elapsed.as_secs_f64(),
            grouped(sent),
            grouped(self.total as u64),
            grouped(accepted),
            grouped(answered),
            grouped(accepted.saturating_sub(answered)),
            grouped(read(&live.refused)),
            grouped(read(&live.failed)),
            read(&live.connections),
        );
        self.print(&line);
    }

    fn print(&self, line: &str) {
        let mut out = std::io::stderr().lock();
        // Nobody is harmed when standard error is closed.
        let _ = if self.terminal {
            write!(out, "\r\x1b[2K{line}").and_then(|()| out.flush())
        } else {
            writeln!(out, "{line}")
        };
    }

    /// Leaves the terminal's line.
    pub fn end(&self) {
        if self.terminal {
            eprintln!();
        }
    }
}
