//! `hotline explain "text"`: why a text is answered the way it is.
//!
//! Folding, words found and how, intent scores, cues, and what would be done about it in a fresh
//! conversation. Needs no secret and no store, so it tells nothing of a conversation's state: a person
//! may hold it, or a flow may be waiting for just this text.

use crate::automation::understanding::lexicon::How;
use crate::automation::{Engine, Explanation, Found};
use crate::cli::check::write_all;
use crate::config::{Fault, load};
use crate::domain::conversation::{Handler, Rehearsal, rehearse};
use crate::domain::playbook::{Cues, Understanding};
use crate::domain::time::Millis;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// Explains a text by the config in a folder, as if it were said at this moment. Answers the exit
/// code: 0, or 1 when the config is at fault.
///
/// # Errors
/// Only when `out` cannot be written.
pub fn run(config_dir: &Path, text: &str, at: Millis, out: &mut dyn Write) -> io::Result<u8> {
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
    let explanation = engine.explain(text, at);
    writeln!(out, "text     {text}")?;
    writeln!(out, "folded   {}", explanation.folded)?;
    matches(&explanation, text, out)?;
    scores(&explanation, out)?;
    signs(&explanation.understanding, out)?;
    outcome(&engine, &explanation, text, at, out)?;
    Ok(0)
}

fn matches(explanation: &Explanation, text: &str, out: &mut dyn Write) -> io::Result<()> {
    match &explanation.winner {
        Some(winner) => found("matched", winner, text, out)?,
        None if explanation.understanding.rule.is_some() => {
            writeln!(out, "matched  no term; the examples of a rule say it")?;
        }
        None => writeln!(out, "matched  no keyword rule")?,
    }
    for hit in &explanation.hits {
        found("also", hit, text, out)?;
    }
    if explanation.winner.is_some() && explanation.hits.iter().any(|hit| hit.rule.is_some()) {
        writeln!(
            out,
            "order    highest priority, then as written before misspelt, longest, earliest, first in the files"
        )?;
    }
    Ok(())
}

fn found(head: &str, hit: &Found, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let kind = match hit.rule {
        Some(_) => "",
        None => "word of ",
    };
    write!(
        out,
        "{head:<8} {kind}{} by \"{}\" at bytes {}..{} (",
        hit.of,
        text.get(hit.span.clone()).unwrap_or_default(),
        hit.span.start,
        hit.span.end,
    )?;
    match hit.priority {
        Some(priority) => write!(out, "term \"{}\", priority {priority}", hit.term)?,
        None => write!(out, "\"{}\"", hit.term)?,
    }
    match hit.how {
        How::Exact => {}
        How::Sound => write!(out, ", sounds like it")?,
        How::Shape => write!(out, ", one wrong character")?,
    }
    if hit.negated {
        write!(out, ", negated")?;
    }
    writeln!(out, ")")
}

fn scores(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    if !explanation.helps.is_empty() {
        writeln!(out, "helps    {}", shares(&explanation.helps, 3))?;
    }
    if explanation.scores.is_empty() {
        return writeln!(
            out,
            "intents  none: the config has no [[intent]] with examples"
        );
    }
    writeln!(out, "intents  {}", shares(&explanation.scores, usize::MAX))
}

/// The likeliest and their shares.
fn shares(of: &[(Arc<str>, f32)], most: usize) -> String {
    let mut of = of.to_vec();
    of.sort_by(|a, b| b.1.total_cmp(&a.1));
    let told = of.iter().take(most);
    let told: Vec<String> = told
        .map(|(id, share)| format!("{id} {:.0}%", share * 100.0))
        .collect();
    told.join(", ")
}

fn signs(understanding: &Understanding, out: &mut dyn Write) -> io::Result<()> {
    if understanding.wants_human {
        writeln!(out, "person   asked for")?;
    }
    let cues: Vec<&str> = Cues::NAMES
        .iter()
        .filter(|(cue, _)| understanding.cues.has(*cue))
        .map(|(_, name)| *name)
        .collect();
    if !cues.is_empty() {
        writeln!(out, "cues     {}", cues.join(", "))?;
    }
    Ok(())
}

/// What would be done in a fresh conversation, by the core itself.
fn outcome(
    engine: &Engine,
    explanation: &Explanation,
    text: &str,
    at: Millis,
    out: &mut dyn Write,
) -> io::Result<()> {
    let understanding = &explanation.understanding;
    let id = engine.intent_id(understanding.intent);
    writeln!(out, "intent   {id}, {}% sure", understanding.confidence)?;
    let Rehearsal {
        last,
        says,
        handoff,
    } = rehearse(text, understanding.clone(), engine, at);
    match (last.handler, &last.flow, handoff) {
        (_, _, Some(handoff)) => {
            let reason = handoff.reason;
            let (why, priority) = (reason.as_str(), reason.priority());
            writeln!(
                out,
                "outcome  a person is wanted: {why}, priority {priority}"
            )?;
        }
        (Handler::Flow, Some((flow, state)), None) => {
            let state = state.as_deref().unwrap_or("begun");
            writeln!(out, "outcome  the flow \"{flow}\" takes it: {state}")?;
        }
        (Handler::Ai, ..) => writeln!(out, "outcome  the assistant is asked")?,
        (Handler::Fallback, ..) => writeln!(out, "outcome  the fallback answers")?,
        _ => writeln!(out, "outcome  answered")?,
    }
    if let Some(says) = says {
        writeln!(out, "says     {says}")?;
    }
    Ok(())
}
