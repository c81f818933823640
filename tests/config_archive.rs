//! `[archive]`: what a bucket needs, what is refused, what is only warned of.

use hotline::cli::check;
use hotline::config;
use hotline::config::settings::{Archive, Bucket};
use tempfile::TempDir;

const CHANNEL: &str = "[[channels]]\nid = \"main\"\nsecret = \"s\"\naccess_token = \"t\"\n";
const KEYS: &str = "access_key = \"k\"\nsecret_key = \"hidden-words\"\n";

fn folder(text: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("automation")).unwrap();
    let text = format!("{text}{CHANNEL}");
    std::fs::write(dir.path().join("hotline.toml"), text).unwrap();
    dir
}

fn archive(text: &str) -> Archive {
    let dir = folder(text);
    let loaded = config::load(dir.path(), &|_| None).unwrap();
    loaded.settings().unwrap().archive
}

fn bucket(text: &str) -> Bucket {
    match archive(&format!("[archive]\nkind = \"s3\"\n{KEYS}{text}")) {
        Archive::S3(bucket) => bucket,
        Archive::Folder => panic!("a folder"),
    }
}

fn checked(text: &str) -> String {
    let mut out = Vec::new();
    check::run(folder(text).path(), &|_| None, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_folder_unless_a_bucket_is_asked_for() {
    assert!(matches!(archive(""), Archive::Folder));
    let least = bucket("bucket = \"tea\"\n");
    assert!(least.endpoint.is_none());
    assert_eq!((&*least.name, &*least.region), ("tea", "us-east-1"));
    assert_eq!((&*least.prefix, least.path_style), ("hotline", true));
    assert_eq!(least.secret_key.expose(), "hidden-words");
    assert!(!format!("{least:?}").contains("hidden-words"));
    let most = bucket(
        "bucket = \"tea.shop-1\"\nregion = \"garage\"\nprefix = \"a/b\"\npath_style = false\n\
         endpoint = \"https://s3.example.com/\"\n",
    );
    assert_eq!(most.endpoint.unwrap().as_str(), "https://s3.example.com");
    assert_eq!((&*most.prefix, most.path_style), ("a/b", false));
}

#[test]
fn what_a_bucket_lacks_or_cannot_be_is_refused() {
    let cases = [
        (
            "",
            "archive.bucket: found nothing, allowed: the bucket's name",
        ),
        (
            "bucket = \"A\"\n",
            "archive.bucket: found \"A\", allowed: 3 to 63 of a-z 0-9 . -",
        ),
        (
            "bucket = \"tea\"\nregion = \"a b\"\n",
            "archive.region: found \"a b\", allowed: 1 to 32",
        ),
        (
            "bucket = \"tea\"\nprefix = \"/a\"\n",
            "archive.prefix: found \"/a\", allowed: 1 to 4",
        ),
        (
            "bucket = \"tea\"\nprefix = \"a/..\"\n",
            "archive.prefix: found \"a/..\", allowed: 1 to 4",
        ),
        (
            "bucket = \"tea\"\nendpoint = \"http://minio:9000\"\n",
            "archive.endpoint: found \"http://minio:9000\", allowed: an https:// URL without query, or http:// to this machine",
        ),
        (
            "bucket = \"tea\"\nallow_http = true\nendpoint = \"ftp://minio\"\n",
            "archive.endpoint: found \"ftp://minio\", allowed: an http:// or https:// URL",
        ),
        (
            "bucket = \"tea\"\nkeys = 1\n",
            "archive.keys: found an unknown key",
        ),
    ];
    for (text, said) in cases {
        let out = checked(&format!("[archive]\nkind = \"s3\"\n{KEYS}{text}"));
        assert!(out.contains(said), "{text}\n{out}");
    }
    let out = checked("[archive]\nkind = \"s3\"\nbucket = \"tea\"\n");
    for key in ["access_key", "secret_key"] {
        let said = format!("archive.{key}: found nothing, allowed: \"${{NAME}}\"");
        assert!(out.contains(&said), "{out}");
    }
    assert!(checked("[archive]\nkind = \"s4\"\n").contains("allowed: \"folder\" | \"s3\""));
}

#[test]
fn what_is_hardly_meant_is_warned_of() {
    let redis = "[store]\nkind = \"redis\"\nurl = \"redis://127.0.0.1\"\n";
    let warned = checked(redis);
    assert!(
        warned.contains("warning: archive.kind: found \"folder\" with"),
        "{warned}"
    );
    let s3 = format!("{redis}[archive]\nkind = \"s3\"\nbucket = \"tea\"\n{KEYS}");
    assert!(!checked(&s3).contains("warning: archive"));
    let plain = format!("{s3}allow_http = true\nendpoint = \"http://minio:9000\"\n");
    assert!(checked(&plain).contains("warning: archive.endpoint: found plain http"));
    let loopback = format!("{s3}endpoint = \"http://127.0.0.1:9000\"\n");
    assert!(!checked(&loopback).contains("warning: archive"));
    let unused = checked("[archive]\nbucket = \"tea\"\n");
    assert!(
        unused.contains("warning: archive.bucket: found \"bucket\" with kind"),
        "{unused}"
    );
}
