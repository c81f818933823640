//! The contract of the spool port, on the folder body: what was kept is there after a crash, each
//! entry once; it is bounded; one process at a time.
//!
//! The child of the crash test is this very binary, run again with its orders in the environment.

use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::domain::time::Millis;
use hotline::ports::spool::{Entry, Error, Held, MAX_EVENT_BYTES, Spool};
use hotline::store::embedded::OpenError;
use hotline::store::spool::{ENTRY_BYTES, FolderSpool};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FOLDER: &str = "HOTLINE_SPOOL_FOLDER";
const ROOM: u64 = 256 << 20;

fn open(folder: &Path) -> FolderSpool {
    FolderSpool::open(folder, ROOM, 0).unwrap()
}

fn key(chat: &str) -> ConversationKey {
    ConversationKey::new(ChannelId::new("main"), ChatId::new(chat))
}

fn entry(number: u64, event: &str) -> Entry {
    Entry {
        held: Held {
            number,
            received: Millis(1_000 + number % 7),
            bytes: event.len() as u32,
        },
        event: event.as_bytes().into(),
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(async {
        let done = tokio::time::timeout(Duration::from_secs(60), future).await;
        done.expect("no answer within a minute")
    })
}

fn read(spool: &FolderSpool, key: &ConversationKey, held: &Held) -> Option<String> {
    let event = spool.read(key, held).unwrap();
    event.map(|event| String::from_utf8(event.to_vec()).unwrap())
}

#[test]
fn what_was_kept_is_found_again_in_order_until_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let first = {
        let spool = open(folder.path());
        assert!(spool.left().is_empty());
        let first = spool.first_free();
        for n in [2u64, 0, 1, 3] {
            let chat = key(&format!("U{}", n % 2));
            run(spool.put(&chat, entry(first + n, &format!("{{\"n\":{n}}}")))).unwrap();
        }
        let gone = entry(first + 1, "{\"n\":1}").held;
        spool.remove(&key("U1"), &gone);
        assert_eq!(
            read(&spool, &key("U0"), &entry(first, "{\"n\":0}").held).unwrap(),
            "{\"n\":0}"
        );
        run(spool.close()).unwrap();
        first
    };
    let spool = open(folder.path());
    let all = spool.left();
    assert!(spool.left().is_empty(), "handed out once");
    let left: Vec<(String, u64)> = all
        .iter()
        .map(|(key, held)| (key.to_string(), held.number - first))
        .collect();
    let expected = [("main/U0", 0), ("main/U0", 2), ("main/U1", 3)];
    assert_eq!(left, expected.map(|(key, n)| (key.to_owned(), n)));
    let (chat, held) = all[2].clone();
    assert_eq!(held.received, Millis(1_000 + (first + 3) % 7));
    assert_eq!(read(&spool, &chat, &held).unwrap(), "{\"n\":3}");
    assert!(
        spool.first_free() > held.number,
        "numbers are given out once"
    );
}

#[test]
fn a_number_is_never_given_out_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    for _ in 0..3 {
        let spool = open(folder.path());
        let number = spool.first_free();
        assert!(number > last);
        last = number + 10;
        for n in number..=last {
            run(spool.put(&key("U1"), entry(n, "{}"))).unwrap();
            spool.remove(&key("U1"), &entry(n, "{}").held);
        }
        run(spool.close()).unwrap();
    }
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _spool = open(folder.path());
    let second = FolderSpool::open(folder.path(), ROOM, 0);
    assert!(matches!(second, Err(OpenError::Locked { .. })));
}

#[test]
fn it_is_bounded_and_room_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let spool = FolderSpool::open(folder.path(), 3 * (ENTRY_BYTES + 100), 0).unwrap();
    let event = "e".repeat(100);
    let first = spool.first_free();
    for n in 0..3 {
        run(spool.put(&key("U1"), entry(first + n, &event))).unwrap();
    }
    assert!(!spool.usage().taking);
    let refused = run(spool.put(&key("U1"), entry(first + 3, &event)));
    assert!(matches!(refused, Err(Error::Full { .. })), "{refused:?}");
    assert_eq!(spool.usage().bytes, spool.usage().max);
    spool.remove(&key("U1"), &entry(first, &event).held);
    run(spool.put(&key("U1"), entry(first + 4, &event))).unwrap();
    let long = "e".repeat(MAX_EVENT_BYTES + 1);
    let refused = run(spool.put(&key("U2"), entry(first + 5, &long)));
    assert!(matches!(refused, Err(Error::TooLong { .. })), "{refused:?}");
    drop(spool);
    let again = FolderSpool::open(folder.path(), ROOM, 0).unwrap();
    assert_eq!(again.usage().bytes, 3 * (ENTRY_BYTES + 100));
}

