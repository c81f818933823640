//! What the embedded store does when files are cut, flipped or replaced, when the disk refuses and
//! when the process is killed: never a wrong value, never an acknowledged commit lost in silence.

#[path = "store_support/mod.rs"]
mod support;

use hotline::domain::time::Millis;
use hotline::ports::store::*;
use hotline::store::embedded::{Embedded, OpenError, deep_verify};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use support::*;
use tempfile::TempDir;

/// A closed folder: entities e0…e9 at revisions 1…rounds, value = the number of the round.
fn written(rounds: u64, checkpoint: bool) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(options(folder.path())).unwrap();
    run(rounds_on(&store, 1, rounds));
    if checkpoint {
        run(store.close()).unwrap();
    }
    folder
}

async fn rounds_on(store: &Embedded, from: u64, to: u64) {
    for round in from..=to {
        let before = (round > 1).then(|| round - 1);
        for entity in 0..10 {
            let commit = put(
                &format!("e{entity}"),
                before,
                round,
                &format!("round {round}"),
            );
            landed(
                store.commit(commit.with_feed(&["said"]).owing(round)).await,
                round,
            );
        }
    }
}

fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.path().join(path.file_name().unwrap())).unwrap();
    }
    to
}

/// The log file with something in it.
fn log_of(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("log-")
        })
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap()
}

fn open(folder: &Path) -> Result<Embedded, OpenError> {
    Embedded::open(options(folder))
}

fn value_of(store: &Embedded, name: &str) -> Result<Option<String>, Error> {
    let seen = run(store.load(&key(name)))?;
    Ok(seen.map(|seen| String::from_utf8(seen.value.unwrap().to_vec()).unwrap()))
}

#[test]
fn a_torn_batch_nobody_was_told_about_is_dropped() {
    let folder = written(3, false);
    let log = log_of(folder.path());
    let whole = fs::read(&log).unwrap();
    for torn in [1, 11, 12, 60, 200] {
        let folder = copy(folder.path());
        let mut bytes = whole.clone();
        bytes.extend_from_slice(&whole[..torn]);
        // A batch that starts well and ends in nothing.
        fs::write(log_of(folder.path()), &bytes).unwrap();
        let store = open(folder.path()).unwrap();
        assert_eq!(value_of(&store, "e9").unwrap().unwrap(), "round 3");
        run(rounds_on(&store, 4, 4));
        drop(store);
        let store = open(folder.path()).unwrap();
        assert_eq!(value_of(&store, "e9").unwrap().unwrap(), "round 4");
    }
}

#[test]
fn a_log_cut_anywhere_is_refused_while_the_witness_knows_better() {
    let folder = written(3, false);
    let log = log_of(folder.path());
    let length = fs::metadata(&log).unwrap().len();
    for cut in (0..length).step_by(97).chain([length - 1]) {
        let folder = copy(folder.path());
        let file = OpenOptions::new()
            .write(true)
            .open(log_of(folder.path()))
            .unwrap();
        file.set_len(cut).unwrap();
        match open(folder.path()).err() {
            Some(OpenError::Missing { first, last, .. }) => {
                assert!(first <= last && last == 30, "{first}..{last}");
            }
            other => panic!("cut at {cut}: {other:?}"),
        }
        assert!(!deep_verify(folder.path()).unwrap().is_sound());
    }
}

#[test]
fn without_a_witness_a_cut_log_yields_a_prefix() {
    let folder = written(3, false);
    let length = fs::metadata(log_of(folder.path())).unwrap().len();
    for cut in (0..length).step_by(331) {
        let folder = copy(folder.path());
        let file = OpenOptions::new()
            .write(true)
            .open(log_of(folder.path()))
            .unwrap();
        file.set_len(cut).unwrap();
        fs::remove_file(folder.path().join("witness")).unwrap();
        let store = open(folder.path()).unwrap();
        let rounds: Vec<u64> = (0..10)
            .map(|n| match value_of(&store, &format!("e{n}")).unwrap() {
                None => 0,
                Some(value) => value.strip_prefix("round ").unwrap().parse().unwrap(),
            })
            .collect();
        assert!(
            rounds
                .windows(2)
                .all(|pair| pair[0] == pair[1] || pair[0] == pair[1] + 1)
        );
    }
}

