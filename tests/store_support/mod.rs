//! What the store tests share: short ways to say a commit and to look at its answer.
#![allow(dead_code, reason = "every test binary uses its part")]

use hotline::domain::time::Millis;
use hotline::ports::store::*;
use hotline::store::embedded::Options;
use std::path::Path;
use std::sync::Arc;

/// Runs a future to its end on a runtime of its own.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(async {
        let limit = std::time::Duration::from_secs(60);
        let done = tokio::time::timeout(limit, future).await;
        done.expect("no answer within a minute")
    })
}

/// Options whose failure hook panics the writer thread instead of ending the test process.
pub fn options(folder: &Path) -> Options {
    let mut options = Options::new(folder);
    options.free_space_floor = 0;
    options.on_fatal = Arc::new(|reason| panic!("store failed: {reason}"));
    options
}

pub fn key(name: &str) -> EntityKey {
    EntityKey::new(EntityKind::Conversation, name)
}

pub fn revision(n: u64) -> Revision {
    let mut bytes = [0xA5; 16];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    Revision(bytes)
}

pub fn stored(n: u64, value: &str) -> Stored {
    Stored {
        revision: revision(n),
        value: Some(value.as_bytes().into()),
    }
}

pub fn due(name: &str, at: u64) -> Due {
    Due {
        key: key(name),
        at: Millis(at),
    }
}

pub fn put(name: &str, expected: Option<u64>, proposed: u64, value: &str) -> Commit {
    Commit {
        key: key(name),
        expected: expected.map(revision),
        proposed: revision(proposed),
        write: Write::Put(value.as_bytes().into()),
        due: None,
        desk: None,
        feed: Vec::new(),
        erase: Vec::new(),
        class: Class::Accepting,
        urgency: Urgency::Now,
    }
}

pub fn delete(name: &str, expected: Option<u64>, proposed: u64) -> Commit {
    Commit {
        write: Write::Delete,
        ..put(name, expected, proposed, "")
    }
}

/// More of a commit.
pub trait More {
    fn with_feed(self, words: &[&str]) -> Self;
    fn owing(self, at: u64) -> Self;
    fn on_desk(self, row: &str) -> Self;
}

impl More for Commit {
    fn with_feed(mut self, words: &[&str]) -> Self {
        let entry = |word: &&str| FeedEntry {
            erasable: None,
            payload: word.as_bytes().into(),
        };
        self.feed = words.iter().map(entry).collect();
        self
    }
    fn owing(mut self, at: u64) -> Self {
        self.due = Some(Millis(at));
        self
    }
    fn on_desk(mut self, row: &str) -> Self {
        self.desk = Some(row.as_bytes().into());
        self
    }
}

pub fn words(record: &FeedRecord) -> Option<String> {
    record
        .payload
        .as_ref()
        .map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

#[track_caller]
pub fn landed(answer: Result<Outcome, Error>, n: u64) {
    match answer {
        Ok(Outcome::Committed(proof)) => assert_eq!(proof.revision(), revision(n)),
        other => panic!("expected r{n} to land, got {other:?}"),
    }
}

#[track_caller]
pub fn conflict(answer: Result<Outcome, Error>) -> Option<Stored> {
    match answer {
        Ok(Outcome::Conflict(seen)) => seen,
        other => panic!("expected a conflict, got {other:?}"),
    }
}
