//! Laws of the housekeeper: archived before trimmed, whole batches, unsent words in neither, also
//! when they were unsent after they were archived.

use hotline::actors::Housekeeper;
use hotline::domain::conversation::Fact;
use hotline::domain::ids::Fingerprint;
use hotline::domain::time::{Millis, Span};
use hotline::ports::archive::Archive;
use hotline::ports::store::{
    Class, Commit, Cursor, EntityKey, EntityKind, FeedEntry, Outcome, Revision, Store, Urgency,
    Write,
};
use hotline::store::archive::FolderArchive;
use hotline::store::memory::Memory;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const START: Millis = Millis(1_795_132_800_000);

async fn say(store: &Memory, n: u8, words: &str, erase: Vec<Fingerprint>) {
    let entry = FeedEntry {
        erasable: Some(Fingerprint(u64::from(n))),
        payload: format!("{{\"words\":\"{words}\"}}").into_bytes().into(),
    };
    let commit = Commit {
        key: EntityKey::new(EntityKind::Conversation, "main/U1"),
        expected: (n > 1).then(|| Revision([n - 1; 16])),
        proposed: Revision([n; 16]),
        write: Write::Put(vec![1].into()),
        due: None,
        desk: None,
        feed: vec![entry],
        erase,
        class: Class::Accepting,
        urgency: Urgency::Now,
    };
    assert!(matches!(
        store.commit(commit).await,
        Ok(Outcome::Committed(_))
    ));
}

#[actix_web::test]
async fn old_feed_is_archived_before_it_is_trimmed_and_young_feed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Arc::new(FolderArchive::open(folder.path()).unwrap());
    let store = Memory::new();
    store.set_now(START);
    say(&store, 1, "old", vec![]).await;
    say(&store, 2, "秘密", vec![]).await;
    say(&store, 3, "also old", vec![Fingerprint(2)]).await;
    store.set_now(START + Span::hours(24 * 8));
    say(&store, 4, "young", vec![]).await;
    let keeper = Housekeeper::new(Arc::new(store.clone()), archive.clone());
    assert_eq!(keeper.round().await, Ok(3));
    let left = store.feed(Cursor::default(), 100).await.unwrap();
    assert_eq!(left.len(), 1);
    let names = archive.list("feed").await.unwrap();
    assert_eq!(names.len(), 1);
    assert!(names[0].starts_with("feed/2026-11-20/"), "{names:?}");
    let object = String::from_utf8(archive.get(&names[0]).await.unwrap().unwrap()).unwrap();
    assert_eq!(object.lines().count(), 3);
    for line in object.lines() {
        assert!(
            serde_json::from_str::<serde_json::Value>(line).is_ok(),
            "{line}"
        );
    }
    assert!(object.contains("also old") && !object.contains("秘密"));
    assert_eq!(keeper.round().await, Ok(0));
}

#[actix_web::test]
async fn the_operator_says_how_long_the_feed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Arc::new(FolderArchive::open(folder.path()).unwrap());
    let store = Memory::new();
    store.set_now(START);
    say(&store, 1, "old", vec![]).await;
    store.set_now(START + Span::hours(30));
    let keeper = Housekeeper::new(Arc::new(store.clone()), archive);
    assert_eq!(keeper.clone().round().await, Ok(0), "a week, unless told");
    assert_eq!(keeper.keep_feed(Span::hours(1)).round().await, Ok(1));
}

/// A commit of one fact, as a conversation records it.
async fn learn(store: &Memory, chat: &str, fact: Fact) {
    let key = EntityKey::new(EntityKind::Conversation, &format!("main/{chat}"));
    let before = store
        .load(&key)
        .await
        .unwrap()
        .map(|stored| stored.revision);
    let erase = match fact {
        Fact::Unsent { message } => vec![message],
        _ => vec![],
    };
    let commit = Commit {
        key,
        expected: before,
        proposed: Revision([before.map_or(1, |before| before.0[0] + 1); 16]),
        write: Write::Put(vec![1].into()),
        due: None,
        desk: None,
        feed: vec![FeedEntry {
            erasable: fact.erasable(),
            payload: serde_json::to_vec(&fact).unwrap().into(),
        }],
        erase,
        class: Class::Accepting,
        urgency: Urgency::Now,
    };
    let done = store.commit(commit).await;
    assert!(matches!(done, Ok(Outcome::Committed(_))));
}

fn received(message: u64, words: &str) -> Fact {
    Fact::Received {
        event: Fingerprint(message + 1_000),
        at: START,
        received: START,
        kind: "message".into(),
        message: Some(Fingerprint(message)),
        words: Some(words.into()),
        late: false,
        standby: false,
    }
}

fn quarantined(message: u64, raw: &str) -> Fact {
    Fact::Quarantined {
        event: Fingerprint(message + 2_000),
        kind: "broken".into(),
        raw: raw.into(),
        message: Some(Fingerprint(message)),
    }
}

const UNSENT: Fact = Fact::Unsent {
    message: Fingerprint(7),
};

