//! What the servers do with what they are told, whether that is what was asked for, and the sentence
//! that says what a 200 promises.

use super::info::{close_replicas, field, text};
use super::link::Each;
use super::options::{Durability, OpenError, Options, Servers};
use super::reply::{array, bytes};
use redis::Pipeline;

/// Oldest server: exclusive ranges and `XTRIM MINID`.
const OLDEST: (u32, u32) = (6, 2);
/// Settings that are asked for one by one: Redis 6.2 takes one at a time.
const SETTINGS: [&str; 5] = [
    "appendfsync",
    "min-replicas-to-write",
    "min-replicas-max-lag",
    "cluster-require-full-coverage",
    "no-appendfsync-on-rewrite",
];

/// How soon a server's writes are on its disk, from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disk {
    /// Never: its append-only file is off.
    Never,
    /// It has one and does not tell more, or does not tell that much.
    Unknown,
    /// Within two seconds.
    Soon,
    /// Before the answer.
    Always,
}

/// What one server was found to be.
#[derive(Debug)]
pub struct Seen {
    /// How it writes to its disk.
    pub disk: Disk,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// What is asked of a server, for [`examine`].
pub fn questions() -> Pipeline {
    let mut pipe = Pipeline::new();
    pipe.cmd("INFO");
    for setting in SETTINGS {
        pipe.cmd("CONFIG").arg("GET").arg(setting);
    }
    pipe
}

/// Judges what a server answered to [`questions`].
///
/// # Errors
/// It cannot hold a store, or does not do what was asked for.
pub fn examine(said: Vec<Each>, options: &Options) -> Result<Seen, OpenError> {
    let mut said = said.into_iter().map(Result::ok);
    let info = text(said.next().flatten().unwrap_or_default());
    let settings: Vec<Option<String>> = said
        .map(|answer| {
            let pair = array(answer?, "a setting").ok()?;
            String::from_utf8(bytes(pair.into_iter().nth(1)?)?).ok()
        })
        .collect();
    let setting = |name| {
        let at = SETTINGS.iter().position(|setting| *setting == name)?;
        settings.get(at)?.as_deref()
    };
    let mut warnings = Vec::new();
    fit(&info, options, &mut warnings)?;
    let disk = match (field(&info, "aof_enabled"), setting("appendfsync")) {
        (Some("0"), _) => Disk::Never,
        // While it rewrites its file it would not sync: a power cut then loses more than seconds.
        (Some("1"), Some("always" | "everysec"))
            if setting("no-appendfsync-on-rewrite") == Some("yes") =>
        {
            Disk::Unknown
        }
        (Some("1"), Some("always")) => Disk::Always,
        (Some("1"), Some("everysec")) => Disk::Soon,
        _ => Disk::Unknown,
    };
    if options.durability == Durability::Disk && disk != Disk::Always {
        let found = match disk {
            Disk::Never => "its append-only file is off",
            Disk::Soon => "appendfsync is everysec",
            Disk::Unknown | Disk::Always => {
                "how it writes to its disk is not told, or no-appendfsync-on-rewrite is yes"
            }
        };
        // What is known to be otherwise may be vouched for, too: the promise says what is seen.
        if !options.assume_settings {
            return Err(OpenError::Durability {
                asked: "disk",
                found: found.into(),
                allowed: "appendonly yes and appendfsync always; another durability; or \
                          assume_settings, and the promise is what redis does",
            });
        }
        warnings.push(format!("durability is disk, and {found}"));
    } else if disk == Disk::Never {
        let words = "the append-only file is off: a server that dies loses what it has";
        warnings.push(words.into());
    }
    if options.durability == Durability::Replicated {
        let close = close_replicas(&info);
        if close < options.replicas_min {
            let asked = options.replicas_min;
            warnings.push(format!(
                "{close} replicas follow, {asked} must hold every commit: nothing is acknowledged \
                 until they do"
            ));
        }
        if setting("min-replicas-to-write") == Some("0")
            || setting("min-replicas-max-lag") == Some("0")
        {
            let words = "min-replicas-to-write is 0, advised: 1, with a min-replicas-max-lag: a \
                         master that is cut off goes on taking writes";
            warnings.push(words.into());
        }
    }
    let cluster = matches!(options.servers, Servers::Cluster(_));
    if cluster && setting("cluster-require-full-coverage") == Some("yes") {
        let words = "cluster-require-full-coverage is yes, advised: no: the loss of one master \
                     stops all";
        warnings.push(words.into());
    }
    Ok(Seen { disk, warnings })
}

/// Whether a server can hold a store at all.
fn fit(info: &str, options: &Options, warnings: &mut Vec<String>) -> Result<(), OpenError> {
    let version = field(info, "redis_version").unwrap_or_default();
    let mut parts = version.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= OLDEST => {}
        _ if version.is_empty() && options.assume_settings => {
            warnings.push("the server does not tell its version".into());
        }
        _ => return Err(OpenError::Version(version.to_owned())),
    }
    match field(info, "maxmemory_policy") {
        Some("noeviction") => {}
        None if options.assume_settings => {
            warnings.push("the server does not tell its maxmemory-policy".into());
        }
        None => return Err(OpenError::Evicts("that it does not tell".to_owned())),
        // Keys that expire are tombstones: without them a late creation would land again.
        Some(other) => return Err(OpenError::Evicts(other.to_owned())),
    }
    Ok(())
}

