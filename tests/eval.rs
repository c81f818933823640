//! What Hotline understands, measured: labelled messages, searches for articles, whole dialogues.
//!
//! `scripts/eval [DIR]` runs this and shows the tables. The sets are those of the folder it is given
//! (`HOTLINE_NLU`), else of `../shared/nlu` when it is there, else the repo's own (`tests/nlu`). Each
//! set is held against the figures committed for it in `tests/nlu/floors.json`; a set without figures
//! of its own is held against the goals (`tests/eval/floors.rs`).

#[path = "eval/articles.rs"]
mod articles;
#[path = "eval/dialogues.rs"]
mod dialogues;
#[path = "eval/floors.rs"]
mod floors;
#[path = "eval/messages.rs"]
mod messages;
mod support;

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn repo() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the sets are.
fn folder() -> PathBuf {
    let named = std::env::var_os("HOTLINE_NLU").map(PathBuf::from);
    let shared = repo().join("../shared/nlu");
    let shared = shared.is_dir().then_some(shared);
    named.or(shared).unwrap_or_else(|| repo().join("tests/nlu"))
}

/// A set: its file's name and its rows.
struct Set {
    name: String,
    rows: Vec<Value>,
}

/// The sets whose rows have this field.
fn sets(field: &str) -> Vec<Set> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap_or_else(|error| panic!("{}: {error}", folder().display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    let sets = files.iter().map(|path| Set {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        rows: lines(&std::fs::read_to_string(path).unwrap()),
    });
    let sets: Vec<Set> = sets
        .filter(|set| set.rows.iter().all(|row| row.get(field).is_some()))
        .collect();
    assert!(
        !sets.is_empty(),
        "{} has no set with {field:?}",
        folder().display()
    );
    sets
}

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What the program answers to these rows.
fn asked(arguments: &[&str], rows: &[Value]) -> Vec<Value> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hotline"))
        .args(arguments)
        .arg("--config")
        .arg(repo().join("config"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = program.stdin.take().unwrap();
    let input: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = program.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?} ended with {}",
        output.status
    );
    let answers = lines(&String::from_utf8(output.stdout).unwrap());
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&answers), ids(rows), "an answer to each row, in order");
    answers
}
