//! What the laws of the spool stand on: a house with a spool in a folder, and questions to it.

use crate::house::{House, Trouble};
use crate::tricky::Tricky;
use hotline::ports::spool::Spool;
use hotline::ports::store::{Cursor, Store as _};
use hotline::store::memory::Memory;
use hotline::store::spool::FolderSpool;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub const ROOM: u64 = 64 << 20;

pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub fn spool(folder: &Path, max: u64) -> Arc<FolderSpool> {
    Arc::new(FolderSpool::open(&folder.join("spool"), max, 0).unwrap())
}

pub fn house(folder: &TempDir) -> House {
    House::spooled(Memory::new(), spool(folder.path(), ROOM))
}

pub fn waiting(house: &House) -> usize {
    house.spooling.as_ref().unwrap().figures().events
}

pub fn is_away(house: &House) -> bool {
    house.spooling.as_ref().unwrap().figures().store_away
}

pub async fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let waiting = async {
        while !is_true() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(in_time.is_ok(), "{what}");
}

pub fn turn(house: &House, trouble: Trouble) {
    house.store.trouble.send_replace(trouble);
}

pub async fn drained(house: &House) {
    until("the spool is drained", || waiting(house) == 0).await;
}

/// The answers a customer was sent, in order, by their numbers.
pub fn answers(house: &House, user: &str) -> Vec<u32> {
    let bodies = house.scribe.bodies(user).join(" ");
    let told = bodies.split("\"text\":\"a").skip(1);
    told.map(|rest| rest.split('"').next().unwrap().parse().unwrap())
        .collect()
}

/// Waits until a customer was sent so many answers.
pub async fn answered(house: &House, user: &str, count: usize) {
    until(&format!("{user} gets {count} answers"), || {
        answers(house, user).len() >= count
    })
    .await;
}

pub async fn feed(house: &House) -> Vec<String> {
    let records = house.store.feed(Cursor::default(), 100_000).await.unwrap();
    let payload = |record: &hotline::ports::store::FeedRecord| {
        String::from_utf8_lossy(record.payload.as_deref().unwrap_or_default()).into_owned()
    };
    records.iter().map(payload).collect()
}

pub fn unsend(user: &str, id: &str, message: &str) -> String {
    format!(
        r#"{{"type":"unsend","mode":"active","timestamp":1700000000000,"webhookEventId":"{id}",
        "source":{{"type":"user","userId":"{user}"}},"deliveryContext":{{"isRedelivery":false}},
        "unsend":{{"messageId":"{message}"}}}}"#
    )
}

pub fn holds(folder: &Path, words: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        bytes.windows(words.len()).any(|window| window == words)
    })
}

/// A house whose spool does what it is told.
pub fn tricky(folder: &TempDir) -> (House, Arc<Tricky>) {
    let spool = Arc::new(Tricky::new(spool(folder.path(), ROOM)));
    let shared: Arc<dyn Spool> = spool.clone();
    (House::spooled(Memory::new(), shared), spool)
}