/// What a 200 promises, by the worst of the servers.
pub fn promise(options: &Options, worst: Disk) -> &'static str {
    let alone = matches!(options.servers, Servers::One(_));
    match (options.durability, worst, alone) {
        (Durability::Replicated, Disk::Always, _) => {
            "survives the death of this process, of redis, a power cut, and the loss of a master's \
             machine: replicas hold every commit; a failover may still lose one, rarely"
        }
        (Durability::Replicated, Disk::Soon, _) => {
            "survives the death of this process, of redis, and the loss of a master's machine: \
             replicas hold every commit; a failover may still lose one, rarely, and a power cut of \
             all machines, or of a master that is back before another takes over, the last two \
             seconds"
        }
        (Durability::Replicated, _, _) => {
            "survives the death of this process, and the loss of a master's machine while replicas \
             hold every commit; a failover may still lose one, rarely; a master that dies and is back \
             before another takes over, or a power cut of all machines, whatever is not on its disk"
        }
        (_, Disk::Always, true) => {
            "survives the death of this process, of redis and a power cut of its one machine, if \
             its disk is honest"
        }
        (_, Disk::Soon, true) => {
            "survives the death of this process and of redis; a power cut of its machine may lose \
             the last two seconds"
        }
        (_, Disk::Unknown, true) => {
            "survives the death of this process; how soon redis writes to its disk is not known"
        }
        (_, Disk::Never, true) => {
            "survives the death of this process, not that of redis: its append-only file is off"
        }
        (_, Disk::Always, false) => {
            "survives the death of this process, of redis and power cuts; a failover loses what the \
             new master had not yet been told"
        }
        (_, Disk::Soon, false) => {
            "survives the death of this process and of redis; a power cut may lose the last two \
             seconds, a failover what the new master had not yet been told"
        }
        (_, _, false) => {
            "survives the death of this process; a failover loses what the new master had not yet \
             been told, and the death of redis whatever is not on its disk"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis::Value;

    fn said<const N: usize>(info: &str, settings: [Option<&str>; N]) -> Vec<Each> {
        let text = |text: &str| Value::BulkString(text.into());
        let mut said = vec![Ok(text(&format!("redis_version:7.0.15\r\n{info}")))];
        for (name, value) in SETTINGS.iter().zip(settings) {
            let pair = value.map_or(vec![], |value| vec![text(name), text(value)]);
            said.push(Ok(Value::Array(pair)));
        }
        said
    }

    fn one(durability: Durability, assume_settings: bool) -> Options {
        Options {
            assume_settings,
            ..Options::of(Servers::One("redis://h".into()), durability)
        }
    }

    #[test]
    fn a_server_that_evicts_or_is_too_old_is_refused() {
        let fit = |version: &str, policy: &str| {
            let info = format!("redis_version:{version}\r\nmaxmemory_policy:{policy}\r\n");
            fit(&info, &one(Durability::Fast, true), &mut Vec::new())
        };
        assert_eq!(fit("6.2.14", "noeviction"), Ok(()));
        assert_eq!(fit("10.0.0", "noeviction"), Ok(()));
        let evicts = fit("7.0.15", "volatile-lru");
        assert_eq!(evicts, Err(OpenError::Evicts("volatile-lru".into())));
        for old in ["6.0.16", "5.0.9", "six"] {
            let refused = fit(old, "noeviction");
            assert_eq!(refused, Err(OpenError::Version(old.into())));
        }
    }

    #[test]
    fn disk_is_refused_where_it_is_not_kept_unless_somebody_vouches() {
        let on = "maxmemory_policy:noeviction\r\naof_enabled:1\r\n";
        let off = "maxmemory_policy:noeviction\r\naof_enabled:0\r\n";
        for (info, fsync, disk) in [
            (on, Some("everysec"), Disk::Soon),
            (on, None, Disk::Unknown),
            (off, Some("always"), Disk::Never),
        ] {
            let said = || said(info, [fsync, None, None, None]);
            let refused = examine(said(), &one(Durability::Disk, false));
            assert!(matches!(refused, Err(OpenError::Durability { .. })));
            let vouched = examine(said(), &one(Durability::Disk, true)).unwrap();
            assert_eq!((vouched.disk, vouched.warnings.len()), (disk, 1));
            assert!(examine(said(), &one(Durability::Fast, false)).is_ok());
        }
        let always = said(on, [Some("always"), None, None, None]);
        let kept = examine(always, &one(Durability::Disk, false)).unwrap();
        assert_eq!((kept.disk, kept.warnings.len()), (Disk::Always, 0));
        let not_always = [Some("always"), None, None, None, Some("yes")];
        let refused = examine(said(on, not_always), &one(Durability::Disk, false));
        assert!(matches!(refused, Err(OpenError::Durability { .. })));
    }

    #[test]
    fn what_is_advised_is_warned_of() {
        let servers = Servers::Cluster(vec!["redis://h".into()]);
        let options = Options::of(servers, Durability::Replicated);
        let info = "maxmemory_policy:noeviction\r\naof_enabled:1\r\n";
        let bad = [Some("everysec"), Some("0"), Some("10"), Some("yes")];
        let seen = examine(said(info, bad), &options).unwrap();
        assert_eq!(seen.warnings.len(), 3, "{:?}", seen.warnings);
        let info = format!("{info}slave0:ip=h,port=1,state=online,offset=1,lag=0\r\n");
        let good = [Some("everysec"), Some("1"), Some("10"), Some("no")];
        let seen = examine(said(&info, good), &options).unwrap();
        assert_eq!(seen.warnings, Vec::<String>::new());
    }

    #[test]
    fn what_is_promised_follows_the_servers_disk() {
        let promise = |disk| promise(&one(Durability::Fast, false), disk);
        assert!(promise(Disk::Always).contains("power cut of its one machine"));
        assert!(promise(Disk::Soon).contains("two seconds"));
        assert!(promise(Disk::Unknown).contains("not known"));
        assert!(promise(Disk::Never).contains("not that of redis"));
    }
}
