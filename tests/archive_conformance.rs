//! The one suite every body of the archive passes: a folder, and a bucket behind a server that
//! reckons every signature again.
//!
//! The bucket needs a Python with `tests/python/requirements.txt` installed, named by
//! `HOTLINE_PYTHON`. Without one its tests say `SKIPPED`, unless `HOTLINE_REQUIRE_PYTHON=1`.

#[path = "archive_support/mod.rs"]
mod support;

use hotline::ports::archive::{Archive, Error, Usage};
use hotline::store::archive::FolderArchive;
use hotline::store::s3::{Options, S3Archive};
use std::net::TcpListener;
use support::*;

async fn what_was_put_is_read_listed_measured_and_removed(archive: &dyn Archive) {
    assert_eq!(archive.list("").await.unwrap(), Vec::<String>::new());
    assert_eq!(archive.usage().await.unwrap(), Usage::default());
    let put = async |key: &str, bytes: &[u8]| archive.put(key, bytes.into()).await.unwrap();
    put("b/one", b"1").await;
    put("a/b=c/two_-.x", "二\0\r\n".as_bytes()).await;
    put("a/b=c/empty", b"").await;
    put("ab/three", b"333").await;
    put("b/one", b"one").await;
    put("b/one", b"one").await;
    assert_eq!(archive.get("b/one").await.unwrap().unwrap(), b"one");
    let two = archive.get("a/b=c/two_-.x").await.unwrap().unwrap();
    assert_eq!(two, "二\0\r\n".as_bytes());
    assert_eq!(archive.get("a/b=c/empty").await.unwrap().unwrap(), b"");
    assert_eq!(archive.get("b/none").await.unwrap(), None);
    assert_eq!(
        archive.get("b").await.unwrap(),
        None,
        "a folder is no object"
    );
    let all = ["a/b=c/empty", "a/b=c/two_-.x", "ab/three", "b/one"];
    assert_eq!(archive.list("").await.unwrap(), all);
    assert_eq!(archive.list("a").await.unwrap(), all[..2], "whole segments");
    assert_eq!(archive.list("none").await.unwrap(), Vec::<String>::new());
    let usage = archive.usage().await.unwrap();
    assert_eq!((usage.objects, usage.bytes), (4, 12));
    for _ in 0..2 {
        archive.delete("b/one").await.unwrap();
    }
    assert_eq!(archive.get("b/one").await.unwrap(), None);
    assert_eq!(archive.list("").await.unwrap(), all[..3]);
}

async fn what_is_no_key_is_refused(archive: &dyn Archive) {
    let long = "x".repeat(129);
    let deep = "1/2/3/4/5/6/7/8/9";
    for key in [
        "", "..", "a/../b", "/etc", "a//b", "a/", ".", "a\0b", "~x", "a%2fb", "茶", deep, &long,
    ] {
        let refused = |answer: Result<(), Error>| matches!(answer, Err(Error::Key { .. }));
        assert!(refused(archive.put(key, [1].into()).await), "put {key:?}");
        assert!(refused(archive.get(key).await.map(|_| ())), "get {key:?}");
        assert!(refused(archive.delete(key).await), "delete {key:?}");
        if !key.is_empty() {
            assert!(refused(archive.list(key).await.map(|_| ())), "list {key:?}");
        }
    }
    let longest = ["x".repeat(128), "1/2/3/4/5/6/7".into()].join("/");
    archive.put(&longest, [1].into()).await.unwrap();
    assert_eq!(archive.list("").await.unwrap(), [longest]);
}

/// More than one page of a listing (1,000), and an object of several MiB.
async fn much_is_kept_whole(archive: &dyn Archive) {
    for n in 0..1_100 {
        let key = format!("many/{n:04}");
        archive.put(&key, [b'x'; 3].into()).await.unwrap();
    }
    let keys = archive.list("many").await.unwrap();
    assert_eq!(keys.len(), 1_100);
    assert!(keys.is_sorted());
    let large: Vec<u8> = (0..9_000_000_u32).map(|n| (n % 251) as u8).collect();
    let bytes = large.clone().into_boxed_slice();
    archive.put("large", bytes).await.unwrap();
    assert!(archive.get("large").await.unwrap().unwrap() == large);
    let usage = archive.usage().await.unwrap();
    assert_eq!((usage.objects, usage.bytes), (1_101, 9_003_300));
}

#[actix_web::test]
async fn folder_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name| FolderArchive::open(&folder.path().join(name)).unwrap();
    what_was_put_is_read_listed_measured_and_removed(&open("one")).await;
    what_is_no_key_is_refused(&open("two")).await;
    much_is_kept_whole(&open("three")).await;
}

#[actix_web::test]
async fn bucket_keeps_the_contract() {
    let Some(server) = Server::start() else {
        return;
    };
    what_was_put_is_read_listed_measured_and_removed(&server.archive("one")).await;
    what_is_no_key_is_refused(&server.archive("two/deep")).await;
    much_is_kept_whole(&server.archive("three")).await;
    // A prefix is whole segments, and empty is the whole bucket.
    let none = server.archive("t").list("").await.unwrap();
    assert_eq!(none, Vec::<String>::new());
    let all = server.archive("").usage().await.unwrap();
    assert_eq!(all.objects, 3 + 1 + 1_101);
    let below = server.archive("").list("one/a").await.unwrap();
    assert_eq!(below, ["one/a/b=c/empty", "one/a/b=c/two_-.x"]);
}

#[actix_web::test]
async fn a_server_that_stumbles_is_asked_again() {
    let Some(server) = Server::start() else {
        return;
    };
    let archive = server.archive("p");
    archive.put("stumble", [7].into()).await.unwrap();
    assert_eq!(archive.get("stumble").await.unwrap().unwrap(), [7]);
    archive.delete("stumble").await.unwrap();
}

#[actix_web::test]
async fn a_wrong_secret_is_said_and_not_shown() {
    let Some(server) = Server::start() else {
        return;
    };
    let wrong = server.archive_of("p", "not-the-secret", true);
    let refused = wrong.put("a", [1].into()).await.unwrap_err();
    assert!(matches!(refused, Error::Io { .. }));
    let said = refused.to_string();
    assert!(said.contains("SignatureDoesNotMatch"), "{said}");
    assert!(!said.contains("not-the-secret"), "{said}");
    assert!(wrong.get("a").await.is_err(), "refused is not absent");
    assert!(wrong.list("").await.is_err());
}

#[actix_web::test]
async fn plain_http_is_not_spoken_unless_allowed() {
    let Some(server) = Server::start() else {
        return;
    };
    let refused = server.archive_of("p", SECRET, false).get("a").await;
    assert!(refused.is_err());
}

#[actix_web::test]
async fn nobody_there_is_an_error_within_bounds() {
    // Taken and given back: nobody listens there now.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let options = Options {
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        region: "r".into(),
        bucket: BUCKET.into(),
        prefix: String::new(),
        access_key: ACCESS.into(),
        secret_key: SECRET.into(),
        path_style: true,
        allow_http: true,
    };
    let nobody = S3Archive::new(options).unwrap();
    assert!(matches!(nobody.get("a").await, Err(Error::Io { .. })));
}
