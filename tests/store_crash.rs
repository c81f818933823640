//! Real processes: a second one on the folder, a disk that fills up, `kill -9` under load, and (in
//! `store_crash/power.rs`) a disk that fails to sync or loses power.
//!
//! The child is this very test binary, run again for the ignored test `child` with its orders in
//! the environment.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "store_crash/power.rs"]
mod power;
#[path = "store_support/mod.rs"]
mod support;

use hotline::ports::store::*;
use hotline::store::embedded::{Embedded, OpenError};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use support::*;

const ORDER: &str = "HOTLINE_STORE_CHILD";
const FOLDER: &str = "HOTLINE_STORE_FOLDER";
const ENTITIES: u64 = 40;

#[test]
#[ignore = "run by the other tests as a child process"]
fn child() {
    let (Ok(order), Ok(folder)) = (std::env::var(ORDER), std::env::var(FOLDER)) else {
        return;
    };
    match order.as_str() {
        "open" => {
            let refused = Embedded::open(options(Path::new(&folder))).err();
            println!(
                "\n= {}",
                refused.map_or_else(|| "opened".to_owned(), |e| e.to_string())
            );
        }
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        "careless" | "careful" => power::write_plainly(Path::new(&folder), order == "careful"),
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        "deep" => power::look_deep(Path::new(&folder)),
        "brisk" => load_the_store(Path::new(&folder), 60_000),
        _ => load_the_store(Path::new(&folder), 200_000),
    }
}

/// Commits round after round on forty entities at once and says which were acknowledged.
fn load_the_store(folder: &Path, checkpoint_bytes: u64) {
    let failed = Arc::new(AtomicBool::new(false));
    let mut options = options(folder);
    options.tuning.checkpoint_bytes = checkpoint_bytes;
    let hook = Arc::clone(&failed);
    options.on_fatal = Arc::new(move |_| hook.store(true, Ordering::SeqCst));
    let store = match Embedded::open(options) {
        Ok(store) => store,
        Err(error) => {
            println!("\n= refused {error}");
            return;
        }
    };
    run(async {
        let mut at = HashMap::new();
        let mut said = String::new();
        for n in 0..ENTITIES {
            let seen = store.load(&key(&n.to_string())).await.unwrap();
            let round = seen.map_or(0, |seen| round_of(&seen));
            at.insert(n, round);
            said.push_str(&format!("? {n} {round}\n"));
        }
        println!("\n{said}= ready");
        for _ in 0..100_000 {
            let mut waiting = Vec::new();
            for n in 0..ENTITIES {
                let before = at[&n];
                let commit = put(
                    &n.to_string(),
                    (before > 0).then_some(before),
                    before + 1,
                    &format!("{:0500}", before + 1),
                );
                waiting.push((n, before + 1, store.commit(commit.with_feed(&["f"]))));
            }
            let mut said = String::new();
            for (n, round, answer) in waiting {
                match answer.await {
                    Ok(Outcome::Committed(_)) => {
                        at.insert(n, round);
                        said.push_str(&format!("+ {n} {round}\n"));
                    }
                    Err(Error::Closed(_)) => {}
                    other => panic!("{other:?}"),
                }
            }
            print!("{said}");
            std::io::stdout().flush().unwrap();
            if failed.load(Ordering::SeqCst) {
                let later = store.commit(put("later", None, 1, "x")).await;
                assert!(matches!(later, Err(Error::Closed(_))));
                println!("= failed");
                return;
            }
        }
    });
}

fn round_of(seen: &Stored) -> u64 {
    std::str::from_utf8(seen.value.as_ref().unwrap())
        .unwrap()
        .parse()
        .unwrap()
}

fn start(order: &str, folder: &Path, shell: Option<&str>) -> Child {
    command(order, folder, shell).spawn().unwrap()
}

