//! `hotline search`: which help articles are found for what customers ask.
//!
//! Questions come as JSON lines on standard input, answers go in the same order to standard output.
//! A line that is no question is told on standard error with its number; the others are answered all
//! the same, and the exit code is 1.

use super::{DONE, FAULT};
use crate::automation::{Engine, Knowledge};
use crate::cli::check::write_all;
use crate::config::{Fault, Findings, load, load_articles};
use crate::ports::knowledge::Knowledge as _;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The config folder
    #[arg(long, default_value = "config", value_name = "DIR")]
    config: PathBuf,
    /// Articles of another folder, searched with the words of the config
    #[arg(long, value_name = "DIR")]
    knowledge: Option<PathBuf>,
    /// Most articles per question
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    top: u16,
}

#[derive(Deserialize)]
struct Question {
    id: serde_json::Value,
    query: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: serde_json::Value,
    articles: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    score: f64,
    share: f64,
}

/// Three places tell apart what differs.
fn rounded(number: f32) -> f64 {
    (f64::from(number) * 1_000.0).round() / 1_000.0
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    let mut errors = io::stderr().lock();
    let knowledge = match knowledge(&arguments.config, arguments.knowledge.as_deref()) {
        Ok(knowledge) => knowledge,
        Err(mut faults) => {
            faults.retain(Fault::is_fault);
            return super::written(write_all(&faults, &mut errors).map(|()| FAULT));
        }
    };
    let top = usize::from(arguments.top);
    let (input, mut out) = (io::stdin().lock(), io::stdout().lock());
    super::written(answer(&knowledge, top, input, &mut out, &mut errors))
}

/// The articles of a config folder, or those of `folder` with the search words of the config.
///
/// # Errors
/// Every fault.
pub fn knowledge(config: &Path, folder: Option<&Path>) -> Result<Arc<Knowledge>, Vec<Fault>> {
    let mut loaded = load(config, &|_| None)?;
    if folder.is_some() {
        // The articles of the config are not asked: their faults are another command's business.
        loaded.automation.articles.clear();
    }
    let (engine, _) = Engine::build(&loaded.automation)?;
    let Some(folder) = folder else {
        return Ok(engine.knowledge().clone());
    };
    let findings = Findings::default();
    let articles = load_articles(folder, true, &|_| None, &findings);
    let knowledge = engine.knowledge().with_articles(&articles, &findings);
    findings.verdict()?;
    Ok(Arc::new(knowledge))
}

/// Answers questions, one JSON object a line, until the input ends. Answers the exit code.
///
/// # Errors
/// Only when the input cannot be read or the output not be written.
pub fn answer(
    knowledge: &Knowledge,
    top: usize,
    mut input: impl BufRead,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<u8> {
    let mut code = DONE;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(Question { id, query }) => {
                let found = knowledge.search(&query, top);
                let listed = found.iter().map(|found| Listed {
                    id: &found.article.id,
                    score: rounded(found.score),
                    share: rounded(found.share),
                });
                let answer = Answer {
                    id,
                    articles: listed.collect(),
                };
                serde_json::to_writer(&mut *out, &answer)?;
                writeln!(out)?;
            }
            Err(error) => {
                let allowed = "allowed: {\"id\": …, \"query\": \"…\"}";
                writeln!(errors, "line {number}: found {error}, {allowed}")?;
                code = FAULT;
            }
        }
    }
    Ok(code)
}