/// Everything in the folder, as bytes.
fn files(folder: &Path) -> String {
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

/// Two customers' words, archived; message 7 of the first is the secret.
async fn archived() -> (tempfile::TempDir, Arc<FolderArchive>, Memory, Housekeeper) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Arc::new(FolderArchive::open(folder.path()).unwrap());
    let store = Memory::new();
    store.set_now(START);
    learn(&store, "U1", received(7, "秘密 一")).await;
    learn(&store, "U1", received(8, "stays")).await;
    learn(&store, "U2", received(7, "somebody else's")).await;
    learn(&store, "U1", quarantined(7, "秘密 二")).await;
    store.set_now(START + Span::hours(24 * 8));
    let keeper = Housekeeper::new(Arc::new(store.clone()), archive.clone());
    assert_eq!(keeper.round().await, Ok(4));
    assert_eq!(files(folder.path()).matches("秘密").count(), 2);
    (folder, archive, store, keeper)
}

#[actix_web::test]
async fn an_unsend_erases_words_that_were_archived_before_it() {
    let (folder, _, store, keeper) = archived().await;
    learn(&store, "U1", UNSENT).await;
    assert_eq!(keeper.round().await, Ok(0));
    let left = files(folder.path());
    assert!(!left.contains("秘密"), "{left}");
    assert!(left.contains("stays") && left.contains("somebody else's"));
    let feed = files(&folder.path().join("feed"));
    let lines: Vec<&str> = feed.lines().collect();
    assert_eq!(lines.len(), 4, "the records stay, without the words");
    for line in lines {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["key"].is_string() && line["batch"].is_u64());
    }
}

#[actix_web::test]
async fn an_unsend_is_found_even_when_its_own_record_is_old_by_the_next_round() {
    let (folder, archive, store, _) = archived().await;
    learn(&store, "U1", UNSENT).await;
    // The node stood still for longer than the feed is kept.
    store.set_now(START + Span::hours(24 * 30));
    let keeper = Housekeeper::new(Arc::new(store.clone()), archive);
    assert_eq!(keeper.round().await, Ok(1), "its record is archived");
    assert!(!files(folder.path()).contains("秘密"));
}

#[actix_web::test]
async fn objects_that_an_older_build_archived_are_searched_as_well() {
    let (folder, archive, store, keeper) = archived().await;
    fs::remove_dir_all(folder.path().join("marks")).unwrap();
    let name = &archive.list("feed").await.unwrap()[0];
    let older = folder.path().join("feed/2026-11-20/1-4.jsonl");
    fs::rename(folder.path().join(name), older).unwrap();
    learn(&store, "U1", UNSENT).await;
    assert_eq!(keeper.round().await, Ok(0));
    assert!(!files(folder.path()).contains("秘密"));
}

#[actix_web::test]
async fn what_is_moved_away_or_not_ours_does_not_stop_the_round() {
    let (folder, archive, store, keeper) = archived().await;
    for name in archive.list("feed").await.unwrap() {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("feed/notes.txt"), b"\xff").unwrap();
    fs::write(folder.path().join("feed/odd.jsonl"), b"{}\n\xff\n").unwrap();
    learn(&store, "U1", UNSENT).await;
    assert_eq!(keeper.round().await, Ok(0));
    let marks = archive.list("marks").await.unwrap();
    assert_eq!(marks, ["marks/odd"], "marks go with their objects");
    let odd = fs::read(folder.path().join("feed/odd.jsonl")).unwrap();
    assert_eq!(odd, b"{}\n\xff\n");
}

#[actix_web::test]
async fn the_archive_forgets_what_is_older_than_the_operator_wants() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Arc::new(FolderArchive::open(folder.path()).unwrap());
    let store = Memory::new();
    store.set_now(START);
    say(&store, 1, "first", vec![]).await;
    store.set_now(START + Span::hours(24 * 8));
    let keeper = Housekeeper::new(Arc::new(store.clone()), archive.clone());
    assert_eq!(keeper.round().await, Ok(1));
    say(&store, 2, "second", vec![]).await;
    store.set_now(START + Span::hours(24 * 16));
    assert_eq!(keeper.round().await, Ok(1));
    // Not ours: neither a day nor a feed.
    for other in ["feed/notes/2020.jsonl", "episodes/2020-01-01/a.jsonl"] {
        archive.put(other, b"x"[..].into()).await.unwrap();
    }
    // Marks are objects of the archive, too.
    assert_eq!(archive.usage().await.unwrap().objects, 6);
    let keeping = |days: u64| keeper.clone().keep_archive(Some(Span::hours(24 * days)));
    assert_eq!(keeper.expire().await, Ok(0), "nothing is removed unasked");
    assert_eq!(keeping(16).expire().await, Ok(0), "its day is not over");
    assert_eq!(keeping(15).expire().await, Ok(1));
    assert_eq!(keeping(15).expire().await, Ok(0));
    let left = archive.list("").await.unwrap();
    assert_eq!(left.len(), 4);
    assert!(left[1].starts_with("feed/2026-11-28/"), "{left:?}");
    assert!(left[3].starts_with("marks/2026-11-28/"), "{left:?}");
    for gone in ["feed/2026-11-20", "marks/2026-11-20"] {
        assert!(!folder.path().join(gone).exists(), "{gone}");
    }
}
