//! Laws of the housekeeper with many partitions and with others who keep the same house: every record
//! is archived once, and unsent words stay in no object, whoever wrote it and when.

#[path = "housekeeping_support/mod.rs"]
mod support;

use futures_util::FutureExt;
use futures_util::future::ready;
use hotline::actors::{Housekeeper, archive_moved};
use hotline::domain::conversation::Fact;
use hotline::domain::time::Span;
use hotline::ports::archive::Archive;
use hotline::ports::store::{Cursor, Store};
use hotline::store::transfer;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use support::watched::{Next, Watched};
use support::*;

struct World {
    folder: tempfile::TempDir,
    archive: Arc<Watched>,
    store: Divided,
}

impl World {
    fn new(parts: u16) -> World {
        let folder = tempfile::tempdir().unwrap();
        World {
            archive: Watched::new(folder.path()),
            store: Divided::new(parts),
            folder,
        }
    }

    fn keeper(&self) -> Housekeeper {
        Housekeeper::new(Arc::new(self.store.clone()), self.archive.clone())
    }

    /// Another node's, over the same store and archive, whose whole round comes at this moment.
    fn meanwhile(&self, first: &[(&'static str, Fact)]) -> Next {
        let (keeper, store, first) = (self.keeper(), self.store.clone(), first.to_vec());
        Next::After(Box::new(move || {
            async move {
                for (chat, fact) in first {
                    store.learn(chat, &[fact]).await;
                }
                keeper.round().await.unwrap();
            }
            .boxed()
        }))
    }

    fn day(&self, day: u64) {
        self.store.set_now(START + Span::hours(24 * day));
    }

    fn words(&self) -> String {
        files(self.folder.path())
    }

    /// How many records the archive has; none of them twice.
    fn archived_once(&self) -> usize {
        let places = places(self.folder.path());
        let mut once = places.clone();
        once.dedup();
        assert_eq!(places, once, "archived twice");
        places.len()
    }
}

#[actix_web::test]
async fn many_partitions_make_one_object_and_one_erasing() {
    let world = World::new(256);
    for n in 0..256 {
        let words = format!("words of {n}.");
        let facts = [received(n, &words), received(1_000 + n, "stays")];
        world.store.learn(&format!("U{n}"), &facts).await;
    }
    world.day(8);
    assert_eq!(world.keeper().round().await, Ok(512));
    assert_eq!(world.store.left().await, 0);
    assert_eq!(world.archive.list("feed").await.unwrap().len(), 1);
    assert_eq!(world.archived_once(), 512);
    for n in [0, 7, 255] {
        world.store.learn(&format!("U{n}"), &[unsent(n)]).await;
    }
    let before = world.archive.lists.load(Ordering::Relaxed);
    assert_eq!(world.keeper().round().await, Ok(0));
    // The objects and their marks.
    let lists = world.archive.lists.load(Ordering::Relaxed) - before;
    assert_eq!(lists, 2, "the archive is listed once for all partitions");
    let words = world.words();
    for n in 0..256 {
        let gone = [0, 7, 255].contains(&n);
        assert_ne!(words.contains(&format!("words of {n}.")), gone, "{n}");
    }
    assert_eq!(world.archived_once(), 512, "places stay when words go");
}

#[actix_web::test]
async fn a_day_waits_until_all_of_it_is_old_but_a_full_lot_does_not() {
    let world = World::new(2);
    let facts: Vec<Fact> = (0..10_000).map(|n| received(n, "x")).collect();
    for chat in ["U1", "U2", "U3"] {
        world.store.learn(chat, &facts).await;
    }
    world.store.set_now(START + Span::hours(24 * 7 + 12));
    let archived = world.keeper().round().await;
    assert_eq!(archived, Ok(20_000), "what fills a lot, to the batch");
    assert_eq!(world.store.left().await, 10_000);
    assert_eq!(world.keeper().round().await, Ok(0));
    world.day(8);
    assert_eq!(world.keeper().round().await, Ok(10_000));
    assert_eq!(world.archived_once(), 30_000);
}

#[actix_web::test]
async fn an_object_never_mixes_days() {
    let world = World::new(4);
    for day in 0..3 {
        world.day(day);
        for chat in ["U0", "U1", "U2"] {
            world.store.learn(chat, &[received(day, "x")]).await;
        }
    }
    world.day(30);
    assert_eq!(world.keeper().round().await, Ok(9));
    let objects = world.archive.list("feed").await.unwrap();
    let days: Vec<&str> = objects.iter().map(|name| &name[5..15]).collect();
    assert_eq!(days, ["2026-11-20", "2026-11-21", "2026-11-22"]);
    assert_eq!(world.archived_once(), 9);
}

#[actix_web::test]
async fn an_unsend_between_reading_and_writing_leaves_no_words() {
    let world = World::new(4);
    world.store.learn("U1", &[received(7, "秘密")]).await;
    world.store.learn("U2", &[received(7, "stays")]).await;
    world.day(8);
    let store = world.store.clone();
    world.archive.next(Next::After(Box::new(|| {
        async move { store.learn("U1", &[unsent(7)]).await }.boxed()
    })));
    assert_eq!(world.keeper().round().await, Ok(2));
    let words = world.words();
    assert!(
        !words.contains("秘密") && words.contains("stays"),
        "{words}"
    );
    assert_eq!(world.keeper().round().await, Ok(0));
    assert_eq!(world.archived_once(), 2);
}

#[actix_web::test]
async fn a_trim_that_stopped_half_way_makes_nothing_twice() {
    let world = World::new(4);
    world.store.learn("U1", &[received(1, "one")]).await;
    world.store.learn("U2", &[received(2, "two")]).await;
    world.day(8);
    world.store.refuse_trims(true);
    assert!(world.keeper().round().await.is_err());
    assert_eq!(world.store.left().await, 2);
    world.store.refuse_trims(false);
    world.store.learn("U1", &[received(3, "three")]).await;
    world.day(16);
    assert_eq!(world.keeper().round().await, Ok(1));
    assert_eq!(world.archived_once(), 3);
    assert_eq!(world.store.left().await, 0);
}

#[actix_web::test]
async fn of_two_that_archive_at_once_one_counts() {
    let world = World::new(4);
    for chat in ["U1", "U2", "U3"] {
        world.store.learn(chat, &[received(1, "x")]).await;
    }
    world.day(8);
    world.archive.next(world.meanwhile(&[]));
    let overtaken = world.keeper().round().await;
    assert!(overtaken.unwrap_err().contains("another node"));
    assert_eq!(world.archived_once(), 3);
    assert_eq!(world.archive.list("").await.unwrap().len(), 2);
    assert_eq!(world.keeper().round().await, Ok(0));
}

#[actix_web::test]
async fn an_object_whose_writer_died_does_not_count() {
    let world = World::new(4);
    world.store.learn("U1", &[received(1, "x")]).await;
    world.day(8);
    world.archive.next(Next::Unheard);
    assert!(world.keeper().round().await.is_err());
    assert_eq!(world.archived_once(), 1);
    assert_eq!(world.keeper().round().await, Ok(1));
    assert_eq!(world.archived_once(), 1);
}

#[actix_web::test]
async fn an_object_that_arrives_after_others_archived_the_same_goes() {
    let world = World::new(4);
    world.store.learn("U1", &[received(7, "秘密")]).await;
    world.day(8);
    world.archive.next(Next::Kept);
    assert!(world.keeper().round().await.is_err());
    world.store.learn("U1", &[unsent(7)]).await;
    assert_eq!(world.keeper().round().await, Ok(1));
    world.archive.arrive().await;
    assert!(world.words().contains("秘密"), "its writer was stopped");
    assert_eq!(world.keeper().round().await, Ok(0));
    assert!(!world.words().contains("秘密"));
    assert_eq!(world.archived_once(), 1);
}

#[actix_web::test]
async fn what_one_erased_another_that_writes_late_does_not_bring_back() {
    let world = World::new(4);
    world.store.learn("U1", &[received(1, "秘密 一")]).await;
    world.store.learn("U2", &[received(2, "秘密 二")]).await;
    world.store.learn("U3", &[received(3, "stays")]).await;
    world.day(8);
    assert_eq!(world.keeper().round().await, Ok(3));
    world.store.learn("U1", &[unsent(1)]).await;
    // This one has read the object with both, and is about to write it back without the first.
    world.archive.next(world.meanwhile(&[("U2", unsent(2))]));
    assert_eq!(world.keeper().round().await, Ok(0));
    let words = world.words();
    assert!(
        !words.contains("秘密") && words.contains("stays"),
        "{words}"
    );
}

#[actix_web::test]
async fn who_comes_while_another_keeps_house_waits_and_disturbs_nothing() {
    let world = World::new(4);
    world.store.learn("U1", &[received(1, "x")]).await;
    world.day(8);
    let other = world.keeper().in_turn();
    world.archive.next(Next::After(Box::new(move || {
        async move {
            let waits = other.round().await;
            assert!(waits.unwrap_err().contains("another node"));
        }
        .boxed()
    })));
    let one = world.keeper().in_turn();
    assert_eq!(one.round().await, Ok(1));
    assert_eq!(world.archived_once(), 1);
    // Whoever keeps house gives it up by not renewing.
    world.store.set_now(START + Span::hours(24 * 8 + 1));
    assert_eq!(world.keeper().in_turn().round().await, Ok(0));
}

#[actix_web::test]
async fn records_that_were_moved_twice_are_archived_once_and_lose_unsent_words() {
    let world = World::new(2);
    world.store.learn("U1", &[received(7, "秘密")]).await;
    world.day(1);
    world.store.learn("U1", &[received(8, "stays")]).await;
    let moved = world.store.feed(Cursor::before(1), 10).await.unwrap();
    for _ in 0..2 {
        archive_moved(&*world.archive, &moved).await.unwrap();
    }
    let names = world.archive.list("feed").await.unwrap();
    assert_eq!(
        names,
        ["feed/2026-11-20/1-1-1.jsonl", "feed/2026-11-21/2-2-1.jsonl"]
    );
    assert_eq!(world.archived_once(), 2);
    world.store.learn("U1", &[unsent(7)]).await;
    assert_eq!(world.keeper().round().await, Ok(0));
    let words = world.words();
    assert!(
        !words.contains("秘密") && words.contains("stays"),
        "{words}"
    );
}

#[actix_web::test]
async fn where_the_housekeeper_was_does_not_move_into_another_store() {
    let world = World::new(4);
    world.store.learn("U1", &[received(1, "x")]).await;
    world.store.learn("U1", &[unsent(1)]).await;
    world.day(8);
    assert_eq!(world.keeper().round().await, Ok(2));
    let rows = transfer::read_all(&world.store, async |rows| {
        let names: Vec<_> = rows.iter().map(|row| &row.key).collect();
        assert!(names.is_empty(), "{names:?}");
        Ok(())
    });
    rows.await.unwrap();
    let page = world.store.scan(None, 100).await.unwrap();
    assert_eq!(page.rows.len(), 2, "they are there: a look and the shelf");
}

#[actix_web::test]
async fn who_has_no_turn_changes_nothing() {
    let world = World::new(4);
    world.store.learn("U1", &[received(1, "x")]).await;
    world.day(8);
    let waiting = world.keeper().turn(Arc::new(|| ready(Ok(false)).boxed()));
    assert!(waiting.round().await.is_err());
    assert_eq!(world.archive.list("").await.unwrap().len(), 0);
    assert_eq!(world.store.left().await, 1);
    assert_eq!(world.keeper().round().await, Ok(1));
}