fn command(order: &str, folder: &Path, shell: Option<&str>) -> Command {
    let binary = std::env::current_exe().unwrap();
    let arguments = ["--ignored", "--exact", "--nocapture", "child"];
    let mut command = match shell {
        None => Command::new(&binary),
        Some(first) => {
            let mut command = Command::new("sh");
            command
                .arg("-c")
                .arg(format!("{first}; exec \"$0\" \"$@\""))
                .arg(&binary);
            command
        }
    };
    command
        .args(arguments)
        .env(ORDER, order)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Every acknowledged round must be there; a later, unacknowledged one may be.
fn check(folder: &Path, acknowledged: &HashMap<u64, u64>) {
    let store = Embedded::open(options(folder)).unwrap();
    for (n, round) in acknowledged {
        let seen = run(store.load(&key(&n.to_string())))
            .unwrap()
            .expect("acknowledged entity");
        let found = round_of(&seen);
        assert!(
            found == *round || found == round + 1,
            "entity {n}: {found}, told {round}"
        );
        assert_eq!(seen.revision, revision(found));
    }
}

fn note(line: &str, acknowledged: &mut HashMap<u64, u64>) {
    let mut parts = line.split(' ');
    if let (Some("+"), Some(n), Some(round), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    {
        acknowledged.insert(n.parse().unwrap(), round.parse().unwrap());
    }
}

#[test]
fn a_killed_process_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = HashMap::new();
    for life in 0..12usize {
        let mut process = start("load", folder.path(), None);
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let patience = 40 * (3 + life * 7 % 23);
        let mut heard = 0;
        for line in lines.by_ref().map_while(Result::ok) {
            note(&line, &mut acknowledged);
            heard += usize::from(line.starts_with('+'));
            if heard > patience {
                break;
            }
        }
        process.kill().unwrap();
        // What it had written before it died counts as told.
        for line in lines.map_while(Result::ok) {
            note(&line, &mut acknowledged);
        }
        process.wait().unwrap();
        assert!(heard > patience, "the child ended by itself");
        check(folder.path(), &acknowledged);
    }
    assert_eq!(acknowledged.len() as u64, ENTITIES);
}

#[test]
fn a_second_process_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(options(folder.path())).unwrap();
    let output = start("open", folder.path(), None)
        .wait_with_output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("is in use by another process"), "{said}");
    assert!(said.contains(folder.path().to_str().unwrap()), "{said}");
    let again = Embedded::open(options(folder.path())).err();
    assert!(matches!(again, Some(OpenError::Locked { .. })));
    drop(store);
    let output = start("open", folder.path(), None)
        .wait_with_output()
        .unwrap();
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("= opened")
    );
}

/// The disk refuses at some point: the hook fires, nothing is acknowledged after it, and what was
/// acknowledged before is there.
fn fails_honestly(folder: &Path, shell: Option<&str>) {
    let mut process = start("load", folder, shell);
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut acknowledged = HashMap::new();
    let mut failed = false;
    for line in lines.map_while(Result::ok) {
        assert!(
            !(failed && line.starts_with('+')),
            "acknowledged after the failure: {line}"
        );
        note(&line, &mut acknowledged);
        failed |= line == "= failed";
    }
    process.wait().unwrap();
    assert!(failed, "the disk never refused");
    assert!(!acknowledged.is_empty());
    check(folder, &acknowledged);
}

#[test]
fn a_write_that_fails_ends_the_store() {
    let folder = tempfile::tempdir().unwrap();
    // No file may grow beyond 150 blocks (of 512 bytes in some shells, of 1024 in others): an empty
    // store fits, the log of one checkpoint does not.
    fails_honestly(folder.path(), Some("trap '' XFSZ; ulimit -f 150"));
}

#[test]
fn a_full_disk_ends_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1500k", "tmpfs"])
        .arg(folder.path())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        println!("skipped: no small file system can be mounted here");
        return;
    }
    let data = folder.path().join("data");
    let outcome = std::panic::catch_unwind(|| {
        std::fs::create_dir(&data).unwrap();
        std::fs::write(folder.path().join("ballast"), vec![1u8; 900_000]).unwrap();
        let mut process = start("load", &data, None);
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut acknowledged = HashMap::new();
        for line in lines.map_while(Result::ok) {
            note(&line, &mut acknowledged);
            if line == "= failed" {
                break;
            }
        }
        process.kill().unwrap();
        process.wait().unwrap();
        // The operator makes room; the store opens again with everything.
        std::fs::remove_file(folder.path().join("ballast")).unwrap();
        assert!(!acknowledged.is_empty());
        check(&data, &acknowledged);
    });
    let unmounted = Command::new("umount").arg(folder.path()).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure);
    }
}
