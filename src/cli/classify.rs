//! `hotline classify`: what messages mean, one JSON line in, one out, in the same order.
//!
//! A line that is no message is told with its number and passed over; the others are still answered,
//! and the exit code is 1. Needs no secret and no store.

use crate::automation::Engine;
use crate::cli::check::write_all;
use crate::cli::{FAULT, OUTSIDE};
use crate::config::{Fault, load};
use crate::domain::playbook::Playbook;
use crate::domain::time::Millis;
use crate::ports::understand::Understand;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::io::{self, BufRead, Write};
use std::path::Path;

/// A message. What else a line holds is passed over.
#[derive(Deserialize)]
struct Message<'l> {
    #[serde(borrow)]
    id: &'l RawValue,
    text: String,
}

/// What it means.
#[derive(Serialize)]
struct Meaning<'l> {
    id: &'l RawValue,
    intent: &'l str,
    confidence: f64,
    wants_human: bool,
    faq: Option<&'l str>,
}

/// Classifies the lines of `input` by the config in a folder, as if said at this moment. Answers the
/// exit code: 0, or 1 when the config or a line is at fault.
///
/// # Errors
/// When `input` cannot be read or `out` or `errors` cannot be written.
pub fn run(
    config_dir: &Path,
    at: Millis,
    mut input: impl BufRead,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<u8> {
    let engine = load(config_dir, &|_| None).and_then(|loaded| Engine::build(&loaded.automation));
    let engine = match engine {
        Ok((engine, _)) => engine,
        Err(mut faults) => {
            // Nothing here needs a secret: an unset variable is not what is wrong.
            faults.retain(Fault::is_fault);
            write_all(&faults, errors)?;
            return Ok(FAULT);
        }
    };
    let mut code = 0;
    let mut line = Vec::new();
    let mut number = 0usize;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            out.flush()?;
            return Ok(code);
        }
        number += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let message: Message<'_> = match serde_json::from_slice(&line) {
            Ok(message) => message,
            Err(error) => {
                let allowed = r#"{"id": …, "text": "…"}"#;
                writeln!(errors, "line {number}: {error}, allowed: {allowed}")?;
                code = FAULT;
                continue;
            }
        };
        let understood = engine.understand(&message.text, at);
        let rule = understood.rule.and_then(|rule| engine.rule(rule));
        let meaning = Meaning {
            id: message.id,
            intent: engine.intent_id(understood.intent),
            confidence: f64::from(understood.confidence) / 100.0,
            wants_human: understood.wants_human,
            faq: rule.map(|answer| &*answer.rule),
        };
        serde_json::to_writer(&mut *out, &meaning)?;
        out.write_all(b"\n")?;
    }
}

/// The exit code of a run; what could not be read or written is told.
pub(super) fn told(result: io::Result<u8>) -> u8 {
    match result {
        Ok(code) => code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => OUTSIDE,
        Err(error) => {
            eprintln!("hotline classify: {error}");
            OUTSIDE
        }
    }
}
