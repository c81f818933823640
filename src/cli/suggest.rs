//! `hotline suggest`: proposed synonyms, examples, aliases and articles, with the evidence.
//!
//! Changes nothing: a person reads, and pastes what is good. Needs no secret. What was not understood is
//! asked of the running server over its admin socket; without one the store is opened and read.

use super::{DONE, FAULT, OUTSIDE, ask, environment, print_faults};
use crate::app::{self, StoreAtHand};
use crate::automation::Engine;
use crate::automation::learning::{Kind, Pair, Proposal, Unmatched, learned, proposals};
use crate::config::{self, Fault, Site, load, parse_span};
use crate::domain::time::{Millis, Span};
use crate::telemetry::logging;
use httpdate::HttpDate;
use serde::Serialize;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Millions of records are read in this.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// Greatest file of `--answers`.
const MAX_ANSWERS: u64 = 64 << 20;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The config folder
    #[arg(long, default_value = "config", value_name = "DIR")]
    config: PathBuf,
    /// How far to look back, such as 24h or 7d; default and most: learning.keep
    #[arg(long, value_name = "TIME", value_parser = span)]
    since: Option<Span>,
    /// Learns aliases from what agents answered: JSON lines {"question","answer"}; no store is asked
    #[arg(long, value_name = "FILE", conflicts_with = "since")]
    answers: Option<PathBuf>,
    /// One JSON object instead of lines for people
    #[arg(long)]
    json: bool,
}

fn span(text: &str) -> Result<Span, String> {
    let span = parse_span(text).filter(|span| *span >= Span::secs(1));
    span.ok_or_else(|| "allowed: a duration like 24h or 7d, at least 1s".to_owned())
}

/// What is told.
#[derive(Serialize)]
struct Suggested {
    /// From when on messages were looked at, milliseconds since 1970; absent with `--answers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
    /// Messages, or answers, looked at.
    looked_at: u64,
    /// Those not understood.
    missed: u64,
    /// Those given up for room.
    left_out: u64,
    proposals: Vec<Proposal>,
}

enum Failure {
    /// Told already.
    Config,
    Input(String),
    Outside(String),
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    logging::start("warn", logging::Format::Auto, true);
    match suggested(arguments) {
        Ok(told) => {
            let mut out = io::stdout().lock();
            let end = match arguments.json {
                true => serde_json::to_writer(&mut out, &told)
                    .map_err(io::Error::from)
                    .and_then(|()| writeln!(out)),
                false => tell(&told, &mut out),
            };
            super::written(end.map(|()| DONE))
        }
        Err(Failure::Config) => FAULT,
        Err(Failure::Input(why)) => {
            eprintln!("suggest: {why}");
            FAULT
        }
        Err(Failure::Outside(why)) => {
            eprintln!("suggest: {why}");
            OUTSIDE
        }
    }
}

fn suggested(arguments: &Arguments) -> Result<Suggested, Failure> {
    let faulty = |mut faults: Vec<Fault>| {
        faults.retain(Fault::is_fault);
        print_faults(&faults);
        Failure::Config
    };
    let loaded = load(&arguments.config, &|_| None).map_err(faulty)?;
    let (engine, _) = Engine::build(&loaded.automation).map_err(faulty)?;
    if let Some(file) = &arguments.answers {
        let pairs = pairs(file)?;
        let proposals = learned(&pairs, engine.knowledge());
        return Ok(Suggested {
            since: None,
            looked_at: pairs.len() as u64,
            missed: proposals.iter().map(|proposal| proposal.messages).sum(),
            left_out: 0,
            proposals,
        });
    }
    let site = config::site(&arguments.config, &environment).map_err(faulty)?;
    let found = unmatched(&site, arguments.since.unwrap_or(site.learning.keep))?;
    let proposals = proposals(&found.forms, &engine, site.learning.min_count, now());
    Ok(Suggested {
        since: Some(found.since),
        looked_at: found.texts,
        missed: found.missed,
        left_out: found.left_out,
        proposals,
    })
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Millis(since.map_or(0, |since| since.as_millis() as u64))
}

