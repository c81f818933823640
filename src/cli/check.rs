//! `hotline check`: every fault of a config folder, one line each, in one pass.
//!
//! Asks nobody outside and needs no secret: an unset variable is a warning.

use crate::automation::Engine;
use crate::config::{Env, Fault, survey};
use std::io::{self, Write};
use std::path::Path;

/// Checks a config folder and writes the findings to `out`. Answers the exit code: 0 when nothing
/// is at fault (warnings may be), 1 otherwise.
///
/// # Errors
/// Only when `out` cannot be written.
pub fn run(config_dir: &Path, env: Env<'_>, out: &mut dyn Write) -> io::Result<u8> {
    let survey = survey(config_dir, env);
    let mut findings = survey.findings;
    let readable = survey.automation.documents.iter().all(|file| !file.broken);
    let mut summary = String::new();
    if readable {
        match Engine::build(&survey.automation) {
            Ok((engine, warnings)) => {
                findings.extend(warnings);
                summary = describe(&engine);
            }
            Err(faults) => findings.extend(faults),
        }
    }
    findings.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    findings.dedup();
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    let faults = findings.iter().filter(|finding| finding.is_fault()).count();
    let warnings = findings.len() - faults;
    let dir = config_dir.display();
    let counted = format!("{}, {}", count(faults, "fault"), count(warnings, "warning"));
    if faults == 0 {
        writeln!(out, "{dir}: good: {summary}; {counted}")?;
        return Ok(0);
    }
    writeln!(out, "{dir}: {counted}")?;
    Ok(1)
}

/// Writes faults the way `check` does, for commands that meet them on the way.
///
/// # Errors
/// Only when `out` cannot be written.
pub fn write_all(faults: &[Fault], out: &mut dyn Write) -> io::Result<()> {
    faults.iter().try_for_each(|fault| writeln!(out, "{fault}"))
}

fn describe(engine: &Engine) -> String {
    let menu = match engine.rich_menu() {
        Some(menu) => format!("rich menu \"{}\"", menu.name),
        None => "no rich menu".to_owned(),
    };
    let articles = count(engine.knowledge().articles().len(), "article");
    format!(
        "{}, {articles}, {menu}",
        count(engine.rules(), "keyword rule")
    )
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