#[test]
fn a_flipped_bit_in_the_log_is_refused() {
    let folder = written(2, false);
    let length = fs::metadata(log_of(folder.path())).unwrap().len();
    for at in (0..length).step_by(61) {
        let folder = copy(folder.path());
        flip(&log_of(folder.path()), at);
        let refused = open(folder.path()).err();
        assert!(
            matches!(
                refused,
                Some(OpenError::Damaged { .. } | OpenError::Missing { .. })
            ),
            "flip at {at}: {refused:?}"
        );
    }
}

fn flip(path: &Path, at: u64) {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

#[test]
fn a_flipped_bit_in_the_table_never_yields_a_wrong_value() {
    let folder = written(4, true);
    let table = folder.path().join("table.db");
    let length = fs::metadata(&table).unwrap().len();
    let mut noticed = 0;
    for at in (0..length).step_by(211) {
        let folder = copy(folder.path());
        flip(&folder.path().join("table.db"), at);
        let Ok(store) = open(folder.path()) else {
            noticed += 1;
            continue;
        };
        for entity in 0..10 {
            match value_of(&store, &format!("e{entity}")) {
                Ok(Some(value)) => assert_eq!(value, "round 4", "flip at {at}"),
                Ok(None) => {
                    drop(store);
                    let report = deep_verify(folder.path()).unwrap();
                    assert!(
                        !report.is_sound(),
                        "flip at {at}: e{entity} vanished in silence"
                    );
                    noticed += 1;
                    break;
                }
                Err(error) => {
                    assert!(matches!(error, Error::Damaged(_) | Error::Io(_)), "{error}");
                    noticed += 1;
                    break;
                }
            }
        }
    }
    assert!(noticed > 0);
}

#[test]
fn a_flipped_bit_in_a_value_names_the_entity() {
    let folder = written(4, true);
    let bytes = fs::read(folder.path().join("table.db")).unwrap();
    let places: Vec<usize> = (0..bytes.len())
        .filter(|at| bytes[*at..].starts_with(b"round 4"))
        .collect();
    assert!(places.len() >= 10);
    for at in places {
        let folder = copy(folder.path());
        flip(&folder.path().join("table.db"), at as u64 + 3);
        let store = open(folder.path()).unwrap();
        let damaged = (0..10).filter(|n| {
            let name = format!("e{n}");
            match value_of(&store, &name) {
                Err(Error::Damaged(what)) => what.contains(&name),
                other => {
                    assert_eq!(other.unwrap().unwrap(), "round 4");
                    false
                }
            }
        });
        assert_eq!(damaged.count(), 1);
        drop(store);
        assert!(!deep_verify(folder.path()).unwrap().is_sound());
    }
}

#[test]
fn a_batch_of_another_store_does_not_continue_the_chain() {
    let [one, two] = [(), ()].map(|()| {
        let folder = written(2, false);
        let store = open(folder.path()).unwrap();
        run(rounds_on(&store, 3, 3));
        folder
    });
    let later = "log-0000000000000015";
    fs::copy(two.path().join(later), one.path().join(later)).unwrap();
    fs::remove_file(one.path().join("witness")).unwrap();
    let refused = open(one.path()).err();
    assert!(
        matches!(refused, Some(OpenError::Damaged { .. })),
        "{refused:?}"
    );
}

#[test]
fn an_older_copy_put_back_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    run(rounds_on(&store, 1, 2));
    run(store.close()).unwrap();
    drop(store);
    let old = copy(folder.path());
    let store = open(folder.path()).unwrap();
    run(rounds_on(&store, 3, 4));
    run(store.close()).unwrap();
    drop(store);
    let store = open(folder.path()).unwrap();
    run(rounds_on(&store, 5, 5));
    drop(store);
    let is_missing = |folder: &Path| {
        let refused = open(folder).err();
        assert!(
            matches!(refused, Some(OpenError::Missing { .. })),
            "{refused:?}"
        );
    };
    let mixed = copy(folder.path());
    fs::copy(old.path().join("table.db"), mixed.path().join("table.db")).unwrap();
    is_missing(mixed.path());
    let mixed = copy(folder.path());
    fs::remove_file(log_of(mixed.path())).unwrap();
    is_missing(mixed.path());
    let mixed = copy(old.path());
    fs::copy(folder.path().join("witness"), mixed.path().join("witness")).unwrap();
    is_missing(mixed.path());
    let mixed = copy(folder.path());
    fs::remove_file(mixed.path().join("table.db")).unwrap();
    is_missing(mixed.path());
    assert!(open(folder.path()).is_ok());
}

