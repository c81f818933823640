//! The report of a run: text for the terminal, JSON for machines, HTML for people.
//!
//! Law of this room: it prints what was measured and judged, and decides nothing.

mod chart;
mod html;
mod json;
mod text;

use crate::figures::Figures;
use crate::scenario::Scenario;
use crate::verdict::{Counts, End, Health, Judged};
use hotline::simulator::ledger;
use std::io::{self, Write as _};
use std::path::Path;

/// Everything about a run.
pub struct Report {
    /// How it ended.
    pub end: End,
    /// Seed of its chances.
    pub seed: u64,
    /// Messages planned.
    pub messages: u64,
    /// The webhook.
    pub target: String,
    /// As run: scaled.
    pub scenario: Scenario,
    /// The ledger's verdict.
    pub ledger: ledger::Verdict,
    /// Counted from the journal.
    pub counts: Counts,
    /// Measured.
    pub figures: Figures,
    /// The generator's own use.
    pub health: Health,
    /// The server's use, when it was started here.
    pub server: Option<ServerUse>,
    /// The thresholds.
    pub judged: Vec<Judged>,
    /// Why the run is invalid.
    pub doubts: Vec<String>,
}

/// What the server used.
#[derive(Clone, Copy, Debug)]
pub struct ServerUse {
    /// CPU seconds from the first message to the last answer.
    pub cpu_seconds: f64,
    /// Most resident bytes seen.
    pub memory: u64,
}

/// Prints the report to standard output and, if a folder is given, writes its files.
///
/// # Errors
/// A file or standard output cannot be written.
pub fn write(report: &Report, folder: Option<&Path>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text::text(report).as_bytes())?;
    if let Some(folder) = folder {
        let json = serde_json::to_string_pretty(&json::json(report))?;
        std::fs::write(folder.join("report.json"), json + "\n")?;
        std::fs::write(folder.join("report.html"), html::html(report))?;
        writeln!(out, "report   {}", folder.join("report.html").display())?;
    }
    Ok(())
}

/// The machine, in words: cores, processor, kernel.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches([' ', '\t', ':'])
        });
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores, {model}, Linux {}", kernel.trim())
}
