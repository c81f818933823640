//! Logs: JSON lines on stdout, or readable lines when a person watches.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// JSON unless stdout is a terminal.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Starts logging. `level` is a filter as `tracing` writes it: `info`, `hotline=debug,warn`.
/// Logs go to stderr when `to_stderr` (the demo's stdout is for its addresses). A second call
/// changes nothing.
pub fn start(level: &str, format: Format, to_stderr: bool) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let terminal = if to_stderr {
        std::io::stderr().is_terminal()
    } else {
        std::io::stdout().is_terminal()
    };
    let json = match format {
        Format::Auto => !terminal,
        Format::Json => true,
        Format::Text => false,
    };
    let writer = move || -> Box<dyn std::io::Write> {
        if to_stderr {
            Box::new(std::io::stderr())
        } else {
            Box::new(std::io::stdout())
        }
    };
    let lines = fmt().with_env_filter(filter).with_writer(writer);
    // Failing means that logging was started before, which is what was asked for.
    let _ = if json {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .try_init()
    } else {
        lines.with_ansi(terminal).try_init()
    };
}
