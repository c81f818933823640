//! Opens the store: connects, looks at what kind of server it is, reads or writes the name card.

use super::clock::Clock;
use super::core::{Core, Server};
use super::errors::Trouble;
use super::hints::Hints;
use super::keys::Keys;
use super::lanes::Lanes;
use super::link::Link;
use super::options::{OpenError, Options};
use super::presence;
use super::reply::{array, bytes};
use super::roll::born;
use super::scripts::{Script, Scripts};
use super::shared::Others;
use super::upkeep::{field, server_time};
use redis::{Pipeline, Value};
use std::sync::atomic::{AtomicBool, AtomicU64};
use tokio::runtime::Handle;

/// Format of what this version writes and reads.
const FORMAT: u32 = 2;
/// Oldest server: exclusive ranges and `XTRIM MINID`.
const OLDEST: (u32, u32) = (6, 2);

/// Opens a store; runs on the store's own runtime.
pub async fn open(options: Options) -> Result<Core, OpenError> {
    options.check()?;
    let no = |error: redis::RedisError| OpenError::Server(error.to_string());
    let (commits, reads) = (
        Link::new(&options).map_err(no)?,
        Link::new(&options).map_err(no)?,
    );
    let names = send(&reads, &Scripts::loading()).await?;
    let names = names.into_iter().map(text).collect::<Result<_, _>>()?;
    let scripts = Scripts::named(names).ok_or_else(|| strange("names of scripts"))?;
    let mut look = Pipeline::new();
    look.cmd("INFO").cmd("TIME");
    let mut seen = send(&reads, &look).await?.into_iter();
    let info = text(seen.next().unwrap_or_default())?;
    let time = seen.next().unwrap_or_default();
    let time = server_time(time).ok_or_else(|| strange("the server's time"))?;
    check(&info)?;
    let secret = card(&reads, &scripts, &options).await?;
    for link in [&commits, &reads] {
        link.insist(Keys::card(&options.prefix), secret);
    }
    let number = |name| field(&info, name).and_then(|text| text.parse().ok());
    let draw = getrandom::u32().map_err(|error| OpenError::Server(error.to_string()))?;
    let incarnation = born(time, draw);
    let core = Core {
        keys: Keys::new(&options.prefix, options.partitions, &secret),
        scripts,
        clock: Clock::start(time),
        incarnation,
        born: time,
        runtime: Handle::current(),
        commits,
        lanes: Lanes::default(),
        closed: AtomicBool::new(false),
        landed: AtomicU64::new(0),
        server: Server {
            max_bytes: AtomicU64::new(number("maxmemory").unwrap_or(0)),
            used_bytes: AtomicU64::new(number("used_memory").unwrap_or(0)),
            promise: promise(&info, fsync(&reads).await.as_deref()),
        },
        reads,
        options,
        nodes: Others::new(incarnation, Hints::new(incarnation, is_sharded(&info))),
    };
    presence::join(&core).await?;
    Ok(core)
}

fn check(info: &str) -> Result<(), OpenError> {
    let version = field(info, "redis_version").unwrap_or_default();
    let mut parts = version.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= OLDEST => {}
        _ => return Err(OpenError::Version(version.to_owned())),
    }
    match field(info, "maxmemory_policy") {
        Some("noeviction") | None => Ok(()),
        Some(other) => Err(OpenError::Evicts(other.to_owned())),
    }
}

/// Whether the server publishes within a shard.
fn is_sharded(info: &str) -> bool {
    let version = field(info, "redis_version").unwrap_or_default();
    let major = version.split('.').next().map(str::parse::<u32>);
    matches!(major, Some(Ok(7..)))
}

