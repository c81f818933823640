//! Usage faults: what was written, and what may be written there.

use super::Arguments;
use crate::config::nearest;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Error};
use std::process::ExitCode;

/// Prints help, version or the fault with what is allowed. Answers the code of the program.
pub(super) fn tell(error: &Error) -> ExitCode {
    // A closed pipe is no reason to fail otherwise.
    let _ = error.print();
    let command = Arguments::command();
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let allowed = match error.kind() {
        ErrorKind::InvalidSubcommand => below(&command, &asked)
            .get_subcommands()
            .map(name)
            .collect(),
        ErrorKind::UnknownArgument => options(below(&command, &asked)),
        _ => Vec::new(),
    };
    if !allowed.is_empty() {
        let words: Vec<&str> = allowed.iter().map(String::as_str).collect();
        eprintln!("allowed: {}", words.join(", "));
        if let Some(near) = written(error).and_then(|word| nearest(word, &words)) {
            eprintln!("did you mean: {near}");
        }
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// The deepest subcommand that was named rightly.
fn below<'c>(command: &'c Command, asked: &[String]) -> &'c Command {
    asked.iter().fold(command, |command, word| {
        command.find_subcommand(word).unwrap_or(command)
    })
}

fn name(command: &Command) -> String {
    command.get_name().to_owned()
}

fn options(command: &Command) -> Vec<String> {
    let long = command
        .get_arguments()
        .filter_map(|argument| argument.get_long());
    long.map(|name| format!("--{name}"))
        .chain(["--help".to_owned()])
        .collect()
}

/// The word that was not understood.
fn written(error: &Error) -> Option<&str> {
    [ContextKind::InvalidSubcommand, ContextKind::InvalidArg]
        .into_iter()
        .find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(word)) => word.split('=').next(),
            _ => None,
        })
}
