//! A store of many partitions in memory, and what it and an archive are looked through with.
#![allow(dead_code, reason = "every test binary uses its part")]

pub mod watched;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use hotline::domain::conversation::Fact;
use hotline::domain::ids::{Fingerprint, Incarnation};
use hotline::domain::time::{Millis, Span};
use hotline::ports::store::*;
use hotline::store::memory::Memory;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub const START: Millis = Millis(1_795_132_800_000);

/// A store whose feed has a partition for each memory; `main/U7` is in partition 7, what is no
/// conversation in the first.
#[derive(Clone)]
pub struct Divided {
    parts: Arc<Vec<Memory>>,
    refuses_trims: Arc<AtomicBool>,
}

impl Divided {
    pub fn new(parts: u16) -> Divided {
        let store = Divided {
            parts: Arc::new((0..parts).map(|_| Memory::new()).collect()),
            refuses_trims: Arc::default(),
        };
        store.set_now(START);
        store
    }

    pub fn set_now(&self, now: Millis) {
        self.parts.iter().for_each(|part| part.set_now(now));
    }

    pub fn refuse_trims(&self, refuse: bool) {
        self.refuses_trims.store(refuse, Ordering::Relaxed);
    }

    fn part(&self, key: &EntityKey) -> &Memory {
        let number = key.id.strip_prefix("main/U").and_then(|n| n.parse().ok());
        &self.parts[number.unwrap_or(0) % self.parts.len()]
    }

    /// A commit of facts, as a conversation records them.
    pub async fn learn(&self, chat: &str, facts: &[Fact]) {
        learn(self, chat, facts).await;
    }

    /// How many records are left, over all partitions.
    pub async fn left(&self) -> usize {
        let mut left = 0;
        for partition in 0..self.feeds() {
            let page = self.feed(Cursor::before(partition), 1_000_000).await;
            left += page.unwrap().len();
        }
        left
    }
}

/// A commit of facts, as a conversation records them.
pub async fn learn(store: &dyn Store, chat: &str, facts: &[Fact]) {
    let key = EntityKey::new(EntityKind::Conversation, &format!("main/{chat}"));
    let before = store.load(&key).await.unwrap().map(|found| found.revision);
    let mut proposed = before.unwrap_or(Revision([0; 16]));
    proposed.0[0] += 1;
    let entry = |fact: &Fact| FeedEntry {
        erasable: fact.erasable(),
        payload: serde_json::to_vec(fact).unwrap().into(),
    };
    let unsent = |fact: &Fact| match fact {
        Fact::Unsent { message } => Some(*message),
        _ => None,
    };
    let commit = Commit {
        key,
        expected: before,
        proposed,
        write: Write::Put(vec![1].into()),
        due: None,
        desk: None,
        feed: facts.iter().map(entry).collect(),
        erase: facts.iter().filter_map(unsent).collect(),
        class: Class::Accepting,
        urgency: Urgency::Now,
    };
    let done = store.commit(commit).await;
    assert!(matches!(done, Ok(Outcome::Committed(_))), "{done:?}");
}

pub fn received(message: u64, words: &str) -> Fact {
    Fact::Received {
        event: Fingerprint(message + 1_000_000),
        at: START,
        received: START,
        kind: "message".into(),
        message: Some(Fingerprint(message)),
        words: Some(words.into()),
        late: false,
        standby: false,
    }
}

pub fn unsent(message: u64) -> Fact {
    Fact::Unsent {
        message: Fingerprint(message),
    }
}

