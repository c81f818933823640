//! `hotline explain "text"`: why a text is answered the way it is.
//!
//! Says what this version does and no more: folding, keyword rules, the fallback. Needs no secret
//! and no store, so it tells nothing of a conversation's state: a person may hold it.

use crate::automation::{Engine, Explanation};
use crate::cli::check::write_all;
use crate::config::{Fault, load};
use crate::domain::playbook::{Answer, Playbook};
use std::io::{self, Write};
use std::path::Path;

/// Explains a text by the config in a folder. Answers the exit code: 0, or 1 when the config is at
/// fault.
///
/// # Errors
/// Only when `out` cannot be written.
pub fn run(config_dir: &Path, text: &str, out: &mut dyn Write) -> io::Result<u8> {
    let engine = load(config_dir, &|_| None).and_then(|loaded| Engine::build(&loaded.automation));
    let engine = match engine {
        Ok((engine, _)) => engine,
        Err(mut faults) => {
            // Nothing here needs a secret: an unset variable is not what is wrong.
            faults.retain(Fault::is_fault);
            write_all(&faults, out)?;
            return Ok(1);
        }
    };
    let explanation = engine.explain(text);
    writeln!(out, "text     {text}")?;
    writeln!(out, "folded   {}", explanation.folded)?;
    matches(&explanation, text, out)?;
    match explanation.hits.first() {
        Some(winner) => answer("keyword rule", engine.rule(winner.rule), out)?,
        None => answer("fallback", engine.fallback(), out)?,
    }
    writeln!(
        out,
        "note     this version decides by keywords alone: intents, flows and the assistant come later"
    )?;
    Ok(0)
}

fn matches(explanation: &Explanation, text: &str, out: &mut dyn Write) -> io::Result<()> {
    if explanation.hits.is_empty() {
        writeln!(out, "matched  no keyword rule")?;
    }
    for (i, hit) in explanation.hits.iter().enumerate() {
        let head = if i == 0 { "matched" } else { "also" };
        writeln!(
            out,
            "{head:<8} {} by \"{}\" at bytes {}..{} (term \"{}\", priority {})",
            hit.id,
            text.get(hit.span.clone()).unwrap_or_default(),
            hit.span.start,
            hit.span.end,
            hit.term,
            hit.priority
        )?;
    }
    if explanation.hits.len() > 1 {
        writeln!(
            out,
            "order    highest priority, then longest, then earliest, then first in the files"
        )?;
    }
    Ok(())
}

fn answer(by: &str, answer: Option<&Answer>, out: &mut dyn Write) -> io::Result<()> {
    let Some(answer) = answer else {
        return writeln!(out, "answer   none: the config has no {by}");
    };
    writeln!(out, "answer   by the {by} \"{}\":", answer.rule)?;
    for bubble in answer.bubbles.iter() {
        writeln!(out, "         {}", bubble.json())?;
        if let Some(quick_reply) = bubble.quick_reply() {
            writeln!(out, "         quick replies {quick_reply}")?;
        }
    }
    Ok(())
}