fn unmatched(site: &Site, since: Span) -> Result<Unmatched, Failure> {
    let path = format!("/admin/unmatched?since={}", since.0 / 1_000);
    if let Some(answer) = ask::socket(&site.store.socket(), &path, PATIENCE) {
        let outside = |why: String| Failure::Outside(why);
        let answer =
            answer.map_err(|error| outside(format!("the server does not answer: {error}")))?;
        if answer.status != 200 {
            let said = answer.body.trim_end();
            return Err(outside(format!(
                "the server answers {}: {said}",
                answer.status
            )));
        }
        return serde_json::from_str(&answer.body).map_err(|error| {
            outside(format!(
                "the server's answer is of another version: {error}"
            ))
        });
    }
    let read = async {
        let found = StoreAtHand::existing(&site.store).await;
        let found = found.map_err(|error| error.to_string())?;
        let told = app::unmatched(&*found.store, &site.learning, since).await?;
        found.close().await?;
        Ok(told)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::Outside(error.to_string()))?;
    runtime.block_on(read).map_err(Failure::Outside)
}

fn pairs(file: &Path) -> Result<Vec<Pair>, Failure> {
    let name = file.display();
    let failed = |error: io::Error| Failure::Input(format!("{name}: {error}"));
    let length = fs::metadata(file).map_err(failed)?.len();
    if length > MAX_ANSWERS {
        let why = format!("{name}: found {length} bytes, allowed: at most {MAX_ANSWERS}");
        return Err(Failure::Input(why));
    }
    let text = fs::read_to_string(file).map_err(failed)?;
    let lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty());
    let pairs = lines.map(|(line, number)| {
        serde_json::from_str(line).map_err(|error| {
            let allowed = "{\"question\": \"…\", \"answer\": \"…\"}";
            Failure::Input(format!(
                "{name}:{number}: found {error}, allowed: {allowed}"
            ))
        })
    });
    pairs.collect()
}

fn tell(told: &Suggested, out: &mut dyn Write) -> io::Result<()> {
    match told.since {
        Some(since) => {
            // The format ends with the year 9999.
            let date: HttpDate =
                (UNIX_EPOCH + Duration::from_secs((since / 1_000).min(253_402_300_799))).into();
            writeln!(
                out,
                "since {date}: {} messages, {} not understood",
                told.looked_at, told.missed
            )?;
        }
        None => writeln!(out, "{} answers of agents", told.looked_at)?,
    }
    if told.left_out > 0 {
        let left_out = told.left_out;
        writeln!(
            out,
            "{left_out} of rare forms are left out: ask with a shorter --since"
        )?;
    }
    if told.proposals.is_empty() {
        return writeln!(out, "nothing to propose");
    }
    for (proposal, number) in told.proposals.iter().zip(1..) {
        let what = match proposal.kind {
            Kind::Alias => format!("an alias of the article \"{}\"", proposal.target),
            Kind::Example => format!("an example of the intent \"{}\"", proposal.target),
            Kind::Synonym => format!("a synonym of \"{}\"", proposal.target),
            Kind::Article => "an article that is missing".to_owned(),
        };
        let customers = match proposal.customers {
            0 => String::new(),
            some => format!(", at least {some} customers"),
        };
        writeln!(
            out,
            "\n{number}. {what}: {} messages{customers}",
            proposal.messages
        )?;
        writeln!(out, "   why: {}", proposal.because)?;
        for sample in &proposal.samples {
            let text = quiet(&sample.text);
            writeln!(out, "   {:>5} × {text}", sample.count)?;
        }
        writeln!(out, "   where: {}", proposal.place)?;
        for line in proposal.paste.lines() {
            writeln!(out, "   | {}", quiet(line))?;
        }
    }
    writeln!(out, "\nnothing was changed")
}

/// A customer's words without what moves a terminal's cursor or turns its direction.
fn quiet(text: &str) -> String {
    let moves =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace(moves, " ")
}
