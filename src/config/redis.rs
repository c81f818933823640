//! The settings of a store on Redis: where it is, what it promises, what is asserted about it.

use super::channels;
use super::secret::Secret;
use super::section::Section;
use super::settings::{Durability, Redis, RedisServers};
use super::units::ByteSize;
use std::path::PathBuf;
use std::sync::Arc;

/// Keys that mean nothing without `kind = "redis"`.
const KEYS: [&str; 12] = [
    "replicas_min",
    "url",
    "urls",
    "sentinels",
    "master",
    "prefix",
    "partitions",
    "durability",
    "assume_settings",
    "tls_ca",
    "spool",
    "spool_max",
];

/// Warns of settings that belong to the other store.
pub(super) fn without_effect(section: &Section<'_>) {
    for key in KEYS {
        let Some(entry) = section.entry(key) else {
            continue;
        };
        section.findings().warn(
            section.file(),
            entry.at,
            &section.path(key),
            &format!("\"{key}\" with kind = \"embedded\""),
            "with kind = \"redis\" only; it has no effect here",
        );
    }
}

fn partitions(section: &Section<'_>) -> u16 {
    const ALLOWED: &str = "a power of two from 1 to 4096";
    let asked = section
        .integer("partitions", 1..=4_096)
        .map_or(256, |number| number as u16);
    if !asked.is_power_of_two() {
        section.fault("partitions", &asked.to_string(), ALLOWED);
    }
    asked
}

/// Reads them.
pub(super) fn read(section: &Section<'_>) -> Redis {
    const WHERE: &str = "one of: url, urls (Cluster), sentinels with master";
    let url = section.secret("url");
    let urls = section.secrets("urls", 1..=16);
    let sentinels = section.secrets("sentinels", 1..=16);
    let master = section.words("master", 1..=128);
    let given = ["url", "urls", "sentinels"];
    let given: Vec<_> = given.iter().filter(|key| section.has(key)).collect();
    match given.as_slice() {
        [] => section.fault("url", "nothing", WHERE),
        [_] => {}
        [first, ..] => section.fault(first, &format!("{} of them", given.len()), WHERE),
    }
    if section.has("sentinels") != section.has("master") {
        let key = if section.has("master") {
            "master"
        } else {
            "sentinels"
        };
        section.fault(
            key,
            &format!("\"{key}\" alone"),
            "sentinels and master together",
        );
    }
    let all = url
        .iter()
        .chain(urls.iter().flatten())
        .chain(sentinels.iter().flatten());
    if !all.clone().all(is_redis_url) {
        section.fault(
            given.first().copied().copied().unwrap_or("url"),
            "something else (not shown)",
            "redis://host:port or rediss://host:port",
        );
    }
    let prefix = section
        .parsed("prefix", "1 to 32 of a-z 0-9 _ -", |text| {
            channels::is_name(text).then(|| Arc::from(text))
        })
        .unwrap_or_else(|| Arc::from("hotline"));
    let servers = match (url, urls, sentinels) {
        (_, Some(urls), _) => RedisServers::Cluster(urls),
        (_, _, Some(sentinels)) => RedisServers::Sentinel {
            sentinels,
            master: Arc::from(master.unwrap_or_default()),
        },
        (url, ..) => RedisServers::One(url.unwrap_or_else(|| Secret::new(""))),
    };
    let modes = [
        ("fast", Durability::Fast),
        ("disk", Durability::Disk),
        ("replicated", Durability::Replicated),
    ];
    let durability = section.choice("durability", &modes, Durability::usual(&servers));
    Redis {
        servers,
        prefix,
        durability,
        partitions: partitions(section),
        replicas_min: section
            .integer("replicas_min", 1..=16)
            .map_or(1, |number| number as usize),
        assume_settings: section.flag("assume_settings", false),
        tls_ca: section.words("tls_ca", 1..=1_024).map(PathBuf::from),
        spool: section.flag("spool", true),
        spool_max: section.size(
            "spool_max",
            ByteSize::gib(1),
            ByteSize::mib(16)..=ByteSize::gib(1_024),
        ),
    }
}

fn is_redis_url(url: &Secret) -> bool {
    reqwest::Url::parse(url.expose()).is_ok_and(|url| {
        matches!(url.scheme(), "redis" | "rediss") && url.host_str().is_some_and(|h| !h.is_empty())
    })
}