#[test]
fn files_of_two_stores_are_not_mixed() {
    let (one, two) = (written(2, false), written(2, false));
    fs::copy(log_of(two.path()), log_of(one.path())).unwrap();
    let refused = open(one.path()).err();
    assert!(
        matches!(refused, Some(OpenError::Damaged { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_folder_of_a_newer_program_is_refused() {
    let folder = written(1, true);
    let table = rusqlite::Connection::open(folder.path().join("table.db")).unwrap();
    table.execute("UPDATE meta SET level = 99", []).unwrap();
    drop(table);
    let refused = open(folder.path()).err().unwrap();
    assert!(
        matches!(refused, OpenError::Newer { found: 99, .. }),
        "{refused}"
    );
}

#[test]
fn a_column_of_another_type_damages_its_row_alone() {
    let folder = written(4, true);
    for (column, wrong) in [
        ("kind", "'one'"),
        ("kind", "4711"),
        ("name", "x'ff'"),
        ("revision", "'four'"),
        ("revision", "x'0404'"),
        ("crc", "'sum'"),
        ("value", "7.5"),
    ] {
        let folder = copy(folder.path());
        let table = rusqlite::Connection::open(folder.path().join("table.db")).unwrap();
        let update = format!("UPDATE entity SET {column} = {wrong} WHERE name = 'e3'");
        assert_eq!(table.execute(&update, []).unwrap(), 1);
        drop(table);
        let store = open(folder.path()).unwrap();
        let what = format!("{column} = {wrong}");
        // Not loaded before: the writer reads the row itself.
        let answer = run(store.commit(put("e3", Some(4), 5, "round 5")));
        let reads_revision = !matches!(column, "crc" | "value");
        match answer {
            Err(Error::Damaged(_)) => assert!(reads_revision, "{what}"),
            Ok(Outcome::Committed(_)) => assert!(!reads_revision, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
        if reads_revision {
            let loaded = value_of(&store, "e3");
            assert!(
                matches!(loaded, Err(Error::Damaged(_))),
                "{what}: {loaded:?}"
            );
        }
        let claimed = run(store.claim_due(Millis(1_000), Millis(2_000), 100))
            .unwrap()
            .items;
        assert!(claimed.len() >= 9 && claimed.len() <= 10, "{what}");
        landed(run(store.commit(put("e4", Some(4), 5, "round 5"))), 5);
        assert_eq!(value_of(&store, "e5").unwrap().unwrap(), "round 4");
    }
}

#[test]
fn damaged_rows_do_not_make_a_claim_look_like_the_last() {
    let folder = written(4, true);
    let table = rusqlite::Connection::open(folder.path().join("table.db")).unwrap();
    // Due at one time, the claim meets them first.
    let update = "UPDATE entity SET revision = 'four', due = 9 WHERE name IN ('e3', 'e7')";
    assert_eq!(table.execute(update, []).unwrap(), 2);
    drop(table);
    for limit in 1..=10 {
        let folder = copy(folder.path());
        let store = open(folder.path()).unwrap();
        let claim = || {
            run(store.claim_due(Millis(1_000), Millis(2_000), limit))
                .unwrap()
                .items
        };
        let mut found = Vec::new();
        loop {
            let claimed = claim();
            let is_last = claimed.len() < limit;
            found.extend(claimed.into_iter().map(|due| due.key));
            if is_last {
                break;
            }
        }
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 8, "limit {limit}");
    }
}

#[test]
fn the_deep_look_goes_on_behind_a_row_of_another_type() {
    let folder = written(4, true);
    let table = rusqlite::Connection::open(folder.path().join("table.db")).unwrap();
    for entity in ["e2", "e7"] {
        let update = format!("UPDATE entity SET revision = 'four' WHERE name = '{entity}'");
        table.execute(&update, []).unwrap();
    }
    drop(table);
    let report = deep_verify(folder.path()).unwrap();
    assert_eq!(
        (report.entities, report.damage.len()),
        (10, 2),
        "{report:?}"
    );
}
