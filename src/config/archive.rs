//! `[archive]`: where records older than a week rest. Refuses a bucket without its keys, and plain http
//! to another machine unless it is asked for.

use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::settings::{Store, StoreKind};
use crate::config::units::BaseUrl;
use std::sync::Arc;

/// `[archive]`: where records older than a week rest. Default `kind = "folder"`.
#[derive(Clone, Debug)]
pub enum Archive {
    /// `archive` in the store's folder.
    Folder,
    /// Object storage that speaks S3.
    S3(Bucket),
}

/// Where in object storage.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// `endpoint`. Default `None`: AWS in the region. Plain http only to loopback, or with
    /// `allow_http = true`.
    pub endpoint: Option<BaseUrl>,
    /// `region`. Default `us-east-1`, which servers other than AWS take for their own.
    pub region: Arc<str>,
    /// `bucket`: 3–63 of `a-z 0-9 . -`. It must exist.
    pub name: Arc<str>,
    /// `prefix` of every key. Default `hotline`; 1–4 segments.
    pub prefix: Arc<str>,
    /// `access_key`.
    pub access_key: Secret,
    /// `secret_key`.
    pub secret_key: Secret,
    /// `path_style`: the bucket in the path, not in the host's name. Default true.
    pub path_style: bool,
}

/// What only a bucket has.
const BUCKET_KEYS: [&str; 8] = [
    "endpoint",
    "region",
    "bucket",
    "prefix",
    "access_key",
    "secret_key",
    "path_style",
    "allow_http",
];

pub(crate) fn read(section: Section<'_>, store: &Store) -> Archive {
    let archive = match section.choice("kind", &[("folder", false), ("s3", true)], false) {
        true => Archive::S3(bucket(&section)),
        false => {
            folder(&section, store);
            Archive::Folder
        }
    };
    section.finish();
    archive
}

fn folder(section: &Section<'_>, store: &Store) {
    for key in BUCKET_KEYS {
        if let Some(entry) = section.entry(key) {
            let found = format!("\"{key}\" with kind = \"folder\"");
            section.findings().warn(
                section.file(),
                entry.at,
                &section.path(key),
                &found,
                "with kind = \"s3\" only; it has no effect here",
            );
        }
    }
    if matches!(store.kind, StoreKind::Redis { .. }) {
        section.warn(
            "kind",
            "\"folder\" with store.kind = \"redis\"",
            "\"s3\", or one node only: what a node archived in its folder no other node's unsend reaches",
        );
    }
}

fn bucket(section: &Section<'_>) -> Bucket {
    let allow_http = section.flag("allow_http", false);
    let allowed = if allow_http {
        "an http:// or https:// URL without query"
    } else {
        "an https:// URL without query, or http:// to this machine (127.0.0.1, localhost)"
    };
    let endpoint = section.parsed("endpoint", allowed, |text| match allow_http {
        true => BaseUrl::parse_plain(text),
        false => BaseUrl::parse(text),
    });
    if endpoint.as_ref().is_some_and(|url| !url.is_private()) {
        section.warn(
            "endpoint",
            "plain http to another machine",
            "https, or a network nobody else reads: customers' words travel on it",
        );
    }
    section.require("bucket", "the bucket's name");
    section.require("access_key", "\"${NAME}\" of the variable that holds it");
    section.require("secret_key", "\"${NAME}\" of the variable that holds it");
    let name = section.parsed("bucket", "3 to 63 of a-z 0-9 . -", |text| {
        is_bucket(text).then(|| Arc::from(text))
    });
    let region = section.parsed("region", "1 to 32 of a-z 0-9 -", |text| {
        is_region(text).then(|| Arc::from(text))
    });
    let prefix = section.parsed("prefix", PREFIX, |text| {
        is_prefix(text).then(|| Arc::from(text))
    });
    let secret = |key| section.secret(key).unwrap_or_else(|| Secret::new(""));
    Bucket {
        endpoint,
        region: region.unwrap_or_else(|| Arc::from("us-east-1")),
        name: name.unwrap_or_default(),
        prefix: prefix.unwrap_or_else(|| Arc::from("hotline")),
        access_key: secret("access_key"),
        secret_key: secret("secret_key"),
        path_style: section.flag("path_style", true),
    }
}

const PREFIX: &str = "1 to 4 segments of A-Z a-z 0-9 . _ = -, each 1 to 64, between slashes";

fn is_bucket(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
    (3..=63).contains(&text.len()) && text.bytes().all(plain)
}

fn is_region(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(plain)
}

fn is_prefix(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._=-".contains(&b);
    let segment = |segment: &str| {
        (1..=64).contains(&segment.len())
            && segment.bytes().all(plain)
            && !segment.bytes().all(|b| b == b'.')
    };
    text.split('/').count() <= 4 && text.split('/').all(segment)
}