#[test]
fn a_disk_below_its_floor_takes_nothing_and_gives_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let number = {
        let spool = open(folder.path());
        let number = spool.first_free();
        run(spool.put(&key("U1"), entry(number, "{}"))).unwrap();
        number
    };
    let spool = FolderSpool::open(folder.path(), ROOM, u64::MAX).unwrap();
    assert!(!spool.usage().taking);
    let refused = run(spool.put(&key("U1"), entry(number + 1, "{}")));
    assert!(matches!(refused, Err(Error::Disk(_))), "{refused:?}");
    let (chat, held) = spool.left()[0].clone();
    assert!(read(&spool, &chat, &held).is_some());
    spool.remove(&chat, &held);
    drop(spool);
    assert!(open(folder.path()).left().is_empty());
}

#[test]
#[ignore = "run by the other tests as a child process"]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let spool = open(Path::new(&folder));
    let mut held: Vec<u64> = spool.left().iter().map(|(_, held)| held.number).collect();
    let mut number = spool.first_free();
    println!("\n= ready");
    run(async {
        loop {
            let put = |n| spool.put(&key("U1"), entry(n, "{\"words\":1}"));
            let batch: Vec<u64> = (number..number + 40).collect();
            let all = futures_util::future::join_all(batch.iter().copied().map(put)).await;
            assert!(all.iter().all(Result::is_ok));
            let said: String = batch.iter().map(|n| format!("+ {n}\n")).collect();
            print!("{said}");
            number += 40;
            held.extend(batch);
            // Some leave again; said before, so that one more or less may be there after a crash.
            let gone: Vec<u64> = held.drain(..held.len() / 2).collect();
            let said: String = gone.iter().map(|n| format!("- {n}\n")).collect();
            print!("{said}");
            for n in gone {
                spool.remove(&key("U1"), &entry(n, "{\"words\":1}").held);
            }
        }
    });
}

#[test]
fn a_killed_process_loses_nothing_it_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept: HashMap<u64, bool> = HashMap::new();
    for life in 0..6usize {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "child"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(process.stdout.take().unwrap());
        let mut note = |line: &str| match line.trim_end().split_once(' ') {
            Some(("+", n)) => n.parse().is_ok_and(|n| kept.insert(n, true).is_none()),
            Some(("-", n)) => n.parse().is_ok_and(|n| kept.insert(n, false).is_none()),
            _ => false,
        };
        let mut heard = 0;
        let mut line = String::new();
        while heard <= 300 + life * 170 && told.read_line(&mut line).unwrap() > 0 {
            heard += usize::from(note(&line));
            line.clear();
        }
        process.kill().unwrap();
        let mut rest = String::new();
        told.read_to_string(&mut rest).unwrap();
        // A line that is cut is of a telling that did not end: nothing of it was done yet.
        let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
        for line in whole.lines() {
            note(line);
        }
        process.wait().unwrap();
        assert!(heard > 300, "the child ended by itself");
        let spool = open(folder.path());
        let left = spool.left();
        let found: HashMap<u64, Held> = left.iter().map(|(_, h)| (h.number, *h)).collect();
        assert_eq!(found.len(), left.len(), "each once");
        for (number, is_kept) in &kept {
            assert!(!is_kept || found.contains_key(number), "{number} was kept");
        }
        for held in found.values() {
            assert_eq!(read(&spool, &key("U1"), held).unwrap(), "{\"words\":1}");
        }
    }
}

/// `cargo test --profile ci --test spool_disk -- --ignored --nocapture how_many`
#[test]
#[ignore = "a measurement, not a law"]
fn how_many_events_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path());
    let event = format!("{{\"text\":\"{}\"}}", "e".repeat(500));
    let first = spool.first_free();
    let (lanes, each) = (200u64, 500u64);
    let began = Instant::now();
    run(async {
        let one = |lane: u64| {
            let (spool, event) = (&spool, &event);
            async move {
                for n in 0..each {
                    let number = first + lane * each + n;
                    spool
                        .put(&key(&format!("U{lane}")), entry(number, event))
                        .await
                        .unwrap();
                }
            }
        };
        futures_util::future::join_all((0..lanes).map(one)).await;
    });
    let took = began.elapsed();
    let files: u64 = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    let events = lanes * each;
    println!(
        "{events} events kept in {took:?}: {:.0} a second, {lanes} at once; counted {} MiB, files {} MiB",
        events as f64 / took.as_secs_f64(),
        spool.usage().bytes >> 20,
        files >> 20
    );
    drop(spool);
    let began = Instant::now();
    let spool = open(folder.path());
    let left = spool.left();
    println!("opened with {} events in {:?}", left.len(), began.elapsed());
    let began = Instant::now();
    for (key, held) in left {
        assert!(read(&spool, &key, &held).is_some());
        spool.remove(&key, &held);
    }
    println!("read and removed in {:?}", began.elapsed());
    let began = Instant::now();
    run(spool.compact()).unwrap();
    println!("compacted in {:?}", began.elapsed());
    drop(spool);
    let began = Instant::now();
    assert!(open(folder.path()).left().is_empty());
    println!("opened empty in {:?}", began.elapsed());
}
