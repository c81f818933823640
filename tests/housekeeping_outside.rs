//! The housekeeper over what really stands outside: a Redis server, a bucket.
//!
//! Without `redis-server`, or without a Python with `tests/python/requirements.txt`, the tests say
//! `SKIPPED`, unless `HOTLINE_REQUIRE_REDIS=1` and `HOTLINE_REQUIRE_PYTHON=1`.

#[path = "archive_support/mod.rs"]
mod bucket;
#[path = "store_support/redis.rs"]
mod redis;
#[path = "housekeeping_support/mod.rs"]
mod support;

use hotline::actors::{Housekeeper, archive_moved};
use hotline::domain::time::Span;
use hotline::ports::archive::Archive;
use hotline::ports::store::{Cursor, Store};
use std::sync::Arc;
use support::watched::Watched;
use support::*;

/// All words of an archive.
async fn words(archive: &dyn Archive) -> String {
    let mut all = String::new();
    for name in archive.list("feed").await.unwrap() {
        let object = archive.get(&name).await.unwrap().unwrap();
        all += &String::from_utf8(object).unwrap();
    }
    all
}

#[actix_web::test]
async fn two_keepers_over_one_redis_server_take_unsent_words_out() {
    if !redis::installed() {
        return;
    }
    let server = redis::Server::start();
    let folder = tempfile::tempdir().unwrap();
    let archive = Watched::new(folder.path());
    let nodes = [Arc::new(server.open()), Arc::new(server.open())];
    let keeper = |node: usize| Housekeeper::new(nodes[node].clone(), archive.clone());
    for n in 0..40 {
        let facts = [received(n, "秘密"), received(100 + n, "stays")];
        learn(&*nodes[0], &format!("U{n}"), &facts).await;
    }
    // A server's clock cannot be set: what a week would have done.
    for partition in 0..nodes[0].feeds() {
        let feed = nodes[0].feed(Cursor::before(partition), 1_000).await;
        let feed = feed.unwrap();
        archive_moved(&*archive, &feed).await.unwrap();
        if let Some(last) = feed.last() {
            nodes[0].trim_feed(last.cursor).await.unwrap();
        }
    }
    for n in 0..40 {
        learn(&*nodes[1], &format!("U{n}"), &[unsent(n)]).await;
    }
    let (one, other) = (keeper(0), keeper(1));
    // Each may have to leave it to the other; who is alone has it done.
    let ends = futures_util::join!(one.round(), other.round());
    println!("{ends:?}");
    assert_eq!(one.round().await, Ok(0));
    let words = words(&*archive).await;
    assert!(!words.contains("秘密"));
    assert_eq!(words.matches("stays").count(), 40);
}

#[actix_web::test]
async fn a_bucket_is_as_good_as_a_folder() {
    let Some(server) = bucket::Server::start() else {
        return;
    };
    let archive = Arc::new(server.archive("shop"));
    let store = Divided::new(16);
    for n in 0..32 {
        let facts = [received(n, "秘密"), received(100 + n, "stays")];
        store.learn(&format!("U{n}"), &facts).await;
    }
    store.set_now(START + Span::hours(24 * 8));
    let keeper = Housekeeper::new(Arc::new(store.clone()), archive.clone());
    let keeper = keeper.keep_archive(Some(Span::hours(24 * 30)));
    assert_eq!(keeper.round().await, Ok(64));
    for n in 0..32 {
        store.learn(&format!("U{n}"), &[unsent(n)]).await;
    }
    assert_eq!(keeper.round().await, Ok(0));
    let words = words(&*archive).await;
    assert!(!words.contains("秘密"));
    assert_eq!(words.matches("stays").count(), 32);
    assert_eq!(keeper.expire().await, Ok(0));
    store.set_now(START + Span::hours(24 * 40));
    assert_eq!(keeper.expire().await, Ok(1));
    assert_eq!(archive.list("").await.unwrap(), Vec::<String>::new());
}
