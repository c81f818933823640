//! What is kept: how long, and that its words leave the disk.

use crate::hall::*;
use crate::house::{House, Trouble, body, text};
use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::domain::time::{Millis, Span};
use hotline::ports::spool::{Entry, Held, Spool as _};
use hotline::ports::store::Store as _;
use hotline::store::memory::Memory;
use hotline::store::spool::FolderSpool;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[actix_web::test]
async fn what_waited_too_long_is_recorded_and_not_answered() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::Refuse);
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    let now = house.store.now();
    house
        .store
        .inner
        .set_now(now + Span::mins(20) + Span::secs(30));
    assert_eq!(house.post(body(&[text("U1", "e2", "q2")])).await, 200);
    turn(&house, Trouble::None);
    drained(&house).await;
    answered(&house, "U1", 1).await;
    assert_eq!(answers(&house, "U1"), [2]);
    let late: Vec<String> = feed(&house).await;
    let late: Vec<&String> = late
        .iter()
        .filter(|f| f.contains("\"late\":true"))
        .collect();
    assert_eq!(late.len(), 1);
    assert!(
        late[0].contains("q1"),
        "recorded with its words: {}",
        late[0]
    );
}

#[actix_web::test]
async fn a_message_that_was_unsent_in_the_spool_leaves_no_words_and_gets_no_answer() {
    let folder = folder();
    let house = house(&folder);
    turn(&house, Trouble::Refuse);
    let said = text("U1", "e1", "secret-words");
    assert_eq!(house.post(body(&[said])).await, 200);
    assert_eq!(house.post(body(&[unsend("U1", "e2", "me1")])).await, 200);
    turn(&house, Trouble::None);
    drained(&house).await;
    let told = feed(&house).await.join("\n");
    assert!(
        told.contains("unsent") && !told.contains("secret-words"),
        "{told}"
    );
    assert!(house.scribe.bodies("U1").is_empty());
    // The drainer compacts after the last entry: the words leave the folder, too.
    let path = folder.path().join("spool");
    until("no words in the spool's files", || {
        !holds(&path, b"secret-words")
    })
    .await;
}

#[actix_web::test]
async fn words_leave_the_disk_although_a_compaction_failed() {
    let folder = folder();
    let (house, spool) = tricky(&folder);
    // The one of the start is not meant.
    until("it is compacted at its start", || {
        spool.compactions.load(Ordering::Relaxed) > 0
    })
    .await;
    spool.failing_compactions.store(1, Ordering::Relaxed);
    turn(&house, Trouble::Refuse);
    let said = text("U1", "e1", "secret-words");
    assert_eq!(house.post(body(&[said])).await, 200);
    turn(&house, Trouble::None);
    drained(&house).await;
    let path = folder.path().join("spool");
    until("no words in the spool's files", || {
        !holds(&path, b"secret-words")
    })
    .await;
    assert_eq!(spool.failing_compactions.load(Ordering::Relaxed), 0);
}

#[actix_web::test]
async fn words_that_an_earlier_life_left_leave_at_the_next_start() {
    let folder = folder();
    let spool = spool(folder.path(), ROOM);
    let key = ConversationKey::new(ChannelId::new("main"), ChatId::new("U1"));
    let held = Held {
        number: spool.first_free(),
        received: Millis(1),
        bytes: 12,
    };
    let event = Arc::from(&b"secret-words"[..]);
    spool.put(&key, Entry { held, event }).await.unwrap();
    // It is delivered, and this life is killed before it compacts.
    spool.remove(&key, &held);
    let killed = tempfile::tempdir().unwrap();
    let path = killed.path().join("spool");
    until("the removal is written", || {
        let probe = tempfile::tempdir().unwrap();
        copy(&folder.path().join("spool"), &path);
        copy(&path, probe.path());
        let probe = FolderSpool::open(probe.path(), ROOM, 0);
        probe.is_ok_and(|probe| probe.left().is_empty())
    })
    .await;
    assert!(holds(&path, b"secret-words"));
    let spool = FolderSpool::open(&path, ROOM, 0).unwrap();
    let _house = House::spooled(Memory::new(), Arc::new(spool));
    until("no words in the spool's files", || {
        !holds(&path, b"secret-words")
    })
    .await;
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