/// Reads the name card; writes it when the store is new. The secret is what comes of it.
async fn card(link: &Link, scripts: &Scripts, options: &Options) -> Result<[u8; 16], OpenError> {
    let mut secret = [0; 16];
    getrandom::fill(&mut secret).map_err(|error| OpenError::Server(error.to_string()))?;
    let mut call = scripts.call(Script::Card, &[Keys::card(&options.prefix)]);
    call.arg(FORMAT).arg(options.partitions).arg(&secret[..]);
    let mut pipe = Pipeline::new();
    pipe.add_command(call);
    let answer = send(link, &pipe).await?.into_iter().next();
    let card = array(answer.unwrap_or_default(), "the name card");
    let card = card.map_err(|error| OpenError::Server(error.to_string()))?;
    let mut card = card.into_iter();
    let format = text(card.next().unwrap_or_default())?;
    if format.parse() != Ok(FORMAT) {
        return Err(OpenError::Format {
            prefix: options.prefix.clone(),
            found: format,
            known: FORMAT,
        });
    }
    let partitions = text(card.next().unwrap_or_default())?;
    let found: u16 = partitions
        .parse()
        .map_err(|_| strange("the number of partitions"))?;
    if found != options.partitions {
        return Err(OpenError::Partitions {
            prefix: options.prefix.clone(),
            found,
            asked: options.partitions,
        });
    }
    let secret = bytes(card.next().unwrap_or_default()).unwrap_or_default();
    secret.try_into().map_err(|_| strange("the store's secret"))
}

/// `appendfsync`, where the server lets itself be asked (managed ones often do not).
async fn fsync(link: &Link) -> Option<String> {
    let mut pipe = Pipeline::new();
    pipe.cmd("CONFIG").arg("GET").arg("appendfsync");
    let answer = send(link, &pipe).await.ok()?.into_iter().next()?;
    let pair = array(answer, "a setting").ok()?;
    String::from_utf8(bytes(pair.into_iter().nth(1)?)?).ok()
}

fn promise(info: &str, fsync: Option<&str>) -> &'static str {
    match (field(info, "aof_enabled"), fsync) {
        (Some("1"), Some("always")) => {
            "survives the death of this process, of redis and a power cut of its one machine, if \
             its disk is honest"
        }
        (Some("1"), Some("everysec")) => {
            "survives the death of this process and of redis; a power cut of its machine may lose \
             the last two seconds"
        }
        (Some("1"), _) => {
            "survives the death of this process; how soon redis writes to its disk is not known"
        }
        _ => "survives the death of this process, not that of redis: its append-only file is off",
    }
}

async fn send(link: &Link, pipe: &Pipeline) -> Result<Vec<Value>, OpenError> {
    let failed = |trouble: Trouble| OpenError::Server(trouble.said);
    let mut lent = link.lend().await.map_err(failed)?;
    lent.send(pipe).await.map_err(failed)
}

fn text(value: Value) -> Result<String, OpenError> {
    let bytes = match value {
        Value::VerbatimString { text, .. } => return Ok(text),
        other => bytes(other).ok_or_else(|| strange("an answer"))?,
    };
    String::from_utf8(bytes).map_err(|_| strange("an answer"))
}

fn strange(what: &str) -> OpenError {
    OpenError::Server(format!("{what} cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_evicts_or_is_too_old_is_refused() {
        let info = |version: &str, policy: &str| {
            format!("# Server\r\nredis_version:{version}\r\nmaxmemory_policy:{policy}\r\n")
        };
        assert_eq!(check(&info("6.2.14", "noeviction")), Ok(()));
        assert_eq!(check(&info("10.0.0", "noeviction")), Ok(()));
        let evicts = check(&info("7.0.15", "allkeys-lru"));
        assert_eq!(evicts, Err(OpenError::Evicts("allkeys-lru".into())));
        for old in ["6.0.16", "5.0.9", ""] {
            let refused = check(&info(old, "noeviction"));
            assert_eq!(refused, Err(OpenError::Version(old.into())));
        }
    }

    #[test]
    fn what_is_promised_follows_the_servers_disk() {
        let on = "aof_enabled:1\r\n";
        assert!(promise(on, Some("always")).contains("power cut of its one machine"));
        assert!(promise(on, Some("everysec")).contains("two seconds"));
        assert!(promise(on, None).contains("not known"));
        assert!(promise("aof_enabled:0\r\n", Some("always")).contains("not that of redis"));
    }
}