impl Nodes for Divided {
    fn is_gone(&self, other: Incarnation) -> bool {
        self.parts[0].is_gone(other)
    }
    fn nodes(&self) -> Vec<Node> {
        self.parts[0].nodes()
    }
    fn departures(&self) -> u64 {
        self.parts[0].departures()
    }
    fn level(&self) -> u32 {
        self.parts[0].level()
    }
    fn hold(
        &self,
        lease: &str,
        holder: Revision,
        life: Span,
    ) -> BoxFuture<'static, Result<bool, Error>> {
        self.parts[0].hold(lease, holder, life)
    }
    fn let_go(&self, lease: &str, holder: Revision) -> BoxFuture<'static, Result<(), Error>> {
        self.parts[0].let_go(lease, holder)
    }
    fn draw(
        &self,
        budget: &str,
        want: u32,
        rate: Rate,
    ) -> BoxFuture<'static, Result<Grant, Error>> {
        self.parts[0].draw(budget, want, rate)
    }
    fn shrink(&self, budget: &str) -> BoxFuture<'static, Result<(), Error>> {
        self.parts[0].shrink(budget)
    }
    fn hint(&self, topic: &str, payload: &[u8]) {
        self.parts[0].hint(topic, payload);
    }
    fn hints(&self) -> tokio::sync::broadcast::Receiver<Hint> {
        self.parts[0].hints()
    }
}

impl Store for Divided {
    fn now(&self) -> Millis {
        self.parts[0].now()
    }
    fn incarnation(&self) -> Incarnation {
        self.parts[0].incarnation()
    }
    fn load(&self, key: &EntityKey) -> BoxFuture<'static, Result<Option<Stored>, Error>> {
        self.part(key).load(key)
    }
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<Outcome, Error>> {
        self.part(&commit.key).commit(commit)
    }
    fn nudge(&self) {}
    fn claim_due(
        &self,
        upto: Millis,
        until: Millis,
        limit: usize,
    ) -> BoxFuture<'static, Result<Claimed, Error>> {
        self.parts[0].claim_due(upto, until, limit)
    }
    fn all(
        &self,
        kind: EntityKind,
    ) -> BoxFuture<'static, Result<Vec<(EntityKey, Arc<[u8]>)>, Error>> {
        self.parts[0].all(kind)
    }
    fn scan(&self, after: Option<Place>, limit: usize) -> BoxFuture<'static, Result<Page, Error>> {
        self.parts[0].scan(after, limit)
    }
    fn feeds(&self) -> u16 {
        self.parts.len() as u16
    }
    fn feed(
        &self,
        after: Cursor,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<FeedRecord>, Error>> {
        let partition = after.partition;
        let inside = Cursor {
            partition: 0,
            ..after
        };
        let page = self.parts[usize::from(partition)].feed(inside, limit);
        page.map(move |page| {
            let mut page = page?;
            for record in &mut page {
                record.cursor.partition = partition;
            }
            Ok(page)
        })
        .boxed()
    }
    fn trim_feed(&self, upto: Cursor) -> BoxFuture<'static, Result<(), Error>> {
        if self.refuses_trims.load(Ordering::Relaxed) {
            return ready(Err(Error::Io("trimming is refused".into()))).boxed();
        }
        let inside = Cursor {
            partition: 0,
            ..upto
        };
        self.parts[usize::from(upto.partition)].trim_feed(inside)
    }
    fn desk_generation(&self) -> BoxFuture<'static, Result<DeskGeneration, Error>> {
        self.parts[0].desk_generation()
    }
    fn desk_rows(&self) -> BoxFuture<'static, Result<Vec<(EntityKey, Box<[u8]>)>, Error>> {
        self.parts[0].desk_rows()
    }
    fn compact(&self) -> BoxFuture<'static, Result<(), Error>> {
        self.parts[0].compact()
    }
    fn health(&self) -> Health {
        self.parts[0].health()
    }
    fn close(&self) -> BoxFuture<'static, Result<(), Error>> {
        self.parts[0].close()
    }
}

/// Everything in the folder, as text.
pub fn files(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all += &files(&path),
            false => all += &String::from_utf8_lossy(&fs::read(&path).unwrap()),
        }
    }
    all
}

/// Partition, batch and index of every record in the archive, sorted.
pub fn places(folder: &Path) -> Vec<(u64, u64, u64)> {
    let lines = files(&folder.join("feed"));
    let place = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let number = |name: &str| line[name].as_u64();
        let partition = number("partition").unwrap_or(0);
        (
            partition,
            number("batch").unwrap(),
            number("index").unwrap(),
        )
    };
    let mut places: Vec<_> = lines.lines().map(place).collect();
    places.sort_unstable();
    places
}
