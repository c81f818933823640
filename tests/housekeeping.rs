//! Laws of the housekeeper: archived before trimmed, whole batches, unsent words in neither.

use hotline::actors::Housekeeper;
use hotline::domain::ids::Fingerprint;
use hotline::domain::time::{Millis, Span};
use hotline::ports::archive::Archive;
use hotline::ports::store::{
    Class, Commit, Cursor, EntityKey, EntityKind, FeedEntry, Outcome, Revision, Store, Urgency,
    Write,
};
use hotline::store::archive::FolderArchive;
use hotline::store::memory::Memory;
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
    assert_eq!(archive.usage().await.unwrap().objects, 4);
    let keeping = |days: u64| keeper.clone().keep_archive(Some(Span::hours(24 * days)));
    assert_eq!(keeper.expire().await, Ok(0), "nothing is removed unasked");
    assert_eq!(keeping(16).expire().await, Ok(0), "its day is not over");
    assert_eq!(keeping(15).expire().await, Ok(1));
    assert_eq!(keeping(15).expire().await, Ok(0));
    let left = archive.list("").await.unwrap();
    assert_eq!(left.len(), 3);
    assert!(left[1].starts_with("feed/2026-11-28/"), "{left:?}");
    assert!(!folder.path().join("feed/2026-11-20").exists());
}
